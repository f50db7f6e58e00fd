import type { LabNode, LabPod } from '../../cluster.ts'
import { families } from '../../cluster.ts'

/** How a connection came: where it entered the cluster, and what the pod knows of its source. */
export interface Arrival {
  /** node whose rules picked the pod; null: it cannot be told from the source address */
  readonly entry: string | null
  /** of nodes: 1 where the entry is the pod's own node */
  readonly hops: 1 | 2
  readonly source: 'balancer' | 'own node' | 'other node' | 'somebody else'
}

/**
 * A node that masquerades gives its own address: the one towards the pod, so its bridge's for pods of its own and the underlay's for others'.
 * A source that is kept came through the pod's node alone. Pure.
 */
export const arrivalOf = (
  peer: string,
  pod: Pick<LabPod, 'node'>,
  balancer: string,
  nodes: readonly LabNode[],
): Arrival => {
  if (peer === balancer) return { entry: pod.node, hops: 1, source: 'balancer' }
  const node = nodes.find(({ addresses, gateways }) =>
    families.some((family) => addresses[family] === peer || gateways[family] === peer),
  )
  if (node === undefined) return { entry: null, hops: 1, source: 'somebody else' }
  return node.name === pod.node
    ? { entry: node.name, hops: 1, source: 'own node' }
    : { entry: node.name, hops: 2, source: 'other node' }
}
