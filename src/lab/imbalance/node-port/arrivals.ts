import type { Flow, NodeObservation } from '../../../inspect/skew/observation.ts'
import type { LabNode, LabPod } from '../../cluster.ts'
import { type Arrival, arrivalOf } from './hops.ts'

/** What the pods say of the connections that they accepted. */
export interface Arrived extends Arrival {
  readonly pod: LabPod
  /** source address that the pod saw */
  readonly peer: string
  readonly connections: number
}

export interface Accepted {
  readonly pod: LabPod
  /** by source address */
  readonly peers: { readonly [address: string]: number }
}

export const arrivalsOf = (
  accepted: readonly Accepted[],
  balancer: string,
  nodes: readonly LabNode[],
): readonly Arrived[] =>
  accepted.flatMap(({ pod, peers }) =>
    Object.entries(peers).map(([peer, connections]) => ({
      pod,
      peer,
      connections,
      ...arrivalOf(peer, pod, balancer, nodes),
    })),
  )

export const countOf = (arrived: readonly Arrived[], which: (one: Arrived) => boolean): number =>
  arrived.filter(which).reduce((sum, { connections }) => sum + connections, 0)

/** `skew`'s view of each node: what it sent to each pod, and the odds of its rules. */
export const nodeObservations = (
  arrived: readonly Arrived[],
  pods: readonly LabPod[],
  oddsOf: ReadonlyMap<string, ReadonlyMap<string, number>>,
): readonly NodeObservation[] =>
  [...oddsOf].map(([node, odds]) => ({
    node,
    counts: pods.map(({ name }) => countOf(arrived, (one) => one.entry === node && one.pod.name === name)),
    odds: pods.map(({ namespace, name }) => odds.get(`${namespace}/${name}`) ?? 0),
  }))

/** The rules saw the balancer's address, whatever became of it on the way. */
export const flowsOf = (arrived: readonly Arrived[], balancer: string): readonly Flow[] =>
  arrived.flatMap(({ pod, entry, connections }) =>
    Array.from({ length: connections }, () => ({
      client: balancer,
      backend: pod.name,
      ...(entry !== null && { node: entry }),
      protocol: 'TCP' as const,
    })),
  )
