import { expect } from 'vitest'
import type { AgentStatus } from '../../src/agent/status/status.ts'
import { openKernel } from '../../src/kernel/index.ts'
import type { Nftables } from '../../src/kernel/nftables/types.ts'
import { silent } from '../../src/util/log.ts'
import { startAgent, type TestAgent } from './agent.ts'
import type { KubeObject } from './api.ts'
import { type ClusterOptions, type KubeCluster, startCluster } from './cluster.ts'
import { ask } from './dial.ts'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'
import { becomeNode, nodeAddresses } from './network.ts'
import { startNode, type TestNode } from './node.ts'
import { addressesInForce, addressesWanted } from './rules-text.ts'
import { until } from './until.ts'

/** Everything that a test of the agent against the real API server needs; all of it ends when it is disposed. */
export interface KubeWorld extends AsyncDisposable {
  readonly cluster: KubeCluster
  readonly node: TestNode
  /** between the agent and the API server, where the test says so */
  readonly proxy: FaultProxy
  readonly nftables: Nftables
  /** Ends with the world at the latest. Default: by way of the proxy, as administrator. */
  agent(name: string, options?: { readonly kubeconfig?: string; readonly args?: readonly string[] }): TestAgent
  kubectl(...args: readonly string[]): Promise<string>
  apply(...objects: readonly object[]): Promise<void>
  /** of a Service: its addresses, the first family first */
  clusterIPs(service: string): Promise<readonly string[]>
  /** names of the pods that answer among `times` connections, or the codes of errors, sorted, each once */
  answers(to: string, port: number, options?: { times?: number; from?: string }): Promise<readonly string[]>
  /** as `answers`, by datagrams from the node */
  datagrams(to: string, port: number, times?: number): Promise<readonly string[]>
  /** names of the pods of `app: NAME` that are not going away, sorted */
  pods(app: string): Promise<readonly string[]>
  /** Waits until the agent says so, and the kernel holds exactly the addresses that the API server tells. */
  inSync(agent: TestAgent, withinMs?: number): Promise<AgentStatus>
}

/** This process becomes the node; about eight seconds. */
export const startWorld = async (options: ClusterOptions = {}): Promise<KubeWorld> => {
  await using stack = new AsyncDisposableStack()
  const { pods } = stack.use(await becomeNode())
  const cluster = stack.use(await startCluster({ addresses: [nodeAddresses.IPv4], ...options }))
  const node = stack.use(await startNode(cluster, pods))
  const proxy = stack.use(await startFaultProxy(cluster))
  const nftables = stack.use(await (await openKernel()).nftables(silent))
  const agents = stack.use(new AsyncDisposableStack())
  const throughProxy = await cluster.kubeconfigFor({ server: proxy.url })
  const kubectl = (...args: readonly string[]): Promise<string> => cluster.kubectl(args)
  const resources = stack.move()
  return {
    cluster,
    node,
    proxy,
    nftables,
    agent(name, { kubeconfig = throughProxy, args = [] } = {}) {
      return agents.use(startAgent(cluster.directory, name, kubeconfig, args))
    },
    kubectl,
    apply: async (...items) =>
      void (await cluster.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))),
    clusterIPs: async (service) =>
      JSON.parse(await kubectl('get', 'service', service, '-o', 'jsonpath={.spec.clusterIPs}')) as string[],
    answers: (to, port, { times = 20, from } = {}) => distinct(times, () => node.dial(to, port, from)),
    datagrams: (to, port, times = 20) => distinct(times, () => ask(to, port)),
    pods: async (app) => {
      const path = `/api/v1/namespaces/default/pods?labelSelector=app%3D${app}`
      const { items } = await cluster.api.call<{ items: readonly KubeObject[] }>('GET', path)
      const staying = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      return staying.map(({ metadata }) => metadata.name).sort()
    },
    async inSync(agent, withinMs) {
      try {
        return await until(async () => {
          if (agent.exit() !== null) throw new Error(`the agent ended: ${agent.exit()}`)
          expect(addressesInForce()).toEqual(await addressesWanted(cluster))
          const status = await agent.status()
          expect(status).toMatchObject({ agent: true, inSync: true, source: { synced: true, stale: false } })
          return status
        }, withinMs)
      } catch (error) {
        const said = agent
          .log()
          .slice(-8)
          .map((line) => JSON.stringify(line))
        throw new Error(`${(error as Error).message}\n${said.join('\n')}`, { cause: error })
      }
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

const distinct = async (times: number, dial: () => Promise<string>): Promise<readonly string[]> => {
  const answers = await Promise.all(Array.from({ length: times }, dial))
  return [...new Set(answers)].sort()
}
