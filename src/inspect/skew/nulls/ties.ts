import { sum } from '../../statistics/index.ts'
import type { NodeObservation, Observation } from '../observation.ts'
import type { Case } from './choices.ts'
import type { Explanation, Fit } from './explanation.ts'
import { drawsOf, type Mask } from './odds.ts'

/** Schedulers that take the first of those with the fewest connections. */
const breakTies: ReadonlySet<string> = new Set(['lc', 'wlc', 'sed', 'nq'])

/** Nodes whose first is another (their rules changed meanwhile) are tolerated as long as they are few. */
const others = 0.1
const fewestNodes = 3

/**
 * Least connection on nodes that are nearly idle: connections end before the next one comes, all backends have none, and the tie goes to the
 * head of the list each time. Then one order of the backends goes down on every node. With orders of their own, each node's first would
 * be any.
 */
export const sameTies = ({ nodes = [], facts, unit }: Observation): readonly Explanation[] => {
  if (unit !== 'connections' || nodes.length < fewestNodes || !breakTies.has(facts.scheduler ?? '')) return []
  return [
    {
      code: 'same-start',
      certainty: 'likely',
      kind: 'whole',
      fit: (situation, masks) => fitTies(nodes, situation, masks),
    },
  ]
}

const fitTies = (nodes: readonly NodeObservation[], situation: Case, masks: readonly Mask[]): Fit | null => {
  const { observation, totals } = situation
  const choices = nodes.map((_, node) => ({ count: 1, weight: 1, node, openedAt: null, backend: null }))
  const odds = drawsOf({ observation, choices }, masks).map((draw) => draw.odds)
  const order = [...totals.keys()].sort((a, b) => sentTo(nodes, b) - sentTo(nodes, a))
  // of the nodes with a first one: its place in the order of those that the node can choose
  const firsts = nodes.flatMap(({ counts }, j) => {
    const mine = order.filter((i) => (odds[j]?.[i] ?? 0) > 0).map((i) => counts[i] ?? 0)
    const most = Math.max(0, ...mine)
    return most === 0 || mine.filter((count) => count === most).length > 1 || mine.length < 2
      ? []
      : [{ first: mine[0] === most, k: mine.length }]
  })
  const astray = firsts.filter(({ first }) => !first).length
  if (firsts.length < fewestNodes || astray > others * firsts.length) return null
  const gain = sum(
    firsts.map(({ first, k }) => (first ? Math.log((1 - others) * k) : Math.log((others * k) / (k - 1)))),
  )
  return { p: 1, expected: totals, gain: gain - Math.log(order.length) }
}

const sentTo = (nodes: readonly NodeObservation[], backend: number): number =>
  sum(nodes.map(({ counts }) => counts[backend] ?? 0))
