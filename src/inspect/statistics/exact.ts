import { logGamma } from './gamma.ts'
import { below } from './numbers.ts'
import { type Tails, tieMargin } from './pearson.ts'

/** How many outcomes n draws over k cells have: C(n + k − 1, k − 1). */
export const outcomes = (n: number, k: number): number => {
  let total = 1
  for (let i = 1; i < k && total < 2 ** 53; i++) total = (total * (n + i)) / i
  return Math.round(total)
}

/** How many outcomes there are when cells are alike: partitions of n into at most k parts. Stops counting beyond `most`. */
export const partitions = (n: number, k: number, most: number): number => {
  if (k === 2) return Math.floor(n / 2) + 1
  // of n into at most three parts there are n²/12
  if (n * n > 12 * most) return Infinity
  const ways = new Float64Array(n + 1)
  ways[0] = 1
  for (let part = 1; part <= Math.min(n, k); part++) {
    for (let i = part; i <= n; i++) ways[i] = (ways[i] ?? 0) + (ways[i - part] ?? 0)
    if ((ways[n] ?? 0) > most) return Infinity
  }
  return ways[n] ?? 1
}

const logFactorials = (n: number): readonly number[] => Array.from({ length: n + 1 }, (_, i) => logGamma(i + 1))

/** Logarithms of factorials leave twelve digits. */
const rounded = (p: number): number => Math.min(1, Number(p.toPrecision(12)))

/** The tails of Pearson's X² by visiting every outcome; costs `outcomes(n, k)`. Odds are positive and sum to 1. */
export const exactTails = (statistic: number, n: number, odds: readonly number[]): Tails => {
  const logOdds = odds.map(Math.log)
  const logFactorial = logFactorials(n)
  const margin = tieMargin(statistic)
  let upper = 0
  let lower = 0
  const visit = (cell: number, left: number, weight: number, x2: number): void => {
    const last = cell === odds.length - 1
    const expected = n * (odds[cell] ?? 0)
    for (let count = last ? left : 0; count <= left; count++) {
      const after = weight + count * (logOdds[cell] ?? 0) - (logFactorial[count] ?? 0)
      const sum = x2 + (count - expected) ** 2 / expected
      if (!last) visit(cell + 1, left - count, after, sum)
      else {
        const probability = Math.exp(after)
        if (sum >= statistic - margin) upper += probability
        if (sum <= statistic + margin) lower += probability
      }
    }
  }
  visit(0, n, logFactorial[n] ?? 0, 0)
  return { upper: rounded(upper), lower: rounded(lower) }
}

/**
 * The same for k cells that are alike: one visit for all outcomes that are permutations of each other, so it costs
 * `partitions(n, k)`, once; with n ≤ 50 that is little for any k.
 */
export const exactUniformTails = (n: number, k: number): ((statistic: number) => Tails) => {
  const masses = massesBySquares(n, k)
  const squares = Float64Array.from(masses.keys()).sort()
  const statistics = squares.map((s) => (s * k) / n - n)
  const lower = squares.map((s) => masses.get(s) ?? 0)
  const upper = lower.slice()
  for (let i = 1; i < lower.length; i++) lower[i] = (lower[i] ?? 0) + (lower[i - 1] ?? 0)
  for (let i = upper.length - 2; i >= 0; i--) upper[i] = (upper[i] ?? 0) + (upper[i + 1] ?? 0)
  return (statistic) => {
    const margin = tieMargin(statistic)
    return {
      upper: rounded(upper[below(statistics, statistic - margin)] ?? 0),
      lower: rounded(lower[below(statistics, statistic + margin) - 1] ?? 0),
    }
  }
}

/** Of Σ count², on which alone X² depends, the probability of each value. */
const massesBySquares = (n: number, k: number): ReadonlyMap<number, number> => {
  const logFactorial = logFactorials(Math.max(n, k))
  const masses = new Map<number, number>()
  const visit = (largest: number, left: number, cells: number, weight: number, squares: number): void => {
    if (left === 0) {
      masses.set(squares, (masses.get(squares) ?? 0) + Math.exp(weight - (logFactorial[cells] ?? 0)))
      return
    }
    for (let size = Math.min(largest, left); size * cells >= left && size > 0; size--)
      for (let times = 1; times <= cells && times * size <= left; times++) {
        const after = weight - times * (logFactorial[size] ?? 0) - (logFactorial[times] ?? 0)
        visit(size - 1, left - times * size, cells - times, after, squares + times * size * size)
      }
  }
  visit(n, n, k, (logFactorial[n] ?? 0) + (logFactorial[k] ?? 0) - n * Math.log(k), 0)
  return masses
}
