import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { ShadowStatus } from '../../src/agent/shadow/status.ts'
import { openKernel } from '../../src/kernel/index.ts'
import type { Nftables } from '../../src/kernel/nftables/types.ts'
import { silent } from '../../src/util/log.ts'
import { startAgent, type TestAgent } from './agent.ts'
import { type KubeCluster, startCluster } from './cluster.ts'
import { pathWith, type ProxyMode, proxyConfiguration, startKubeProxy } from './kube-proxy.ts'
import { becomeNode, nodeAddresses } from './network.ts'
import { registerNodes } from './node.ts'
import type { Running } from './processes.ts'
import { applyKinds, kindsOfService, serviceOfKind, slicesOfKind } from './service-kinds.ts'
import { until } from './until.ts'

/** `run --shadow` beside the real kube-proxy: as long as that does its work there is nothing to tell; a rule that is missing is told. */
const proxies = [
  { name: 'iptables, nft', mode: 'iptables', backEnd: 'nft' },
  { name: 'iptables, legacy', mode: 'iptables', backEnd: 'legacy' },
  { name: 'nftables', mode: 'nftables', backEnd: 'nft' },
] as const
type Proxy = (typeof proxies)[number]
const settle = 10

const stack = new AsyncDisposableStack()
let cluster: KubeCluster
let nftables: Nftables
let kubeProxy: (Running & { log(): string }) | null = null
let agents = 0

beforeAll(async () => {
  stack.use(await becomeNode())
  cluster = stack.use(await startCluster({ addresses: [nodeAddresses.IPv4] }))
  nftables = stack.use(await (await openKernel()).nftables(silent))
  await registerNodes(cluster)
  await applyKinds(cluster)
})
afterEach(async () => {
  await kubeProxy?.kill('SIGKILL')
  kubeProxy = null
  for (const backEnd of ['nft', 'legacy'] as const) {
    const env = { ...process.env, PATH: pathWith(cluster.directory, backEnd) }
    execFileSync(cluster.bin.kubeProxy, ['--cleanup'], { stdio: 'ignore', timeout: 60_000, env })
  }
})
afterAll(() => stack.disposeAsync())

const apply = async (...items: readonly object[]): Promise<void> =>
  void (await cluster.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items })))

const startShadow = async (mode: ProxyMode): Promise<TestAgent> => {
  const name = `shadow-${agents++}`
  const config = join(cluster.directory, `${name}.yaml`)
  const own = {
    apiVersion: 'evenkeel.io/v1alpha1',
    kind: 'EvenkeelConfiguration',
    shadow: { settle: `${settle}s`, pass: '5s' },
  }
  const documents = [{ ...proxyConfiguration(mode, cluster.kubeconfig), hostnameOverride: '' }, own]
  await writeFile(config, documents.map((document) => JSON.stringify(document)).join('\n---\n'))
  return startAgent(cluster.directory, name, cluster.kubeconfig, ['--shadow', '--config', config])
}

const found = async (agent: TestAgent): Promise<ShadowStatus> => {
  const { shadow } = await agent.status()
  if (shadow === undefined) throw new Error('no shadow yet')
  return shadow
}

/** Everything was compared with the rules as they are, and nothing differs or is in doubt. */
const agrees = (agent: TestAgent): Promise<void> =>
  until(async () => {
    if (agent.exit() !== null)
      throw new Error(`the agent ended: ${agent.exit()}: ${JSON.stringify(agent.log().slice(-3))}`)
    const { rules, ...rest } = await found(agent)
    expect(rules.unreadable).toBe('')
    expect({ ...rest, problems: rules.problems }).toMatchObject({
      differences: [],
      settling: 0,
      unsure: [],
      problems: [],
    })
    expect(rest.compared).toBe(rest.frontends)
    expect(rest.frontends).toBeGreaterThan(20)
    expect(rules.passed).toBeGreaterThan(rules.read)
  }, 60_000)

const clusterIP = (name: string): Promise<string> =>
  cluster.kubectl(['get', 'service', name, '-o', 'jsonpath={.spec.clusterIP}'])

/** Takes the way to this ClusterIP's port 80 out of kube-proxy's rules. */
const spoil = ({ mode, backEnd }: Proxy, address: string): void => {
  if (mode === 'nftables') {
    execFileSync('nft', [`delete element ip kube-proxy service-ips { ${address} . tcp . 80 }`])
    return
  }
  const rules = execFileSync(`iptables-${backEnd}-save`, ['-t', 'nat'], { encoding: 'utf8' }).split('\n')
  const rule = rules.find((line) => line.startsWith('-A KUBE-SERVICES') && line.includes(`${address}/32`))
  const input = `*nat\n${rule?.replace('-A', '-D')}\nCOMMIT\n`
  execFileSync(`iptables-${backEnd}-restore`, ['--noflush'], { input })
}

/** Endpoints come and go, a Service too, a port changes: a change each 300 ms. */
const change = async (times: number): Promise<void> => {
  const plain = kindsOfService.find(({ name }) => name === 'plain')
  const open = kindsOfService.find(({ name }) => name === 'open')
  if (plain === undefined || open === undefined) throw new Error('no such kinds')
  for (let i = 0; i < times; i++) {
    const local = Array.from({ length: i % 4 }, (_, index) => 40 + index)
    await apply(...slicesOfKind({ ...plain, local, remote: i % 5 === 0 ? [] : [20] }))
    if (i % 3 === 0)
      await apply(serviceOfKind({ ...open, name: 'passing' }), ...slicesOfKind({ ...open, name: 'passing' }))
    if (i % 3 === 2) await cluster.kubectl(['delete', 'service', 'passing'])
    await pause(300)
  }
  await apply(...slicesOfKind(plain))
  await cluster.kubectl(['delete', 'service', 'passing', '--ignore-not-found'])
}

describe.each(proxies)('beside kube-proxy ($name)', (proxy) => {
  const { mode, backEnd } = proxy

  test('no difference while objects change; then one rule is removed, and exactly that one is told', async () => {
    kubeProxy = startKubeProxy(cluster, mode, backEnd)
    await using agent = await startShadow(mode)
    await agrees(agent)
    const told: unknown[] = []
    const watching = setInterval(
      () =>
        void found(agent).then(
          ({ differences, unsure }) => told.push(...differences, ...unsure),
          (error) => told.push(error),
        ),
      500,
    )
    await change(15)
    await pause(settle * 1_000)
    clearInterval(watching)
    expect(told).toEqual([])
    await agrees(agent)
    const address = await clusterIP('faithful')
    // kube-proxy may have been slow at its start: that was told, and settled
    const saidBefore = agent.log().length
    spoil(proxy, address)
    await until(async () => expect((await found(agent)).differences).toHaveLength(1))
    await pause(settle * 1_000)
    const { differences, settling } = await found(agent)
    expect([differences, settling]).toMatchObject([
      [
        {
          frontend: `${address}:80/TCP`,
          service: 'default/faithful',
          kind: 'verdict',
          packet: { to: address, port: 80 },
        },
      ],
      0,
    ])
    const lines = agent
      .log()
      .slice(saidBefore)
      .filter(({ level, frontend }) => level === 'warn' && frontend !== undefined)
    expect(lines.map(({ frontend }) => frontend)).toEqual([`${address}:80/TCP`])
    const metrics = await (await fetch('http://127.0.0.1:10349/metrics')).text()
    expect(metrics).toContain('evenkeel_shadow_differences{kind="verdict"} 1')
    expect((await agent.status()).inSync).toBe(false)
    expect((await fetch('http://127.0.0.1:10356/healthz')).status).toBe(200)
  })

  test('it writes nothing', async () => {
    kubeProxy = startKubeProxy(cluster, mode, backEnd)
    {
      await using agent = await startShadow(mode)
      await agrees(agent)
    }
    await kubeProxy.kill('SIGKILL')
    const before = [await nftables.generation(), legacyRules(), settings()]
    await using agent = await startShadow(mode)
    await agrees(agent)
    await pause(6_000)
    await agrees(agent)
    expect([await nftables.generation(), legacyRules(), settings()]).toEqual(before)
  })
})

/** They have no generation. Asking for them makes no table: only those that are there are printed. */
const legacyRules = (): string =>
  ['iptables-legacy-save', 'ip6tables-legacy-save']
    .map((command) => execFileSync(command, { encoding: 'utf8' }).replaceAll(/^#.*\n|\[\d+:\d+\]/gm, ''))
    .join('')

/** What an agent may set for the node. */
const settings = (): string =>
  execFileSync('sysctl', ['-a', '-r', '^net\\.(netfilter|ipv4|ipv6)\\.'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
    .split('\n')
    .filter((line) => !/_count|entries|random/.test(line))
    .join('\n')
