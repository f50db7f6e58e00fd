import type { Scenario } from '../model.ts'

/** An endpoint as the API server tells of it: absent, ready, or terminating but still serving. */
export const ABSENT = 0
export const READY = 1
export const TERMINATING = 2
export type EndpointState = typeof ABSENT | typeof READY | typeof TERMINATING

/** Where pods and nodes are: what traffic policies and hints look at. */
export interface Places {
  readonly nodeOfPod: Int32Array
  readonly zoneOfNode: readonly (string | null)[]
}

/** Who asks: clients in the cluster, or from outside through a node's NodePort. */
export type Side = 'inside' | 'outside'

/**
 * The pods that a node's rules offer, ascending: ready ones, else those that terminate but still serve (KEP-1669); of them, its own
 * (traffic policy Local), or those that traffic distribution prefers where there are any (KEP-4444, KEP-3015).
 */
export const offered = (
  { policy }: Scenario,
  places: Places,
  states: Uint8Array,
  node: number,
  side: Side,
): readonly number[] => {
  const local =
    side === 'inside'
      ? policy.internalTrafficPolicy === 'Local'
      : policy.loadBalancer?.externalTrafficPolicy === 'Local'
  const near = (pod: number): boolean => !local || places.nodeOfPod[pod] === node
  const ready = podsIn(states, READY).filter(near)
  if (ready.length === 0) return podsIn(states, TERMINATING).filter(near)
  return local ? ready : preferred(policy.trafficDistribution, places, ready, node)
}

const preferred = (
  distribution: Scenario['policy']['trafficDistribution'],
  { nodeOfPod, zoneOfNode }: Places,
  pods: readonly number[],
  node: number,
): readonly number[] => {
  if (distribution === null) return pods
  if (distribution === 'PreferSameNode') {
    const own = pods.filter((pod) => nodeOfPod[pod] === node)
    if (own.length > 0) return own
  }
  const zone = zoneOfNode[node] ?? null
  const sameZone = zone === null ? [] : pods.filter((pod) => zoneOfNode[nodeOfPod[pod] as number] === zone)
  return sameZone.length > 0 ? sameZone : pods
}

export const podsIn = (states: Uint8Array, state: EndpointState): number[] => {
  const pods: number[] = []
  for (let pod = 0; pod < states.length; pod++) if (states[pod] === state) pods.push(pod)
  return pods
}
