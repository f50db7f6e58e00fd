import { fileURLToPath } from 'node:url'
import { startChild } from '../support/child-calls.ts'
import type { KubeObject } from './api.ts'
import type { KubeCluster } from './cluster.ts'
import { startControllers } from './controllers.ts'
import { dial } from './dial.ts'
import { startKubelet } from './kubelet.ts'
import { nodeAddresses, podCIDRs } from './network.ts'
import type { PodsRequest, ServedPod } from './pods.ts'

/** This process's network namespace as `node-a`, with pods that answer, and `node-b`, whose pods are elsewhere. */
export interface TestNode extends AsyncDisposable {
  /** Pods answer with their name. Who answered, or the error's code; `from` a pod's address: as that pod. */
  dial(to: string, port: number, from?: string): Promise<string>
  /** see Kubelet */
  setReady(pod: string, ready: boolean): Promise<void>
  holdTerminating(held: boolean): Promise<void>
  /** what the kubelet could not do; a test should find it empty */
  readonly errors: readonly Error[]
}

/** ms for the pods' process to answer */
const ANSWERS_WITHIN = 20_000

/** Registers two nodes, and starts a kubelet and the real controllers. The process must have become a node (`becomeNode`). */
export const startNode = async (cluster: KubeCluster, podsNamespace: string): Promise<TestNode> => {
  await using stack = new AsyncDisposableStack()
  const script = fileURLToPath(new URL('pods.ts', import.meta.url))
  const options = { namespace: podsNamespace, deadlineMs: ANSWERS_WITHIN }
  const pods = stack.use(startChild<PodsRequest, string>(script, [], options))
  await registerNodes(cluster)
  const errors: Error[] = []
  const servers = {
    start: async (pod: ServedPod) => void (await pods.call({ ask: 'start', pod })),
    stop: async (name: string) => void (await pods.call({ ask: 'stop', name })),
  }
  const kubelet = stack.use(startKubelet(cluster, servers, (error) => errors.push(error)))
  stack.use(await startControllers(cluster))
  const resources = stack.move()
  return {
    dial: (to, port, from) => (from === undefined ? dial(to, port) : pods.call({ ask: 'dial', from, to, port })),
    setReady: (pod, ready) => kubelet.setReady(pod, ready),
    holdTerminating: (held) => kubelet.holdTerminating(held),
    errors,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

/** node-a, which this process is, and node-b, which nobody is. */
export const registerNodes = async (cluster: KubeCluster): Promise<void> => {
  await registerNode(cluster, 'node-a', Object.values(nodeAddresses), { 'topology.kubernetes.io/zone': 'zone-a' })
  await registerNode(cluster, 'node-b', ['192.0.2.11', '2001:db8::11'], { 'topology.kubernetes.io/zone': 'zone-b' })
}

const registerNode = async (
  { api }: KubeCluster,
  name: keyof typeof podCIDRs,
  addresses: readonly string[],
  labels: Readonly<Record<string, string>>,
): Promise<KubeObject> => {
  const [podCIDR] = podCIDRs[name]
  await api.call('POST', '/api/v1/nodes', { metadata: { name, labels }, spec: { podCIDR, podCIDRs: podCIDRs[name] } })
  const status = { addresses: addresses.map((address) => ({ type: 'InternalIP', address })) }
  return await api.call('PATCH', `/api/v1/nodes/${name}/status`, { status })
}
