import { chiSquare, sum } from '../../statistics/index.ts'
import type { Observation } from '../observation.ts'
import type { Case } from './choices.ts'
import { byRate } from './age-rate.ts'
import type { Explanation, Fit } from './explanation.ts'
import { drawsOf, type Mask } from './odds.ts'

/** Flows that are older than their pod say that the clocks differ, where they are more than these. */
const toleratedContradictions = 0.05
/** seconds by which clocks differ */
const clockSlack = 2
/** seconds between pods that are of one age */
const sameAge = 2
/** of the flows, that must say when they were opened */
const knownOpenings = 0.9

/** A connection could only choose among the pods that were in the rules when it opened. */
export const ages = (observation: Observation): readonly Explanation[] => {
  const starts = observation.backends.map(({ startedAt }) => startedAt)
  if (new Set(starts).size < 2) return []
  const { flows = [], facts, unit } = observation
  const dated = flows.flatMap(({ backend, openedAt }) => (openedAt === undefined ? [] : [{ backend, openedAt }]))
  if (dated.length > 0 && dated.length >= knownOpenings * flows.length)
    return contradicted(observation, dated)
      ? []
      : [{ code: 'young-pods', certainty: 'certain', kind: 'odds', mask: byOpening(starts) }]
  const counted = facts.counted === 'opened' && facts.since !== undefined ? facts.since : -Infinity
  const late = starts.some((start) => start !== undefined && start > counted)
  if (unit !== 'connections' || !late || starts.includes(undefined)) return []
  return [
    ...byRate(observation, starts as readonly number[]),
    { code: 'young-pods', certainty: 'likely', kind: 'whole', fit: byOrder(starts as readonly number[], counted) },
  ]
}

const contradicted = (
  { backends }: Observation,
  dated: readonly { readonly backend: string; readonly openedAt: number }[],
): boolean => {
  const startOf = new Map(backends.map(({ name, startedAt }) => [name, startedAt ?? -Infinity]))
  const older = dated.filter(({ backend, openedAt }) => openedAt + clockSlack < (startOf.get(backend) ?? -Infinity))
  return older.length > toleratedContradictions * dated.length
}

const byOpening = (starts: readonly (number | undefined)[]): Mask => {
  const all = starts.map(() => 1)
  return ({ openedAt }) =>
    openedAt === null ? all : starts.map((start) => (start === undefined || start <= openedAt ? 1 : 0))
}

/**
 * Without flows: whenever the connections were opened, older pods then have at least as many as younger ones, and pods of one age
 * equally many. So the counts are tested against the best such ones (isotonic regression); `counted`: starts before it are one age.
 */
const byOrder =
  (starts: readonly number[], counted: number) =>
  (situation: Case, masks: readonly Mask[]): Fit | null => {
    if (situation.drawn !== 'connections') return null
    const { totals } = situation
    const draws = drawsOf(situation, masks)
    const odds = totals.map(
      (_, i) => sum(draws.map((draw) => draw.count * (draw.odds[i] ?? 0))) / sum(draws.map(({ count }) => count)),
    )
    const groups = groupsByAge(starts.map((start) => Math.max(start, counted)))
    const levels = nonIncreasing(
      groups.map((members) => ({
        members,
        total: sum(members.map((i) => totals[i] ?? 0)),
        odds: sum(members.map((i) => odds[i] ?? 0)),
      })),
    )
    const expected = totals.map(() => 0)
    for (const { members, total, odds: mass } of levels)
      for (const i of members) expected[i] = mass === 0 ? 0 : (total * (odds[i] ?? 0)) / mass
    const n = sum(totals)
    const degrees = totals.filter((_, i) => (odds[i] ?? 0) > 0).length - levels.length
    const x2 = sum(
      totals.map((total, i) => ((expected[i] ?? 0) > 0 ? (total - (expected[i] ?? 0)) ** 2 / (expected[i] ?? 1) : 0)),
    )
    const likelihood = sum(
      totals.map((total, i) => (total === 0 ? 0 : total * Math.log((expected[i] ?? 0) / (n * (odds[i] ?? 0))))),
    )
    // any counts are in the order of some ages: the order found has to be one of few
    if (arrangements(apart(levels).map(({ members }) => members.length)) < fewestOrders) return null
    return {
      p: degrees === 0 ? 1 : chiSquare(degrees, x2).upper,
      expected,
      gain: likelihood - ((levels.length - 1) / 2) * Math.log(n),
    }
  }

/** of ages over pods, so that counts do not fall in their order by chance: one in twenty */
const fewestOrders = 20

interface Level {
  readonly members: readonly number[]
  readonly total: number
  readonly odds: number
}

/** Standard errors at which neighbouring levels are two. */
const distinct = 2.6

/** Levels that differ by more than luck; the others are one. */
const apart = (levels: readonly Level[]): readonly Level[] => {
  const merged: Level[] = []
  for (const level of levels) {
    const before = merged.at(-1)
    if (before === undefined || differ(before, level)) merged.push(level)
    else merged.splice(-1, 1, together(before, level))
  }
  return merged
}

const differ = (before: Level, after: Level): boolean => {
  const share = before.odds / (before.odds + after.odds)
  const n = before.total + after.total
  return before.total - n * share > distinct * Math.sqrt(n * share * (1 - share))
}

const together = (before: Level, after: Level): Level => ({
  members: [...before.members, ...after.members],
  total: before.total + after.total,
  odds: before.odds + after.odds,
})

/** Pods that started together, oldest first. */
const groupsByAge = (starts: readonly number[]): readonly (readonly number[])[] => {
  const groups: number[][] = []
  let last = -Infinity
  for (const i of [...starts.keys()].sort((a, b) => (starts[a] ?? 0) - (starts[b] ?? 0))) {
    const start = starts[i] ?? 0
    if (groups.length > 0 && start - last <= sameAge) groups.at(-1)?.push(i)
    else groups.push([i])
    last = start
  }
  return groups
}

/** In how many ways ages can be dealt to the pods: multinomial coefficient. */
const arrangements = (sizes: readonly number[]): number => {
  let ways = 1
  let placed = 0
  for (const size of sizes) for (let i = 1; i <= size; i++) ways = (ways * ++placed) / i
  return ways
}

/** Pool adjacent violators (Ayer et al. 1955): neighbours that rise become one level. */
const nonIncreasing = (groups: readonly Level[]): readonly Level[] => {
  const levels: Level[] = []
  for (const group of groups) {
    let level = group
    for (let before = levels.at(-1); before !== undefined && rises(before, level); before = levels.at(-1)) {
      levels.pop()
      level = together(before, level)
    }
    levels.push(level)
  }
  return levels
}

const rises = (before: Level, after: Level): boolean => before.total * after.odds <= after.total * before.odds
