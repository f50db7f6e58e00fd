import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { testCounts } from '../../src/inspect/statistics/index.ts'
import { listenBlocking } from '../../src/kernel/blocking-tcp.ts'
import { exec } from '../../src/kernel/exec.ts'
import { startAgent } from './agent.ts'
import { type KubeCluster, startCluster } from './cluster.ts'
import { proxyConfiguration, startKubeProxy } from './kube-proxy.ts'
import { becomeNode, nodeAddresses } from './network.ts'
import { registerNodes } from './node.ts'
import { service, slice } from './objects.ts'
import { until } from './until.ts'

/**
 * What `trace --dump` says of a ruleset is what the kernel does with it: 20,000 connections from this node to each Service, counted by the
 * address at which they arrive. Every pod address is one of this node's own, so that one process is client and all the pods.
 */
const CONNECTIONS = 20_000
/** of a true answer one in a thousand is called false, by Service and ruleset */
const LEVEL = 0.001
const client = '10.1.0.9'
const evenkeel = fileURLToPath(new URL('../../bin/evenkeel', import.meta.url))

const services: readonly {
  readonly name: string
  readonly pods: number
  readonly annotations: Record<string, string>
}[] = [
  { name: 'three', pods: 3, annotations: { 'evenkeel.io/scheduler': 'random' } },
  { name: 'seven', pods: 7, annotations: { 'evenkeel.io/scheduler': 'random' } },
  { name: 'turns', pods: 5, annotations: { 'evenkeel.io/scheduler': 'rr' } },
]
const podsOf = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `10.1.0.${20 + index}`)

const stack = new AsyncDisposableStack()
let cluster: KubeCluster

beforeAll(async () => {
  stack.use(await becomeNode())
  execFileSync('ip', ['route', 'add', 'local', '10.1.0.0/24', 'dev', 'lo'])
  cluster = stack.use(await startCluster({ addresses: [nodeAddresses.IPv4] }))
  await registerNodes(cluster)
  const items = services.flatMap(({ name, pods, annotations }) => {
    const made = service(name, { ipFamilyPolicy: 'SingleStack', selector: null }) as { metadata: object }
    return [{ ...made, metadata: { ...made.metadata, annotations } }, slice(`${name}-1`, name, podsOf(pods))]
  })
  await cluster.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
})
afterEach(async () => {
  await exec(evenkeel, ['clean'])
  execFileSync(cluster.bin.kubeProxy, ['--cleanup'], { stdio: 'ignore', timeout: 60_000 })
})
afterAll(() => stack.disposeAsync())

const startEvenkeel = async (plane: 'nftables' | 'iptables'): Promise<AsyncDisposable> => {
  const config = join(cluster.directory, `${plane}.json`)
  await writeFile(config, JSON.stringify(proxyConfiguration(plane, cluster.kubeconfig)))
  const agent = startAgent(cluster.directory, `odds-${plane}`, cluster.kubeconfig, [
    '--plane',
    plane,
    '--config',
    config,
  ])
  await until(async () => expect((await agent.status()).inSync).toBe(true), 60_000)
  return agent
}

interface Traced {
  readonly verdict: string
  readonly partial: boolean
  readonly backends: readonly { readonly address: string; readonly share: number }[]
}

/** As somebody would who got the dumps in a bug report. */
const traced = async (to: string): Promise<Traced> => {
  const files = await Promise.all(
    [['nft', 'list', 'ruleset'], ['iptables-save'], ['ip', 'addr']].map(async ([command = '', ...args]) => {
      const path = join(cluster.directory, `${command}.txt`)
      await writeFile(path, await exec(command, args))
      return path
    }),
  )
  const packet = ['--from', client, '--to', `${to}:80/tcp`, '-o', 'json']
  return JSON.parse(await exec(evenkeel, ['trace', '--dump', ...files, ...packet])) as Traced
}

const measured = (to: string): ReadonlyMap<string, number> => {
  using pods = listenBlocking('0.0.0.0', 8080)
  const counts = new Map<string, number>()
  for (let i = 0; i < CONNECTIONS; i++) {
    const at = pods.reach(client, to, 80) ?? 'refused'
    counts.set(at, (counts.get(at) ?? 0) + 1)
  }
  return counts
}

describe.each([
  ['kube-proxy, iptables', () => startKubeProxy(cluster, 'iptables')],
  ['kube-proxy, nftables', () => startKubeProxy(cluster, 'nftables')],
  ['evenkeel, nftables', () => startEvenkeel('nftables')],
  ['evenkeel, iptables', () => startEvenkeel('iptables')],
] as const)('%s', (_, start) => {
  test('the odds that trace --dump tells are the shares that the kernel gives', async () => {
    await using proxy = await start()
    expect(proxy).toBeDefined()
    for (const { name, pods } of services) {
      const to = await cluster.kubectl(['get', 'service', name, '-o', 'jsonpath={.spec.clusterIP}'])
      const trace = await until(async () => {
        const found = await traced(to)
        expect([found.verdict, found.partial]).toEqual(['dnat', false])
        expect(found.backends.map(({ address }) => address)).toEqual(podsOf(pods))
        return found
      }, 60_000)
      const counts = measured(to)
      const of = trace.backends.map(({ address }) => counts.get(address) ?? 0)
      expect([name, [...counts.keys()].toSorted()]).toEqual([name, podsOf(pods)])
      const { p, n } = testCounts(
        of,
        trace.backends.map(({ share }) => share),
      )
      process.stdout.write(`${_}: ${name}: ${of.join(' ')}, p ${p.toPrecision(3)}\n`)
      expect([name, n, p > LEVEL]).toEqual([name, CONNECTIONS, true])
    }
  })
})
