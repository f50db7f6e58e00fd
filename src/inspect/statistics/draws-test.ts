import { chiSquare } from './chi-square.ts'
import { type Cells, cells, drawCost, type Random, type Sampler, sampler } from './draw.ts'
import { sampledTails } from './monte-carlo.ts'
import { neededFor } from './needed.ts'
import { smallest, sum } from './numbers.ts'
import type { Judged } from './pearson.ts'
import { checkLevel, type SkewOptions, type SkewTest, skewTest } from './skew-test.ts'
import { verdictOf } from './verdict.ts'

/**
 * Independent choices that were made alike: `count` times a backend was chosen by these odds and got `weight`. They can be the
 * connections that opened while the same backends were in the rules, those of one node, or the one choice of a client
 * whose affinity carries all its connections to one backend.
 */
export interface Draws {
  /** for each backend, sum to 1; the same array where odds are the same */
  readonly odds: readonly number[]
  /** whole number */
  readonly count: number
  /** connections, bytes, seconds of CPU; default 1 */
  readonly weight?: number
}

/**
 * Totals per backend tested against what draws would make of them. `n` and `needed` count equal choices that vary as much,
 * (Σw)²/Σw²; the statistic is Σ (total − expected)²/v, v = Σ count·w²·p, which is Pearson's X² where all weigh 1, and about χ² with
 * k − 1 degrees at most where odds differ.
 */
export interface DrawsTest extends SkewTest {
  /** the variation luck alone gives the totals, √E[CV²]; that of the odds is in it */
  readonly cvLuck: number
}

/**
 * Exact or by χ² where all draws are alike (`testCounts`), else from seeded draws. Throws RangeError when counts, weights, odds or
 * totals are no such numbers, or totals do not sum to what the draws carry.
 */
export const testDraws = (totals: readonly number[], draws: readonly Draws[], options: SkewOptions = {}): DrawsTest =>
  drawsTest(draws, totals.length, options)(totals)

/** The test for many totals of the same draws over `k` backends: what is drawn is drawn once. Throws as `testDraws`. */
export const drawsTest = (
  given: readonly Draws[],
  k: number,
  options: SkewOptions = {},
): ((totals: readonly number[]) => DrawsTest) => {
  const draws = pooled(given, k)
  const expected = weighted(draws, k, ({ count, weight }) => count * weight)
  const cvLuck = variationOf(draws, expected)
  const [only = { odds: given[0]?.odds ?? expected.map(() => 1), count: 0, weight: 1 }, another] = draws
  const alike = another === undefined ? skewTest(only.count, only.odds, options) : null
  const differing = another === undefined ? null : differingTest(draws, expected, options)
  return (totals) => {
    check(totals, draws)
    const counts = totals.map((total) => Math.round(total / only.weight))
    const whole = totals.every((total, i) => Math.abs(total / only.weight - (counts[i] ?? 0)) < 1e-6)
    if (alike !== null && whole) return { ...alike(counts), expected, cvLuck }
    return { ...(differing ?? differingTest(draws, expected, options))(totals), cvLuck }
  }
}

/** Draws that differ in odds or weight. */
const differingTest = (
  draws: readonly Pool[],
  expected: readonly number[],
  options: SkewOptions,
): ((totals: readonly number[]) => SkewTest) => {
  const level = options.level ?? 0.05
  checkLevel(level)
  const spread = weighted(draws, expected.length, ({ count, weight }) => count * weight ** 2)
  const n = sum(expected) ** 2 / sum(spread)
  const shares = expected.filter((e) => e > 0).map((e) => e / sum(expected))
  const k = shares.length
  const distance = distanceFrom(expected, spread)
  const judge = judgeOf(distance, { draws, shares, n }, options)
  const needed = neededFor(shares, level)
  return (totals) => {
    const statistic = distance(totals)
    const { test, tails } = judge(statistic)
    const rejected = { upper: tails.upper <= level, lower: tails.lower <= level }
    const verdict = verdictOf(rejected, { n, k, needed })
    return { n, k, level, test, statistic, p: tails.upper, pLower: tails.lower, verdict, needed, expected }
  }
}

type Pool = Required<Draws>

/** Beyond so many different pools, weights within a tenth of each other are pooled, at their mean. */
const manyPools = 4096
const classesPerE = 10

/** Draws with the same odds and weight become one. */
const pooled = (given: readonly Draws[], k: number): readonly Pool[] => {
  given.forEach(({ count, weight = 1, odds }, i) => {
    if (!Number.isSafeInteger(count) || count < 0)
      throw new RangeError(`draws[${i}].count is ${count}, not a whole number from 0`)
    if (!Number.isFinite(weight) || weight < 0)
      throw new RangeError(`draws[${i}].weight is ${weight}, not a number from 0`)
    if (odds.length !== k) throw new RangeError(`draws[${i}].odds has ${odds.length} entries for ${k} totals`)
  })
  const classOf = given.length > manyPools ? (w: number) => Math.floor(Math.log(w) * classesPerE) : (w: number) => w
  const byOdds = new Map<readonly number[], Map<number, { count: number; load: number }>>()
  for (const { odds, count, weight = 1 } of given) {
    if (count === 0 || weight === 0) continue
    const classes = byOdds.get(odds) ?? new Map<number, { count: number; load: number }>()
    byOdds.set(odds, classes)
    const pool = classes.get(classOf(weight)) ?? { count: 0, load: 0 }
    classes.set(classOf(weight), { count: pool.count + count, load: pool.load + count * weight })
  }
  return [...byOdds].flatMap(([odds, classes]) =>
    [...classes.values()].map(({ count, load }) => ({ odds, count, weight: load / count })),
  )
}

const check = (totals: readonly number[], draws: readonly Pool[]): void => {
  const index = totals.findIndex((total) => !Number.isFinite(total) || total < 0)
  if (index >= 0) throw new RangeError(`totals[${index}] is ${totals[index]}, not a number from 0`)
  const total = sum(totals)
  const carried = sum(draws.map(({ count, weight }) => count * weight))
  if (Math.abs(total - carried) > 1e-6 * Math.max(total, carried))
    throw new RangeError(`totals sum to ${total}, what was drawn to ${carried}`)
}

/** Σ of an amount by the odds, for each backend. */
const weighted = (draws: readonly Pool[], k: number, amountOf: (pool: Pool) => number): readonly number[] => {
  const totals = new Float64Array(k)
  for (const some of draws) {
    const amount = amountOf(some)
    for (let i = 0; i < k; i++) totals[i] = (totals[i] ?? 0) + amount * (some.odds[i] ?? 0)
  }
  return [...totals]
}

/** As `variationByLuck`, of draws that differ: the variance of a total is Σ count·w²·p(1 − p). */
const variationOf = (draws: readonly Pool[], expected: readonly number[]): number => {
  const mean = sum(expected) / expected.length
  if (mean === 0) return Infinity
  const variance = new Float64Array(expected.length)
  for (const { odds, count, weight } of draws)
    for (let i = 0; i < variance.length; i++) {
      const p = odds[i] ?? 0
      variance[i] = (variance[i] ?? 0) + count * weight ** 2 * p * (1 - p)
    }
  return Math.sqrt(sum(expected.map((e, i) => ((variance[i] ?? 0) + (e - mean) ** 2) / mean ** 2)) / expected.length)
}

const distanceFrom =
  (expected: readonly number[], spread: readonly number[]) =>
  (totals: ArrayLike<number>): number => {
    let distance = 0
    for (let i = 0; i < expected.length; i++) {
      const off = (totals[i] ?? 0) - (expected[i] ?? 0)
      if ((spread[i] ?? 0) > 0) distance += off ** 2 / (spread[i] ?? 1)
      else if (off > 0) return Infinity
    }
    return distance
  }

/** of a pool's draws, in draws of one cell */
const callCost = 12

/** By Monte Carlo; where no draw reaches, χ² bounds the upper tail if enough was drawn. */
const judgeOf = (
  distance: (totals: ArrayLike<number>) => number,
  { draws, shares, n }: { readonly draws: readonly Pool[]; readonly shares: readonly number[]; readonly n: number },
  { level = 0.05, seed = 'skew', family = 1 }: SkewOptions,
): ((statistic: number) => Judged) => {
  const k = draws[0]?.odds.length ?? 0
  const cost = sum(draws.map(({ count }) => drawCost(count, k) + callCost)) + k
  const sampled = sampledTails({ draw: statisticDraw(draws, k, distance), cost, level, seed, family })
  const enough = smallest(shares) * n >= 5
  return (statistic) => {
    if (statistic === Infinity) return { test: 'exact', tails: { upper: 0, lower: 1 } }
    if (shares.length < 2) return { test: 'exact', tails: { upper: 1, lower: 1 } }
    const bound = chiSquare(shares.length - 1, statistic)
    if (enough && bound.upper < 1e-12) return { test: 'chi2', tails: bound }
    const { least, ...tails } = sampled(statistic)
    if (enough && tails.upper <= least && bound.upper < least) return { test: 'chi2', tails: bound }
    return { test: 'monte-carlo', tails }
  }
}

const statisticDraw = (
  draws: readonly Pool[],
  k: number,
  distance: (totals: ArrayLike<number>) => number,
): ((random: Random) => number) => {
  const ready = new Map<readonly number[], Cells>()
  const samplers: readonly Sampler[] = draws.map(({ odds, count, weight }) => {
    const known = ready.get(odds) ?? cells(odds)
    ready.set(odds, known)
    return sampler(count, known, weight)
  })
  const totals = new Float64Array(k)
  return (random) => {
    totals.fill(0)
    for (const add of samplers) add(random, totals)
    return distance(totals)
  }
}
