import { readFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fakeKernel } from '../kernel/nftables/fake.ts'
import type { OpenSource } from '../sources/source.ts'
import { silent } from '../util/log.ts'
import { noTrace } from '../../test/support/no-trace.ts'
import { type Agent, startAgent } from './agent.ts'
import { type ProxyConfig, parseConfig } from './config/config.ts'
import { startShadow } from './shadow/agent.ts'
import type { LiveRules } from './shadow/live-rules.ts'
import { sourceOf } from './source.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'evenkeel-ports-'))
})
afterEach(() => rm(directory, { recursive: true }))

const config = (): ProxyConfig => {
  const { config: parsed } = parseConfig(Buffer.alloc(0), 'none', { plane: 'nftables', nodeName: 'node-a' })
  const any = { host: '127.0.0.1', port: 0 }
  return { ...parsed, healthzBindAddress: any, metricsBindAddress: any }
}

const manifests: OpenSource = (store, context) =>
  sourceOf({ kind: 'manifests', directory }, { nodeName: 'node-a', proxyName: '' })(store, context)

const start = (openSource: OpenSource = manifests): Promise<Agent> =>
  startAgent({ config: config(), plane: 'nftables', openSource, kernel: fakeKernel(), log: silent, control: false })

const write = (objects: readonly object[]): Promise<void> =>
  writeFile(join(directory, 'all.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))

const node = (spec: object): object => ({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-a' }, spec })
const web = [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { clusterIP: '10.96.0.1', internalTrafficPolicy: 'Local', ports: [{ port: 80 }] },
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080 }],
    endpoints: [{ addresses: ['10.1.0.2'], nodeName: 'node-b' }],
  },
]

const get = async (port: number | null, path: string): Promise<{ status: number; text: string }> => {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(10_000) })
  return { status: answer.status, text: await answer.text() }
}

test('health, mode, configuration and metrics of a running agent', async () => {
  await write([...web, node({})])
  await using agent = await start()
  await agent.settled()
  const { healthz, metrics } = agent.listening()
  expect(JSON.parse((await get(healthz, '/healthz')).text)).toMatchObject({ nodeEligible: true, healthy: true })
  expect((await get(healthz, '/livez')).status).toBe(200)
  expect((await get(metrics, '/healthz')).text).toBe('ok')
  expect((await get(metrics, '/proxyMode')).text).toBe('nftables')
  expect(JSON.parse((await get(metrics, '/configz')).text)).toHaveProperty(['kubeproxy.config.k8s.io', 'kind'])
  expect((await get(metrics, '/debug/pprof/')).status).toBe(404)
  const { text } = await get(metrics, '/metrics')
  expect(text).toContain('evenkeel_frontends{state="in_sync"} 1')
  expect(text).toContain('kubeproxy_proxy_healthz_total{code="200"} 1')
  expect(text).toContain(
    'kubeproxy_sync_proxy_rules_no_local_endpoints_total{traffic_policy="internal",ip_family="IPv4"} 1',
  )
  expect(text).toMatch(/kubeproxy_sync_full_proxy_rules_duration_seconds_count\{ip_family="IPv4"\} [1-9]/)
  expect(text).toContain('evenkeel_source_synced 1')
})

test('a node about to be deleted turns traffic away and stays alive', async () => {
  await write([node({})])
  await using agent = await start()
  const { healthz } = agent.listening()
  expect((await get(healthz, '/healthz')).status).toBe(200)
  await write([node({ taints: [{ key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule' }] })])
  await expect.poll(async () => (await get(healthz, '/healthz')).status, { timeout: 10_000 }).toBe(503)
  expect((await get(healthz, '/livez')).status).toBe(200)
  await write([])
  await expect
    .poll(async () => (await get(healthz, '/healthz')).text, { timeout: 10_000 })
    .toContain('"nodeEligible":false')
})

const noRules: LiveRules = {
  revision: async () => '',
  read: async () => ({
    trace: () => noTrace,
    frontends: () => [],
    problems: [],
  }),
  [Symbol.asyncDispose]: async () => {},
}

describe('docs, dashboard and alerts', () => {
  const root = fileURLToPath(new URL('../../', import.meta.url))

  const served = async (): Promise<ReadonlyMap<string, string>> => {
    await using agent = await start()
    const options = { config: config(), plane: 'nftables', openSource: manifests, log: silent, control: false } as const
    await using shadow = await startShadow({ ...options, kernel: fakeKernel(), rules: noRules })
    const ports = [agent, shadow].map((one) => one.listening().metrics)
    const text = (await Promise.all(ports.map((port) => get(port, '/metrics')))).map((answer) => answer.text).join('\n')
    return new Map(Array.from(text.matchAll(/^# TYPE (\S+) (\S+)$/gm), ([, name = '', type = '']) => [name, type]))
  }

  test('docs/metrics.md names what is served, with its type, and nothing else', async () => {
    const text = await readFile(join(root, 'docs/metrics.md'), 'utf8')
    const rows = Array.from(text.matchAll(/^\| `([a-z_]+)` \| (counter|gauge|histogram) \|/gm))
    const documented = rows.map(([, name = '', type = '']) => `${name} ${type}`)
    expect(documented.sort()).toEqual(Array.from(await served(), ([name, type]) => `${name} ${type}`).sort())
  })

  test.each(['deploy/grafana/evenkeel.json', 'deploy/prometheus/rules.yaml'])(
    '%s uses metrics that exist',
    async (file) => {
      const text = await readFile(join(root, file), 'utf8')
      const names = await served()
      const used = new Set(Array.from(text.matchAll(/\b(?:evenkeel|kubeproxy|process)_[a-z_]+\b/g), ([name]) => name))
      const unknown = [...used].filter(
        (name) => !names.has(name) && !names.has(name.replace(/_(bucket|count|sum)$/, '')),
      )
      expect(used.size).toBeGreaterThan(5)
      expect(unknown).toEqual([])
    },
  )
})
