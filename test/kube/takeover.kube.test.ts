import { readFile, writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exec } from '../../src/kernel/exec.ts'
import { startAgent, type TestAgent } from './agent.ts'
import { type KubeCluster, startCluster } from './cluster.ts'
import { ECHO } from './dial.ts'
import { becomeNode, nodeAddresses } from './network.ts'
import { startNode, type TestNode } from './node.ts'
import { run, type Running } from './processes.ts'
import { startTraffic, type Target } from './traffic.ts'
import { until } from './until.ts'

/** Services go from the real kube-proxy to the agent and back in one network namespace, under traffic. */
const label = 'service.kubernetes.io/service-proxy-name'
const modes = ['nftables', 'iptables'] as const
type Mode = (typeof modes)[number]

const stack = new AsyncDisposableStack()
let cluster: KubeCluster
let node: TestNode
let podsNamespace: string
let targets: Target[]
const clusterIPs: Record<string, string> = {}
let started = 0

beforeAll(async () => {
  const { pods } = stack.use(await becomeNode())
  podsNamespace = pods
  cluster = stack.use(await startCluster({ addresses: [nodeAddresses.IPv4] }))
  node = stack.use(await startNode(cluster, pods))
  for (const name of ['web', 'other']) await deploy(name)
  const client = await until(async () => {
    const address = await cluster.kubectl(['get', 'pod', '-l', 'app=other', '-o', 'jsonpath={.items[0].status.podIP}'])
    if (address === '') throw new Error('no pod has an address')
    return address
  })
  targets = Object.entries(clusterIPs).flatMap(([name, to]) => [
    { name: `${name} from the node`, to, port: 80 },
    { name: `${name} from a pod`, to, port: 80, from: client },
  ])
}, 120_000)
afterAll(() => stack.disposeAsync())

const deploy = async (name: string): Promise<void> => {
  const ports = [{ containerPort: 8080 }, { containerPort: ECHO }]
  const labels = { app: name }
  const spec = { nodeName: 'node-a', containers: [{ name, image: name, ports }] }
  const deployment = { replicas: 3, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } }
  const objects = [
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec: deployment },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: {
        selector: labels,
        ports: [
          { name: 'web', port: 80, targetPort: 8080 },
          { name: 'echo', port: ECHO },
        ],
      },
    },
  ]
  for (const object of objects) await cluster.kubectl(['apply', '-f', '-'], JSON.stringify(object))
  clusterIPs[name] = await cluster.kubectl(['get', 'service', name, '-o', 'jsonpath={.spec.clusterIP}'])
}

const startKubeProxy = (mode: Mode): Running => {
  const flags = [`--kubeconfig=${cluster.kubeconfig}`, '--hostname-override=node-a', `--proxy-mode=${mode}`]
  const log = join(cluster.directory, `kube-proxy-${started++}.log`)
  return run(cluster.bin.kubeProxy, [...flags, '--conntrack-max-per-core=0'], log)
}

/** With the overlay's configuration; a kubeconfig stands in for the service account of a pod. */
const startEvenkeel = async (overlay: string, args: readonly string[] = []): Promise<TestAgent> => {
  const written = await readFile(new URL(`../../deploy/overlays/${overlay}/config.yaml`, import.meta.url), 'utf8')
  const config = join(cluster.directory, `${overlay}.yaml`)
  const connection = `clientConnection: { kubeconfig: ${cluster.kubeconfig} }`
  await writeFile(
    config,
    written.replace(/^mode: .*$/m, (mode) => `${mode}\n${connection}`),
  )
  return startAgent(cluster.directory, `evenkeel-${started++}`, cluster.kubeconfig, ['--config', config, ...args])
}

/** Rules that kube-proxy has for the address, as text. */
const kubeProxyRules = async (mode: Mode, address = '10.96.'): Promise<string> => {
  const text =
    mode === 'nftables'
      ? await exec('nft', ['list', 'table', 'ip', 'kube-proxy'], { accept: [1] })
      : await exec('iptables-save', [])
  return text
    .split('\n')
    .filter((line) => line.includes(address) && (mode === 'nftables' || line.includes('KUBE-')))
    .join('\n')
}

const kubeProxyHas = (mode: Mode, name: string): Promise<void> =>
  until(async () => expect(await kubeProxyRules(mode, clusterIPs[name])).not.toBe(''))
const kubeProxyLacks = (mode: Mode, name: string): Promise<void> =>
  until(async () => expect(await kubeProxyRules(mode, clusterIPs[name])).toBe(''))

const inSync = (agent: TestAgent, frontends: number): Promise<void> =>
  until(async () => {
    const { inSync: synced, planes } = await agent.status()
    expect([synced, planes[0]?.frontends]).toEqual([true, frontends])
  })

/** Where the node is short of CPU, who dials between kube-proxy's last rule and our first is answered at the next try: 1 s later. */
const isNotOf =
  (service: string) =>
  (what: string): boolean =>
    !what.includes(` ${service} from `)

const tell = (what: string, tallies: object): void => void process.stdout.write(`${what}: ${JSON.stringify(tallies)}\n`)

const evenkeel = (...args: readonly string[]): Promise<string> =>
  exec(fileURLToPath(new URL('../../bin/evenkeel', import.meta.url)), args)

describe.each(modes)('beside kube-proxy (%s)', (mode) => {
  test('a Service moves to us and back, and no connection is lost', { timeout: 120_000 }, async () => {
    let kubeProxy = startKubeProxy(mode)
    await using _ = { [Symbol.asyncDispose]: () => kubeProxy.kill('SIGKILL') }
    await kubeProxyHas(mode, 'web')
    await kubeProxyHas(mode, 'other')
    await using agent = await startEvenkeel('one-service-at-a-time')
    await inSync(agent, 0)
    await using traffic = await startTraffic(targets, { podsNamespace })
    await pause(1_000)
    await cluster.kubectl(['label', 'service', 'web', `${label}=evenkeel`])
    await kubeProxyLacks(mode, 'web')
    await inSync(agent, 2)
    const away = await traffic.tally()
    expect({
      ...away,
      connections: away.connections > 100,
      exchanges: away.exchanges > 20,
      late: away.late.filter(isNotOf('web')),
    }).toEqual({
      connections: true,
      failures: [],
      late: [],
      held: 4,
      exchanges: true,
    })
    // kube-proxy begins anew, and resyncs when endpoints change
    await kubeProxy.kill('SIGTERM')
    kubeProxy = startKubeProxy(mode)
    await cluster.kubectl(['scale', 'deployment', 'web', '--replicas=4'])
    await pause(4_000)
    await kubeProxyLacks(mode, 'web')
    expect(await traffic.tally()).toMatchObject({ failures: [], held: 4 })
    await cluster.kubectl(['label', 'service', 'web', `${label}-`])
    await kubeProxyHas(mode, 'web')
    await agent.kill('SIGTERM')
    await evenkeel('clean')
    await pause(1_000)
    const back = await traffic.tally()
    tell(`beside ${mode}`, { away, back })
    expect(back).toMatchObject({ failures: [], late: [], held: 4 })
    expect(node.errors).toEqual([])
  })
})

describe.each(modes)('in place of kube-proxy (%s)', (mode) => {
  test('the agent takes over and gives back, and no connection is lost', { timeout: 120_000 }, async () => {
    let kubeProxy = startKubeProxy(mode)
    await using _ = { [Symbol.asyncDispose]: () => kubeProxy.kill('SIGKILL') }
    await kubeProxyHas(mode, 'web')
    await kubeProxyHas(mode, 'other')
    await using traffic = await startTraffic(targets, { podsNamespace })
    await pause(1_000)
    await using agent = await startEvenkeel('replace-kube-proxy', ['--skip-preflight=kube-proxy-runs'])
    await until(async () => expect((await agent.status()).inSync).toBe(true))
    await kubeProxy.kill('SIGTERM')
    await evenkeel('clean', '--kube-proxy')
    expect(await kubeProxyRules(mode)).toBe('')
    await cluster.kubectl(['scale', 'deployment', 'web', '--replicas=5'])
    await pause(2_000)
    const taken = await traffic.tally()
    expect(taken).toMatchObject({ failures: [], late: [], held: 4 })
    // and back
    kubeProxy = startKubeProxy(mode)
    await kubeProxyHas(mode, 'web')
    await kubeProxyHas(mode, 'other')
    await agent.kill('SIGTERM')
    await evenkeel('clean')
    await pause(2_000)
    const back = await traffic.tally()
    tell(`in place of ${mode}`, { taken, back })
    expect(back).toMatchObject({ failures: [], late: [], held: 4 })
  })
})
