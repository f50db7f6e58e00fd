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
import { pathWith, proxyConfiguration, startKubeProxy } from './kube-proxy.ts'
import { becomeNode, nodeAddresses } from './network.ts'
import { registerNodes } from './node.ts'
import { service, slice } from './objects.ts'
import { until } from './until.ts'

/**
 * What `trace --dump` says of a ruleset is what the kernel does with it: 20,000 connections from this node to each Service by each of its
 * addresses, counted by the address at which they arrive. Every pod address is one of this node's own, so that one process is client and
 * all the pods.
 */
const CONNECTIONS = 20_000
/** of true answers one in 100,000 is called false: by address and ruleset, so one run of this file in 3,000 */
const LEVEL = 1e-5
const evenkeel = fileURLToPath(new URL('../../bin/evenkeel', import.meta.url))

interface Family {
  readonly client: string
  /** that it listens at */
  readonly any: string
  readonly at: number
  /** in the order of their addresses */
  podsOf(count: number): readonly string[]
}
const families: readonly Family[] = [
  { client: '10.1.0.9', any: '0.0.0.0', at: 0, podsOf: (count) => addresses('10.1.0.', count) },
  { client: 'fd00:1::9', any: '::', at: 1, podsOf: (count) => addresses('fd00:1::', count) },
]
const addresses = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${20 + index}`)

type BackEnd = 'nft' | 'legacy'

const services: readonly {
  readonly name: string
  readonly pods: number
  readonly annotations: Record<string, string>
}[] = [
  { name: 'three', pods: 3, annotations: { 'evenkeel.io/scheduler': 'random' } },
  { name: 'seven', pods: 7, annotations: { 'evenkeel.io/scheduler': 'random' } },
  { name: 'turns', pods: 5, annotations: { 'evenkeel.io/scheduler': 'rr' } },
]
const stack = new AsyncDisposableStack()
let cluster: KubeCluster

beforeAll(async () => {
  stack.use(await becomeNode())
  for (const prefix of ['10.1.0.0/24', 'fd00:1::/64'])
    execFileSync('ip', ['route', 'add', 'local', prefix, 'dev', 'lo'])
  // a route is enough to be reached at an IPv6 address, not to come from it
  execFileSync('ip', ['address', 'add', 'fd00:1::9/128', 'dev', 'lo'])
  cluster = stack.use(await startCluster({ addresses: [nodeAddresses.IPv4] }))
  await registerNodes(cluster)
  const items = services.flatMap(({ name, pods, annotations }) => {
    const made = service(name, { ipFamilyPolicy: 'RequireDualStack', selector: null }) as { metadata: object }
    const slices = families.map(({ podsOf }, index) => slice(`${name}-${index}`, name, podsOf(pods)))
    return [{ ...made, metadata: { ...made.metadata, annotations } }, ...slices]
  })
  await cluster.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
})
afterEach(async () => {
  await exec(evenkeel, ['clean'])
  for (const backEnd of ['nft', 'legacy'] as const) {
    const env = { ...process.env, PATH: pathWith(cluster.directory, backEnd) }
    execFileSync(cluster.bin.kubeProxy, ['--cleanup'], { stdio: 'ignore', timeout: 60_000, env })
  }
})
afterAll(() => stack.disposeAsync())

const startEvenkeel = async (plane: 'nftables' | 'iptables', backEnd: BackEnd): Promise<AsyncDisposable> => {
  const config = join(cluster.directory, `${plane}.json`)
  await writeFile(config, JSON.stringify(proxyConfiguration(plane, cluster.kubeconfig)))
  const args = ['--plane', plane, '--config', config]
  const env = { PATH: pathWith(cluster.directory, backEnd) }
  const agent = startAgent(cluster.directory, `odds-${plane}-${backEnd}`, cluster.kubeconfig, args, env)
  await until(async () => expect((await agent.status()).inSync).toBe(true), 60_000)
  return agent
}

interface Traced {
  readonly verdict: string
  readonly partial: boolean
  readonly backends: readonly { readonly address: string; readonly share: number }[]
}

/** As somebody would who got the dumps in a bug report. */
const traced = async ({ client }: Family, to: string, backEnd: BackEnd): Promise<Traced> => {
  const saves = ['iptables', 'ip6tables'].map((program) => [`${program}-${backEnd}-save`])
  // what only legacy holds must be found where only legacy was dumped
  const commands = [['ip', 'addr'], ...saves, ...(backEnd === 'nft' ? [['nft', 'list', 'ruleset']] : [])]
  const files = await Promise.all(
    commands.map(async ([command = '', ...args]) => {
      const path = join(cluster.directory, `${command}.txt`)
      await writeFile(path, await exec(command, args))
      return path
    }),
  )
  const packet = ['--from', client, '--to', `${to.includes(':') ? `[${to}]` : to}:80/tcp`, '-o', 'json']
  return JSON.parse(await exec(evenkeel, ['trace', '--dump', ...files, ...packet])) as Traced
}

const measured = ({ client, any }: Family, to: string): ReadonlyMap<string, number> => {
  using pods = listenBlocking(any, 8080)
  const counts = new Map<string, number>()
  for (let i = 0; i < CONNECTIONS; i++) {
    const at = pods.reach(client, to, 80) ?? 'refused'
    counts.set(at, (counts.get(at) ?? 0) + 1)
  }
  return counts
}

describe.each([
  ['kube-proxy, iptables', 'nft', () => startKubeProxy(cluster, 'iptables')],
  ['kube-proxy, iptables', 'legacy', () => startKubeProxy(cluster, 'iptables', 'legacy')],
  ['kube-proxy, nftables', 'nft', () => startKubeProxy(cluster, 'nftables')],
  ['evenkeel, nftables', 'nft', () => startEvenkeel('nftables', 'nft')],
  ['evenkeel, iptables', 'nft', () => startEvenkeel('iptables', 'nft')],
  ['evenkeel, iptables', 'legacy', () => startEvenkeel('iptables', 'legacy')],
] as const)('%s, back end %s', (proxyName, backEnd, start) => {
  test('the odds that trace --dump tells are the shares that the kernel gives', async () => {
    await using proxy = await start()
    expect(proxy).toBeDefined()
    for (const { name, pods } of services) {
      const path = `-o=jsonpath={.spec.clusterIPs}`
      const clusterIPs = JSON.parse(await cluster.kubectl(['get', 'service', name, path])) as string[]
      for (const family of families) {
        const to = clusterIPs[family.at] ?? ''
        const trace = await until(async () => {
          const found = await traced(family, to, backEnd)
          expect([found.verdict, found.partial]).toEqual(['dnat', false])
          expect(found.backends.map(({ address }) => address)).toEqual(family.podsOf(pods))
          return found
        }, 60_000)
        const counts = measured(family, to)
        const of = trace.backends.map(({ address }) => counts.get(address) ?? 0)
        expect([name, [...counts.keys()].toSorted()]).toEqual([name, family.podsOf(pods)])
        const { p, n } = testCounts(
          of,
          trace.backends.map(({ share }) => share),
        )
        const what = `${proxyName}, ${backEnd}: ${name} at ${to}`
        process.stdout.write(`${what}: ${of.join(' ')}, p ${p.toPrecision(3)}\n`)
        expect([what, n, p > LEVEL]).toEqual([what, CONNECTIONS, true])
      }
    }
  })
})
