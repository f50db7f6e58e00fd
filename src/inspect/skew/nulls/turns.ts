import { logGamma } from '../../statistics/gamma.ts'
import { type Draws, sum, testDraws } from '../../statistics/index.ts'
import type { Flow, NodeObservation, Observation } from '../observation.ts'
import type { Case, Choice } from './choices.ts'
import { tally } from './counted-flows.ts'
import type { Explanation, Fit, FitOptions } from './explanation.ts'
import { expectedOf } from './gain.ts'
import { drawsOf, type Mask } from './odds.ts'

/** Schedulers that deal connections out: each node's counts differ by one at most, as long as its backends stay. */
const dealing: ReadonlySet<string> = new Set(['rr', 'wrr', 'lc', 'wlc', 'sed', 'nq'])

/** undefined: it may */
export const deals = (scheduler: string | undefined): boolean | undefined =>
  scheduler === undefined ? undefined : dealing.has(scheduler)

/**
 * Were connections dealt in turn? Without their times nobody knows. Each goes where the one before the last round went, which chance does once in k times. Log odds for it, one in
 * twenty out of turn.
 */
export const turnOdds = (flows: readonly Flow[], k: number): number => {
  if (flows.some(({ openedAt }) => openedAt === undefined)) return -Infinity
  const byNode = new Map<string, Flow[]>()
  for (const flow of flows) {
    const mine = byNode.get(flow.node ?? '')
    if (mine === undefined) byNode.set(flow.node ?? '', [flow])
    else mine.push(flow)
  }
  let odds = 0
  for (const some of byNode.values()) {
    const order = some.toSorted((a, b) => (a.openedAt ?? 0) - (b.openedAt ?? 0)).map(({ backend }) => backend)
    for (let i = k; i < order.length; i++)
      odds += order[i] === order[i - k] ? Math.log(0.95 * k) : Math.log((0.05 * k) / (k - 1))
  }
  return odds
}

/** Nodes that deal otherwise (their rules changed meanwhile) are tolerated as long as they are few. */
const others = 0.1
const fewestNodes = 3

/**
 * Every node deals in turn and begins at the same backend: those it served once more than the rest are the first ones of one order, on all
 * nodes. With starts of their own, each node's would be any.
 */
export const sameStart = ({ nodes = [], facts, unit }: Observation): readonly Explanation[] => {
  const applies = unit === 'connections' && nodes.length >= fewestNodes && deals(facts.scheduler) !== false
  if (!applies) return []
  const certainty = deals(facts.scheduler) === true ? 'certain' : 'likely'
  return [
    { code: 'same-start', certainty, kind: 'whole', fit: (situation, masks) => fitTurns(nodes, situation, masks) },
  ]
}

interface Hand {
  /** of each backend that the node can choose, beyond what all of them have; null: it cannot */
  readonly extra: readonly (number | null)[]
  readonly base: number
  readonly choices: number
  readonly ahead: number
}

/** null: the node did not deal, its counts differ by more than one or its odds are not equal. */
const handOf = (counts: readonly number[], odds: readonly number[]): Hand | null => {
  const possible = odds.flatMap((p, i) => (p > 0 ? [i] : []))
  const highest = Math.max(...odds)
  if (possible.some((i) => (odds[i] ?? 0) < highest * 0.999)) return null
  if (counts.some((count, i) => count > 0 && (odds[i] ?? 0) === 0)) return null
  const mine = possible.map((i) => counts[i] ?? 0)
  const base = Math.min(...mine)
  if (Math.max(...mine) - base > 1) return null
  const extra = odds.map((p, i) => (p > 0 ? (counts[i] ?? 0) - base : null))
  return { extra, base, choices: possible.length, ahead: sum(mine) - base * possible.length }
}

const fitTurns = (nodes: readonly NodeObservation[], situation: Case, masks: readonly Mask[]): Fit | null => {
  const { observation, totals } = situation
  const choices = nodes.map((_, node) => ({ count: 1, weight: 1, node, openedAt: null, backend: null }))
  const draws = drawsOf({ observation, choices }, masks)
  const hands = nodes.flatMap(({ counts }, i) => {
    const hand = sum(counts) === 0 ? null : handOf(counts, draws[i]?.odds ?? [])
    return sum(counts) === 0 ? [] : [hand]
  })
  const dealt = hands.filter((hand) => hand !== null)
  // a node that served all equally often says nothing of where it began
  const telling = dealt.filter(({ ahead }) => ahead > 0)
  if (telling.length < fewestNodes || hands.length - dealt.length > others * hands.length) return null
  const order = orderOf(telling, totals.length)
  const inOrder = telling.filter((hand) => leads(hand, order))
  const out = hands.length - dealt.length + telling.length - inOrder.length
  if (out > others * hands.length) return null
  // all orders of the backends are possible: the best of them must not be taken for evidence
  const orders = logGamma(totals.length + 1)
  const chance = sum(inOrder.map(({ choices, ahead }) => logChoose(choices, ahead) + Math.log(1 - others)))
  return { p: 1, expected: totals, gain: chance + out * Math.log(others) - orders }
}

/** ln of the binomial coefficient. */
export const logChoose = (n: number, k: number): number => logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1)

/** Backends that are ahead on most of the nodes that can choose them first. */
const orderOf = (hands: readonly Hand[], k: number): readonly number[] => {
  const ahead = Array.from({ length: k }, (_, i) => {
    const mine = hands.flatMap(({ extra }) => extra[i] ?? [])
    return mine.length === 0 ? 0 : sum(mine) / mine.length
  })
  return [...ahead.keys()].sort((a, b) => (ahead[b] ?? 0) - (ahead[a] ?? 0))
}

/** Those ahead are the first that the node can choose, in this order. */
const leads = ({ extra, ahead }: Hand, order: readonly number[]): boolean =>
  order
    .filter((i) => extra[i] !== null)
    .slice(0, ahead)
    .every((i) => extra[i] === 1)

/**
 * Round robin dealt connections evenly, and those still open are not even: lifetimes differ, and round robin does not look at them.
 * Tested is what was opened, against the rules.
 */
export const lifetimes = ({ backends, facts, unit }: Observation): readonly Explanation[] => {
  const opened = backends.map((backend) => backend.opened)
  const turns = facts.scheduler === 'rr' || facts.scheduler === 'wrr'
  if (unit !== 'connections' || opened.includes(undefined) || (facts.scheduler !== undefined && !turns)) return []
  return [
    {
      code: 'round-robin-lifetimes',
      certainty: turns ? 'certain' : 'likely',
      kind: 'whole',
      fit: fitOpened,
    },
  ]
}

const fitOpened = (situation: Case, masks: readonly Mask[], options: FitOptions): Fit | null => {
  const { observation, totals } = situation
  const opened = observation.backends.map((backend) => backend.opened ?? 0)
  const n = sum(opened)
  if (n === 0 || n < sum(totals)) return null
  const draws = drawsOf({ observation, choices: dealtOf(observation, opened) }, masks)
  const expected = expectedOf(draws)
  // each node deals by itself and begins anew when its pods change, and may be one ahead each time
  const rounds = Math.max(1, observation.nodes?.length ?? 1) * new Set(draws.map(({ odds }) => odds)).size
  const inTurn = opened.every((count, i) => Math.abs(count - (expected[i] ?? 0)) <= rounds)
  const isDealt = (): boolean => tooEven(opened, draws, options)
  // where no nodes are given nobody knows how many dealt: then it is in turn as far as luck is hardly so even
  if (!inTurn && !(observation.nodes === undefined && isDealt()) && !dealtByAge(observation, opened, draws)) return null
  if (observation.facts.scheduler === undefined && !isDealt()) return null
  const rate = sum(totals) / n
  const likelihood = sum(
    totals.map((c, i) => (c === 0 ? 0 : c * Math.log(c / Math.max(1e-9, (opened[i] ?? 0) * rate)))),
  )
  // dealt evenly by a scheduler that is known to: there is no other reason for those still open to differ
  const known = observation.facts.scheduler !== undefined
  const parameters = known ? 0 : ((totals.length - 1) / 2) * Math.log(Math.max(2, sum(totals)))
  return { p: 1, expected: totals, gain: likelihood - parameters }
}

/** Lower tail of what was opened, at which it was dealt and is no luck. */
const surelyDealt = 0.01

const tooEven = (opened: readonly number[], draws: readonly Draws[], options: FitOptions): boolean =>
  testDraws(opened, draws, options).pLower <= surelyDealt

/** All connections that were opened, with their times where the flows are these. */
const dealtOf = (observation: Observation, opened: readonly number[]): readonly Choice[] => {
  const flows = observation.flows ?? []
  const seen = tally(observation, flows, () => 1)
  if (opened.some((count, i) => count !== seen[i]))
    return [{ count: sum(opened), weight: 1, node: null, openedAt: null, backend: null }]
  return flows.map(({ openedAt = null }) => ({ count: 1, weight: 1, node: null, openedAt, backend: null }))
}

/** Nobody knows when connections were opened: pods of one age were dealt alike, and older ones more. */
const dealtByAge = (
  { backends, nodes = [] }: Observation,
  opened: readonly number[],
  draws: readonly Draws[],
): boolean => {
  const odds = draws[0]?.odds ?? []
  const equal = draws.length === 1 && odds.every((p) => p === 0 || p === Math.max(...odds))
  const starts = backends.map(({ startedAt }) => startedAt)
  if (!equal || starts.includes(undefined) || new Set(starts).size === 1) return false
  const dealers = Math.max(1, nodes.length)
  const order = [...starts.keys()].filter((i) => (odds[i] ?? 0) > 0)
  const byAge = order.sort((a, b) => (starts[a] ?? 0) - (starts[b] ?? 0) || (opened[b] ?? 0) - (opened[a] ?? 0))
  return byAge.every((i, at) => {
    const before = byAge[at - 1]
    if (before === undefined) return true
    const drop = (opened[before] ?? 0) - (opened[i] ?? 0)
    return starts[before] === starts[i] ? drop <= dealers : drop >= -dealers
  })
}
