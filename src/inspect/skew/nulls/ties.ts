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
  const heads = nodes.flatMap(({ counts }, j) => {
    const mine = order.filter((i) => (odds[j]?.[i] ?? 0) > 0).map((i) => counts[i] ?? 0)
    return headOf(mine) ?? []
  })
  const astray = heads.filter(({ kept }) => !kept).length
  if (heads.length < fewestNodes || astray > others * heads.length) return null
  const gain = sum(
    heads.map(({ kept, odds }) => (kept ? Math.log((1 - others) / odds) : Math.log(others / (1 - odds)))),
  )
  return { p: 1, expected: totals, gain: gain - Math.log(order.length) }
}

/**
 * Does a node's connections, in the common order, say that its list has the same head; and the odds of that by chance. The first connection of
 * an idle node goes to the head, so where there are fewer connections than backends it has one, and with orders of their own at most n of k
 * backends have. Where there are more, the head has most. Null: it says neither.
 */
const headOf = (mine: readonly number[]): { readonly kept: boolean; readonly odds: number } | null => {
  const [head = 0] = mine
  const n = sum(mine)
  if (n === 0 || mine.length < 2) return null
  if (n < mine.length) return { kept: head > 0, odds: n / mine.length }
  const most = Math.max(...mine)
  return mine.filter((count) => count === most).length > 1 ? null : { kept: head === most, odds: 1 / mine.length }
}

const sentTo = (nodes: readonly NodeObservation[], backend: number): number =>
  sum(nodes.map(({ counts }) => counts[backend] ?? 0))
