import { clientsOf, defaultTemplate, fixed, nodesOf, podAddress } from '../../simulate/defaults.ts'
import type { ClientGroup, PodSpec, Traffic } from '../../simulate/model.ts'
import type { LabPod } from '../cluster.ts'
import { clientSources } from './lane-clients.ts'
import type { Stage } from './side-by-side.ts'

/** A stage as the simulator sees it: nodes, pods and clients. */

export const simulatedNodes = ({ lab }: Pick<Stage, 'lab'>) => nodesOf(lab.cluster.nodes.length)

const nodeIndex = ({ lab }: Pick<Stage, 'lab'>, node: string): number =>
  lab.cluster.nodes.findIndex(({ name }) => name === node)

/** There from the beginning. Hashes ask for the order of the addresses alone: they are counted up, and pods that come are last on their nodes. */
export const simulatedPods = (stage: Pick<Stage, 'lab'>, pods: readonly LabPod[]): readonly PodSpec[] =>
  pods.map((pod, i) => {
    const node = nodeIndex(stage, pod.node)
    const before = pods.slice(0, i).filter((other) => other.node === pod.node).length
    return {
      ...defaultTemplate,
      name: pod.name,
      node,
      address: podAddress(node, before),
      startsAt: Number.NEGATIVE_INFINITY,
    }
  })

/** A session that lost its connection has the next one so soon. */
export const reconnect = fixed(0.005)

/** A group for each client pod with its part of the sessions: all from one address, one connection each. */
export const simulatedClients = (
  stage: Pick<Stage, 'lab'>,
  sessions: number,
  traffic: Traffic,
  changes: Partial<ClientGroup> = {},
): readonly ClientGroup[] => {
  const sources = clientSources(stage)
  return sources.map((source, i) => {
    const count = Math.floor(sessions / sources.length) + (i < sessions % sources.length ? 1 : 0)
    return clientsOf(source.name, count, [nodeIndex(stage, source.node)], traffic, {
      clientsPerAddress: count,
      address: source.addresses.IPv4,
      ...changes,
    })
  })
}
