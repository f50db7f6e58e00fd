import { chiSquare, gStatistic, sum } from '../../statistics/index.ts'
import { pearson } from '../../statistics/pearson.ts'
import type { Observation } from '../observation.ts'
import { flowsBehind, tally } from './counted-flows.ts'
import type { Explanation, Less } from './explanation.ts'
import { placesDecide, rulesOdds, rulesOfNodes, uniformOdds } from './odds.ts'

/** A part that is uneven beyond this is why the whole is, if the rest is not. */
const surelyUneven = 0.001
/** connections that no node counted are others' only where they are more than stragglers */
const stragglers = 0.03

/** Connections around the proxy: as flows or facts say, or those that no node's rules counted. */
export const bypassed = (observation: Observation): readonly Explanation[] => {
  if (observation.facts.headless === true) {
    const fit = (): { p: number; expected: readonly number[]; gain: number } => ({
      p: 1,
      expected: observation.backends.map(({ count }) => count),
      gain: Infinity,
    })
    return [{ code: 'bypass', certainty: 'certain', kind: 'whole', fit }]
  }
  if (seen(observation) !== null) return [explained(seen, 'certain')]
  return uncounted(observation) === null ? [] : [explained(uncounted, 'likely')]
}

type Rest = (observation: Observation) => Observation | null

const explained = (rest: Rest, certainty: 'certain' | 'likely'): Explanation => ({
  code: 'bypass',
  certainty,
  kind: 'less',
  take: (before) => {
    const after = rest(before)
    return after === null ? null : difference(before, after)
  },
})

const seen: Rest = (observation) => markedFlows(observation) ?? statedCounts(observation)

const difference = (before: Observation, after: Observation): Less | null => {
  const odds = rulesOdds(before) ?? uniformOdds(before)
  const part = before.backends.map(({ count }, i) => count - (after.backends[i]?.count ?? 0))
  const n = sum(part)
  if (n === 0 || chiSquare(part.length - 1, pearson(part, odds, n)).upper > surelyUneven) return null
  const expected = odds.map((p) => n * p)
  // the part's own shares against the rules', less what shares made to fit gain from luck
  const gain = gStatistic(part, expected) / 2 - ((part.length - 1) / 2) * Math.log(n)
  return { observation: after, mask: null, gain }
}

const withCounts = (observation: Observation, counts: readonly number[]): Observation => ({
  ...observation,
  backends: observation.backends.map((backend, i) => ({ ...backend, count: counts[i] ?? 0, opened: counts[i] ?? 0 })),
})

const markedFlows: Rest = (observation) => {
  const { flows = [], backends, unit } = observation
  const counts = backends.map(({ count }) => count)
  const marked = (flowsBehind(observation, counts) ?? flows).filter(({ bypassed }) => bypassed === true)
  if (marked.length === 0 || unit !== 'connections') return null
  const taken = tally(observation, marked, () => 1)
  const left = counts.map((count, i) => Math.max(0, count - (taken[i] ?? 0)))
  return { ...withCounts(observation, left), flows: flows.filter(({ bypassed }) => bypassed !== true) }
}

const statedCounts: Rest = (observation) => {
  const { bypassed } = observation.facts
  if (bypassed === undefined || sum(bypassed) === 0) return null
  const left = observation.backends.map(({ count }, i) => Math.max(0, count - (bypassed[i] ?? 0)))
  const { flows: _, ...rest } = observation
  return withCounts(rest, left)
}

/** Where every node counts what it sends, the pods' own counts must not be larger. */
const uncounted: Rest = (observation) => {
  const counted = ofKnownNodes(observation)
  if (counted === null) return null
  const more = observation.backends.map(({ count }, i) => count - (counted.backends[i]?.count ?? 0))
  return sentBySilentNodes(observation, more) ? null : counted
}

/** What the known nodes sent, where the pods have more; null: they do not. */
export const ofKnownNodes = (observation: Observation): Observation | null => {
  const { nodes = [], backends, unit } = observation
  if (nodes.length === 0 || unit !== 'connections') return null
  const sent = backends.map((_, i) => sum(nodes.map(({ counts }) => counts[i] ?? 0)))
  const more = backends.map(({ count }, i) => count - (sent[i] ?? 0))
  const enough = sum(sent) > 0 && sum(more) > stragglers * sum(sent) && more.every((rest) => rest >= 0)
  if (!enough) return null
  const { flows: _, ...rest } = observation
  return withCounts(rest, sent)
}

/**
 * A node that nobody asked may have sent what no node counted: connections or pods are of nodes that are not among those known, a policy decides by
 * places that nobody knows, or all but a few pods got alike.
 */
const sentBySilentNodes = (observation: Observation, more: readonly number[]): boolean => {
  const { backends, nodes = [], flows = [] } = observation
  const known = new Set(nodes.map(({ node }) => node))
  if (flows.some(({ node }) => node !== undefined && !known.has(node))) return true
  const untold = placesDecide(observation) && backends.some(({ node }) => node === undefined)
  if (untold || backends.some(({ node }) => node !== undefined && !known.has(node))) return true
  // nodes of another place: the rules that are known have none of these pods
  const rules = [...rulesOfNodes(observation).values()]
  if (rules.length > 0 && more.every((count, i) => count === 0 || rules.every((odds) => odds[i] === 0))) return true
  const had = more.filter((count) => count > 0)
  const even = had.map(() => 1 / had.length)
  return had.length * 2 >= more.length && chiSquare(had.length - 1, pearson(had, even, sum(had))).upper > surelyUneven
}
