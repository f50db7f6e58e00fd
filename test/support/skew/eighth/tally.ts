import type {
  Flow,
  LoadUnit,
  NodeObservation,
  Observation,
  ObservedBackend,
  ServiceFacts,
} from '../../../../src/inspect/skew/observation.ts'
import { chiSquare } from '../../../../src/inspect/statistics/chi-square.ts'
import { type Dice, exponential } from '../dice.ts'

type Mutable<T> = { -readonly [field in keyof T]: T[field] }

/** A Service that is counted, one connection after another. */
export interface Tally {
  readonly dice: Dice
  /** moment of the observation, Unix seconds */
  readonly at: number
  readonly pods: Mutable<ObservedBackend>[]
  readonly nodes: (Mutable<NodeObservation> & { counts: number[] })[]
  readonly flows: Flow[]
  facts: ServiceFacts
}

const day = 86_400

/** Nothing is out of the ordinary, and all of it is known: pods are three weeks old and ready, policies are the usual ones. */
export const tallyOf = (dice: Dice, pods: number, nodes = 0, zones = 0): Tally => {
  const at = 1_795_000_000 + dice.between(0, 1e7)
  return {
    dice,
    at,
    pods: Array.from({ length: pods }, (_, i) => ({
      name: `web-${i}`,
      count: 0,
      startedAt: at - dice.between(20, 21) * day,
      ready: true,
    })),
    nodes: Array.from({ length: nodes }, (_, i) => ({
      node: `n${i}`,
      ...(zones === 0 ? {} : { zone: `z${i % zones}` }),
      counts: Array.from({ length: pods }, () => 0),
      odds: Array.from({ length: pods }, () => 1),
    })),
    flows: [],
    facts: {
      affinity: 'None',
      internalTrafficPolicy: 'Cluster',
      externalTrafficPolicy: 'Cluster',
      topologyHints: false,
      headless: false,
      at,
    },
  }
}

/** Pods run on these nodes, in order, and in their zones. */
export const place = ({ pods, nodes }: Tally, nodeOf: (pod: number) => number): void => {
  for (const [i, pod] of pods.entries()) {
    const node = nodeOf(i)
    pod.node = `n${node}`
    const zone = nodes[node]?.zone
    if (zone !== undefined) pod.zone = zone
  }
}

/** The choice of a node, or of nobody in particular. */
export const count = ({ pods, nodes }: Tally, pod: number, node?: number, load = 1): void => {
  const chosen = pods[pod]
  if (chosen !== undefined) chosen.count += load
  const counts = node === undefined ? undefined : nodes[node]?.counts
  if (counts !== undefined) counts[pod] = (counts[pod] ?? 0) + load
}

const milliseconds = (seconds: number): number => Math.round(seconds * 1000) / 1000

interface Connection {
  readonly client: string
  readonly pod: number
  readonly node?: number
  readonly openedAt: number
  /** seconds; default for ever */
  readonly life?: number
}

/** Says of a connection that it was seen, and does not count it. */
export const see = (
  { at, flows }: Tally,
  { client, pod, node, openedAt, life = Infinity }: Connection,
  more: Pick<Flow, 'bytes' | 'requests' | 'http2' | 'bypassed'> = {},
): void => {
  const closedAt = openedAt + life
  flows.push({
    client,
    backend: `web-${pod}`,
    ...(node === undefined ? {} : { node: `n${node}` }),
    openedAt: milliseconds(openedAt),
    closedAt: closedAt > at ? null : milliseconds(closedAt),
    protocol: 'TCP',
    ...more,
  })
}

/** A connection of a minute or so in the last fifty minutes, counted and seen. */
export const pass = (tally: Tally, client: string, pod: number, node?: number): void => {
  const { dice, at } = tally
  count(tally, pod, node)
  const openedAt = at - dice.random() * 3000
  see(tally, { client, pod, ...(node === undefined ? {} : { node }), openedAt, life: exponential(dice.random, 60) })
}

/** When connections come, a Poisson process: so many seconds before the observation and until it. */
export const arrivals = ({ dice, at }: Tally, before: number, meanGap: number): readonly number[] => {
  const times: number[] = []
  const next = (from: number): number => from + exponential(dice.random, meanGap)
  for (let t = next(at - before); t < at; t = next(t)) times.push(t)
  return times
}

const isUneven = ({ pods }: Tally): boolean => {
  const total = pods.reduce((sum, each) => sum + each.count, 0)
  const mean = total / pods.length
  const statistic = pods.reduce((sum, each) => sum + (each.count - mean) ** 2 / mean, 0)
  return chiSquare(pods.length - 1, statistic).upper < 1e-3
}

/** What is seen of it in the end: connections and nodes where there are any. */
export const observed = (tally: Tally, facts: ServiceFacts, unit: LoadUnit = 'connections'): Observation => ({
  service: 'shop/web',
  unit,
  backends: tally.pods,
  ...(tally.nodes.length === 0 ? {} : { nodes: tally.nodes }),
  ...(tally.flows.length === 0 ? {} : { flows: tally.flows }),
  facts: { ...tally.facts, ...facts },
})

/** As `observed`; null where chance alone makes counts as uneven once in a thousand times. */
export const observedIfUneven = (tally: Tally, facts: ServiceFacts): Observation | null =>
  isUneven(tally) ? observed(tally, facts) : null
