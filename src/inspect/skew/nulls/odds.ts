import { type Draws, sum } from '../../statistics/index.ts'
import type { NodeObservation, Observation, ObservedBackend } from '../observation.ts'
import type { Case, Choice } from './choices.ts'

/** When and where a backend was chosen; null: not known. */
export interface Circumstance {
  readonly node: NodeObservation | null
  readonly openedAt: number | null
}

/** What a null makes of the odds: a factor for each backend, 1 where it says nothing. */
export type Mask = (circumstance: Circumstance) => readonly number[]

const shares = (odds: readonly number[]): readonly number[] | null => {
  const total = sum(odds)
  return total > 0 ? odds.map((p) => p / total) : null
}

export const uniformOdds = ({ backends }: Observation): readonly number[] => backends.map(() => 1 / backends.length)

/** Of the Service as a whole: as given, else of the nodes' rules by what each node counted; null: no rules are known. */
export const rulesOdds = ({ backends, nodes = [] }: Observation): readonly number[] | null => {
  if (backends.some(({ expectedOdds }) => expectedOdds !== undefined))
    return shares(backends.map(({ expectedOdds }) => expectedOdds ?? 0))
  const known = nodes.flatMap(({ odds, counts }) => {
    const p = odds === null ? null : shares(odds)
    return p === null ? [] : [{ p, n: sum(counts) }]
  })
  if (known.length === 0) return null
  const even = sum(known.map(({ n }) => n)) === 0
  return shares(backends.map((_, i) => sum(known.map(({ p, n }) => (even ? 1 : n) * (p[i] ?? 0)))))
}

/**
 * Equal odds of all pods that are ready are what objects say at the moment, and no rules: those may have been others. null: there are no such odds, or
 * rules are known.
 */
export const withoutPresumedOdds = (observation: Observation): Observation | null => {
  const { backends, nodes = [] } = observation
  const equal = backends.every(
    ({ expectedOdds, ready, terminating }) =>
      expectedOdds === 1 || (expectedOdds === 0 && (ready === false || terminating === true)),
  )
  if (!equal || nodes.some(({ odds }) => odds !== null)) return null
  return { ...observation, backends: backends.map(({ expectedOdds: _odds, ...backend }) => backend) }
}

/** What most of the nodes have whose rules are known, or what one has that lacks nothing the others have; null: neither. */
const usualOdds = (observation: Observation): readonly number[] | null => {
  const known = [...rulesOfNodes(observation).values()]
  const alike = [...Map.groupBy(known, (odds) => odds.map((p) => p.toFixed(6)).join()).values()]
  const most = alike.find((some) => some.length * 2 > known.length)?.[0]
  return (
    most ?? known.find((odds) => known.every((other) => other.every((p, i) => p === 0 || (odds[i] ?? 0) > 0))) ?? null
  )
}

/** What a node whose rules nobody knows most likely has: what most have; where a policy decides by places, its own pods. */
const silentOdds = (observation: Observation, overall: readonly number[], node: NodeObservation): readonly number[] => {
  const { backends, facts } = observation
  if (backends.some(({ expectedOdds }) => expectedOdds !== undefined)) return overall
  if (!placesDecide(observation)) return usualOdds(observation) ?? overall
  if (rulesOdds(observation) === null) return overall
  const local = facts.internalTrafficPolicy === 'Local' || facts.externalTrafficPolicy === 'Local'
  const own = (backend: ObservedBackend): boolean => (local ? backend.node === node.node : backend.zone === node.zone)
  const weights = backends.map(({ weight = 1 }) => weight)
  return (
    shares(weights.map((weight, i) => (own(backends[i] as ObservedBackend) ? weight : 0))) ?? shares(weights) ?? overall
  )
}

/** Of the nodes whose rules are known. */
export const rulesOfNodes = ({ nodes = [] }: Observation): ReadonlyMap<string, readonly number[]> =>
  new Map(
    nodes.flatMap(({ node, odds }) => {
      const own = odds === null ? null : shares(odds)
      return own === null ? [] : [[node, own] as const]
    }),
  )

/** Does a policy let each node or zone use its own pods only? */
export const placesDecide = ({ facts }: Observation): boolean =>
  facts.internalTrafficPolicy === 'Local' || facts.externalTrafficPolicy === 'Local' || facts.topologyHints === true

/** Where nodes keep to their own pods, what no known node sent went to pods of other nodes; null: there are none. */
const elsewhere = (observation: Observation): readonly number[] | null => {
  const { backends, nodes = [], facts, flows = [] } = observation
  if (facts.internalTrafficPolicy !== 'Local' && facts.externalTrafficPolicy !== 'Local') return null
  const known = new Set(nodes.map(({ node }) => node))
  const others = backends.map(({ node, weight = 1 }) => (node === undefined || known.has(node) ? 0 : weight))
  return nodes.length === 0 || flows.length > 0 ? null : shares(others)
}

/** What nodes send together; null: they sent nothing. */
const mixture = (
  { backends, nodes = [] }: Observation,
  oddsOf: (node: number) => readonly number[],
): readonly number[] | null =>
  shares(backends.map((_, i) => sum(nodes.map(({ counts }, j) => sum(counts) * (oddsOf(j)[i] ?? 0)))))

/** A node's own rules where they are known, else those of most; where a policy decides by places, each node's are its own. */
const baseOdds = (observation: Observation): ((node: number | null) => readonly number[]) => {
  const overall = rulesOdds(observation) ?? uniformOdds(observation)
  const own = observation.nodes?.map(({ odds }) => (odds === null ? null : shares(odds)))
  const silent = observation.nodes?.map((node) =>
    node.odds === null ? silentOdds(observation, overall, node) : overall,
  )
  const mixed = placesDecide(observation)
    ? (elsewhere(observation) ?? mixture(observation, (i) => own?.[i] ?? silent?.[i] ?? overall))
    : null
  return (node) => (node === null ? (mixed ?? overall) : (own?.[node] ?? silent?.[node] ?? overall))
}

/** Pods that started at different count are chosen among differently: the number of starts (and of `moments`) before a moment. */
export const epochs = (
  { backends }: Observation,
  moments: readonly number[] = [],
): ((openedAt: number | null) => number) => {
  const changes = [...backends.flatMap(({ startedAt }) => startedAt ?? []), ...moments]
  const starts = [...new Set(changes)].sort((a, b) => a - b)
  return (openedAt) => {
    if (openedAt === null) return -1
    const at = starts.findIndex((start) => start > openedAt)
    return at < 0 ? starts.length : at
  }
}

/** The choices of a case under the rules (`rules: false`: uniform) and the masks of some nulls. */
export const drawsOf = (
  { observation, choices }: Pick<Case, 'observation' | 'choices'>,
  masks: readonly Mask[] = [],
  rules = true,
  moments: readonly number[] = [],
): readonly Draws[] => {
  const base = rules ? baseOdds(observation) : () => uniformOdds(observation)
  const epochOf = epochs(observation, moments)
  const known = new Map<string, readonly number[]>()
  const same = new Map<string, readonly number[]>()
  const oddsOf = ({ node, openedAt }: Choice): readonly number[] => {
    const key = `${node} ${masks.length === 0 ? '' : epochOf(openedAt)}`
    const old = known.get(key)
    if (old !== undefined) return old
    const circumstance = { node: (node === null ? null : observation.nodes?.[node]) ?? null, openedAt }
    const odds = masked(base(node), masks, circumstance)
    const text = odds.join()
    const kept = same.get(text) ?? odds
    same.set(text, kept)
    known.set(key, kept)
    return kept
  }
  return choices.map((choice) => ({ odds: oddsOf(choice), count: choice.count, weight: choice.weight }))
}

/** Where nothing would be left to choose, the masks say nothing. */
const masked = (odds: readonly number[], masks: readonly Mask[], circumstance: Circumstance): readonly number[] => {
  let result = odds
  for (const mask of masks) {
    const factors = mask(circumstance)
    result = result.map((p, i) => p * (factors[i] ?? 1))
  }
  return shares(result) ?? odds
}
