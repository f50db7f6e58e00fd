import { join } from 'node:path'
import { families, type Cluster, type LabPod } from './cluster.ts'
import type { PodBehaviour, PodCounts, PodServerConfig } from './pod-protocol.ts'
import { startRemote, type Remote } from './remote.ts'
import type { Source } from './sources.ts'
import { directoryOf } from './state.ts'
import type { Target } from './traffic-protocol.ts'

/** A pod with its server. */
export interface RunningPod {
  readonly pod: LabPod
  readonly remote: Remote
}

/** Ports that a generic server can listen on; SCTP has no sockets in Node. */
const served = (pod: LabPod): readonly { readonly protocol: 'TCP' | 'UDP'; readonly port: number }[] =>
  pod.ports.flatMap(({ protocol, port }) => (protocol === 'SCTP' ? [] : [{ protocol, port }]))

/** Starts a server process in each pod and waits until each listens. Throws what the first that fails says. */
export const startPods = async (
  cluster: Cluster,
  pods: readonly LabPod[],
  onReady: (ready: number) => void = () => {},
  behaviour: PodBehaviour = {},
): Promise<readonly RunningPod[]> => {
  const running = pods.map((pod) => ({
    pod,
    remote: startRemote({
      labId: cluster.id,
      netns: pod.netns,
      script: 'pod-server',
      config: { name: pod.name, ports: served(pod), behaviour } satisfies PodServerConfig,
      log: join(directoryOf(cluster.id), 'log', `${pod.namespace}.${pod.name}.log`),
    }),
  }))
  let ready = 0
  await Promise.all(
    running.map(async ({ remote }) => {
      await remote.request('ready', {}, 60_000)
      onReady(++ready)
    }),
  )
  return running
}

/** The kubelet's question: do all ports of these pods accept connections from their node, in both families? */
export const probePods = async (pods: readonly LabPod[], sources: readonly Source[]): Promise<readonly LabPod[]> => {
  const answers = await Promise.all(
    pods.map(async (pod) => {
      const kubelet = sources.find(({ kind, node }) => kind === 'node' && node === pod.node)
      const targets: Target[] = families.flatMap((family) =>
        served(pod).map(({ protocol, port }) => ({ address: pod.addresses[family], port, protocol })),
      )
      const ready = await kubelet?.remote.request<boolean[]>('probe', { targets, timeoutMs: 2000 })
      return ready?.every(Boolean) ?? false
    }),
  )
  return pods.filter((_, i) => answers[i])
}

/** What each pod has counted, by `namespace/name`. */
export const readCounts = async (pods: readonly RunningPod[]): Promise<ReadonlyMap<string, PodCounts>> =>
  new Map(
    await Promise.all(
      pods.map(
        async ({ pod, remote }): Promise<[string, PodCounts]> => [
          `${pod.namespace}/${pod.name}`,
          await remote.request<PodCounts>('counts'),
        ],
      ),
    ),
  )
