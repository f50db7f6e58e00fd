import { seededRandom } from '../../../util/random.ts'
import { drawCost, type Sampler, sampler } from '../../statistics/draw.ts'
import type { Tails } from '../../statistics/multinomial.ts'
import { type SkewTest, testCounts } from '../../statistics/verdict.ts'

/** `times` independent choices alike: each carries `weight` to one backend, by `odds` (sum to 1; the same array for the same odds). */
export interface Draws {
  readonly odds: readonly number[]
  readonly times: number
  readonly weight: number
}

/** Totals per backend tested against what draws would make of them. */
export interface DrawsTest {
  readonly test: SkewTest['test']
  /** Pearson's X² of the totals, on the scale of draws of one weight: Σ(C−E)²/E · Σw/Σw² */
  readonly statistic: number
  readonly tails: Tails
  readonly expected: readonly number[]
  /** (Σw)²/Σw² */
  readonly effective: number
  /** population cv that luck alone gives the totals over their expectation: √(E[cv²]) over backends that can be chosen */
  readonly cvLuck: number
}

/** Draws over these many groups are put together by the size of their weight. */
const manyGroups = 4096
/** of equal ratio: weights in one class differ by less than a tenth */
const classesPerE = 10
const budget = 2e7
const fewestRuns = 199
const mostRuns = 9999
/** statistics that were summed in another order differ in the last digits */
const slack = 1e-9

const sum = (numbers: Iterable<number>): number => {
  let total = 0
  for (const x of numbers) total += x
  return total
}

/** Draws alike are one: fewer groups, and the exact test where there is only one. */
export const merged = (draws: readonly Draws[]): readonly Draws[] => {
  const byOdds = new Map<readonly number[], Map<number, { times: number; load: number }>>()
  const classOf = draws.length > manyGroups ? (w: number) => Math.floor(Math.log(w) * classesPerE) : (w: number) => w
  for (const { odds, times, weight } of draws) {
    if (times === 0 || weight === 0) continue
    let classes = byOdds.get(odds)
    if (classes === undefined) byOdds.set(odds, (classes = new Map()))
    const key = classOf(weight)
    const old = classes.get(key)
    if (old === undefined) classes.set(key, { times, load: times * weight })
    else {
      old.times += times
      old.load += times * weight
    }
  }
  return [...byOdds].flatMap(([odds, classes]) =>
    [...classes.values()].map(({ times, load }) => ({ odds, times, weight: load / times })),
  )
}

const expectedOf = (draws: readonly Draws[], k: number): readonly number[] => {
  const expected = Array.from({ length: k }, () => 0)
  for (const { odds, times, weight } of draws)
    odds.forEach((p, i) => (expected[i] = (expected[i] ?? 0) + times * weight * p))
  return expected
}

const distance = (totals: ArrayLike<number>, expected: readonly number[], scale: number): number => {
  let x2 = 0
  for (const [i, e] of expected.entries()) {
    const total = totals[i] ?? 0
    if (e > 0) x2 += (total - e) ** 2 / e
    else if (total > 0) return Infinity
  }
  return x2 * scale
}

/** E[Σ(C−E)²/E²]/k: the variance of each total is Σ times·w²·p(1−p). */
const luckOf = (draws: readonly Draws[], expected: readonly number[]): number => {
  const possible = expected.flatMap((e, i) => {
    if (e === 0) return []
    return [
      sum(draws.map(({ odds, times, weight }) => times * weight ** 2 * (odds[i] ?? 0) * (1 - (odds[i] ?? 0)))) / e ** 2,
    ]
  })
  return possible.length === 0 ? 0 : Math.sqrt(sum(possible) / possible.length)
}

/**
 * The tails of `totals`: exact or by chi-square where all draws are alike, else from seeded draws, (hits + 1) / (runs + 1).
 * The totals must sum to what the draws carry.
 */
export const testDraws = (
  totals: readonly number[],
  given: readonly Draws[],
  options: { readonly level: number; readonly seed: string },
): DrawsTest => {
  const draws = merged(given)
  const load = sum(draws.map(({ times, weight }) => times * weight))
  const squares = sum(draws.map(({ times, weight }) => times * weight ** 2))
  const expected = expectedOf(draws, totals.length)
  const scale = squares === 0 ? 1 : load / squares
  const found = {
    expected,
    effective: load * scale,
    cvLuck: luckOf(draws, expected),
    statistic: distance(totals, expected, scale),
  }
  const [only] = draws
  if (draws.length <= 1) {
    const odds = only?.odds ?? totals.map(() => 1)
    const { test, p, pLower } = testCounts(wholeDraws(totals, only), odds, options)
    return { ...found, test, tails: { upper: p, lower: pLower } }
  }
  if (found.statistic === Infinity) return { ...found, test: 'exact', tails: { upper: 0, lower: 1 } }
  return { ...found, test: 'monte-carlo', tails: sampledTails(found.statistic, draws, expected, { scale, ...options }) }
}

/** Of draws that all carry the same, how many fell to each backend. */
const wholeDraws = (totals: readonly number[], only: Draws | undefined): readonly number[] =>
  only === undefined ? totals : totals.map((total) => total / only.weight)

const sampledTails = (
  statistic: number,
  draws: readonly Draws[],
  expected: readonly number[],
  { scale, seed }: { readonly scale: number; readonly seed: string },
): Tails => {
  const random = seededRandom(seed)
  const groups = draws.map(({ odds, times, weight }) => ({ add: sampler(times, odds), weight }))
  const cost = sum(draws.map(({ odds, times }) => drawCost(times, odds.length) + odds.length))
  const runs = Math.max(fewestRuns, Math.min(mostRuns, Math.floor(budget / cost)))
  const margin = slack * Math.max(1, statistic)
  const totals = new Float64Array(expected.length)
  const counts = new Float64Array(expected.length)
  let upper = 1
  let lower = 1
  for (let run = 0; run < runs; run++) {
    totals.fill(0)
    for (const { add, weight } of groups) addDraws(add, weight, random, counts, totals)
    const x2 = distance(totals, expected, scale)
    if (x2 >= statistic - margin) upper++
    if (x2 <= statistic + margin) lower++
  }
  return { upper: upper / (runs + 1), lower: lower / (runs + 1) }
}

const addDraws = (
  add: Sampler,
  weight: number,
  random: () => number,
  counts: Float64Array,
  totals: Float64Array,
): void => {
  counts.fill(0)
  add(random, counts)
  for (let i = 0; i < counts.length; i++) totals[i] = (totals[i] ?? 0) + weight * (counts[i] ?? 0)
}
