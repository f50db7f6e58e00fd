import { sum } from '../../statistics/index.ts'
import { placesDecide } from '../nulls/odds.ts'
import type { Observation } from '../observation.ts'
import type { Certainty } from '../report.ts'
import type { NamedCause } from './codes.ts'

/** The odds of one node's rules, or of all rules together. */
export interface Stratum {
  readonly node: string | null
  readonly n: number
  /** sum to 1 */
  readonly rules: readonly number[]
}

/** What rules are that no fact accounts for. */
export interface LeftOver {
  readonly code: NamedCause
  readonly certainty: Exclude<Certainty, 'none'>
}

/** Of all odds together: what does not bring them nearer to the rules by this is not in the rules. */
export const noticeable = 0.01

export const apart = (a: readonly number[], b: readonly number[]): number =>
  sum(a.map((p, i) => Math.abs(p - (b[i] ?? 0)))) / 2

/**
 * Rules that no fact accounts for: nodes that differ from the rest are behind, unless they could be nodes that keep to their own pods;
 * unequal odds that all nodes have are weights that nobody told. null: the data do not tell what it is.
 */
export const leftOver = (observation: Observation, strata: readonly Stratum[]): LeftOver | null => {
  const [first] = strata
  const alike = strata.every(({ rules }) => apart(rules, first?.rules ?? []) < noticeable)
  if (!alike) return differing(observation, strata)
  const rules = first?.rules ?? []
  return rules.some((p) => p === 0) ? leftOutByAll(observation, rules) : unequalOnAll(observation, rules)
}

/** Nodes that keep to their own place, and some that do not, or not to all of it; or pods of one place have different odds on all its nodes. */
export const besidesPlaces = (
  { backends }: Observation,
  strata: readonly Stratum[],
  odds: readonly (readonly number[])[],
): LeftOver => {
  const kept = strata.every(({ rules }, j) => rules.every((p, i) => p > 0 === ((odds[j] ?? [])[i] ?? 0) > 0))
  const weights = backends.every(({ weight }) => weight === undefined)
  if (kept && weights && agreeOnRatios(strata.map(({ rules }) => rules)))
    return { code: 'weights', certainty: 'likely' }
  const behind = strata.filter(({ rules }, j) => apart(rules, odds[j] ?? rules) >= noticeable).length
  return { code: 'stale-rules', certainty: behind * 2 <= strata.length ? 'certain' : 'likely' }
}

/** Any two backends that several nodes have are in one proportion on all of these. */
const agreeOnRatios = (rules: readonly (readonly number[])[]): boolean =>
  rules.every((mine) =>
    rules.every((other) => {
      const both = mine.flatMap((p, i) => (p > 0 && (other[i] ?? 0) > 0 ? [p / (other[i] ?? 1)] : []))
      return both.length === 0 || Math.max(...both) <= (1 + noticeable) * Math.min(...both)
    }),
  )

const differing = (observation: Observation, strata: readonly Stratum[]): LeftOver | null => {
  const groups = [...Map.groupBy(strata, ({ rules }) => rules.map((p) => p.toFixed(4)).join()).values()]
  const kinds = groups.map((some) => ({ nodes: some.length, rules: some[0]?.rules ?? [] }))
  const usual = kinds.find(
    ({ nodes, rules }) => nodes * 2 > strata.length || kinds.every((kind) => hasAllOf(rules, kind.rules)),
  )
  if (kinds.every((kind) => kinds.every((other) => other === kind || disjoint(kind.rules, other.rules))))
    return byPlaces(observation, kinds)
  const known = policiesKnown(observation)
  if (usual === undefined) return known ? { code: 'stale-rules', certainty: 'likely' } : null
  const others = kinds.filter((kind) => kind !== usual)
  // zones of unequally many nodes: the smaller ones look like few nodes that differ
  if (!known && others.every((kind) => disjoint(kind.rules, usual.rules))) return null
  return { code: 'stale-rules', certainty: known ? 'certain' : 'likely' }
}

const hasAllOf = (a: readonly number[], b: readonly number[]): boolean => b.every((p, i) => p === 0 || (a[i] ?? 0) > 0)

const disjoint = (a: readonly number[], b: readonly number[]): boolean =>
  a.every((p, i) => p === 0 || (b[i] ?? 0) === 0)

/** Objects were read, and policies that go by places have been taken into account already, or are off. */
const policiesKnown = (observation: Observation): boolean => {
  const { facts, backends } = observation
  if (placesDecide(observation)) return backends.every(({ node }) => node !== undefined)
  return facts.internalTrafficPolicy !== undefined || facts.externalTrafficPolicy !== undefined
}

/** Slices were read, or zones were, by which rules would go. */
const hintsKnown = ({ facts, backends }: Observation): boolean =>
  facts.topologyHints !== undefined || backends.every(({ zone }) => zone !== undefined)

/** Every pod belongs to one kind of node only. Where a policy says so that is its doing, though nobody knows where the pods are. */
const byPlaces = ({ facts, backends }: Observation, kinds: readonly { readonly nodes: number }[]): LeftOver | null => {
  const untold = backends.some(
    ({ node, zone }) => node === undefined || (facts.topologyHints === true && zone === undefined),
  )
  const local = facts.internalTrafficPolicy === 'Local' || facts.externalTrafficPolicy === 'Local'
  // pods of one node are never those of another
  const own = kinds.every(({ nodes }) => nodes === 1)
  if (local && own && untold) return { code: 'local-traffic-policy', certainty: 'likely' }
  if (facts.topologyHints === true && !local && untold) return { code: 'topology-hints', certainty: 'likely' }
  const denied = !local && facts.topologyHints !== true && facts.internalTrafficPolicy !== undefined
  return denied ? { code: 'stale-rules', certainty: 'likely' } : null
}

/** Pods that no node has are missing where they are known to be ready, and not because they are elsewhere. */
const leftOutByAll = (observation: Observation, rules: readonly number[]): LeftOver | null => {
  const { backends } = observation
  const [absent, present] = [backends.filter((_, i) => rules[i] === 0), backends.filter((_, i) => (rules[i] ?? 0) > 0)]
  if (absent.some(({ ready }) => ready !== true)) return null
  const elsewhere = (['node', 'zone'] as const).some((place) => {
    const here = new Set(present.map((backend) => backend[place]))
    return absent.every((backend) => backend[place] === undefined || !here.has(backend[place]))
  })
  if (elsewhere && (placesDecide(observation) || !policiesKnown(observation))) return null
  return {
    code: 'stale-rules',
    certainty: policiesKnown(observation) && hintsKnown(observation) ? 'certain' : 'likely',
  }
}

/** All nodes prefer the same pods: their weights, or those of one node's own whose policy holds for one of the addresses. */
const unequalOnAll = ({ backends, facts }: Observation, rules: readonly number[]): LeftOver => {
  const highest = Math.max(...rules)
  const preferred = new Set(backends.filter((_, i) => (rules[i] ?? 0) > highest - noticeable).map(({ node }) => node))
  const others = new Set(backends.filter((_, i) => (rules[i] ?? 0) <= highest - noticeable).map(({ node }) => node))
  const local = facts.internalTrafficPolicy === 'Local' || facts.externalTrafficPolicy === 'Local'
  // a node's own pods get what comes to one address besides their share of another
  const byNode = [...preferred].every((node) => node === undefined || !others.has(node))
  return local && byNode
    ? { code: 'local-traffic-policy', certainty: 'likely' }
    : { code: 'weights', certainty: 'likely' }
}
