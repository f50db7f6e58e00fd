import { binomialLogPmf } from './binomial.ts'

/** A source of uint32, as `seededRandom` gives one. */
export type Random = () => number

/** Uniform in (0, 1) with 53 bits. */
export const uniform = (random: Random): number => ((random() >>> 5) * 2 ** 26 + (random() >>> 6) + 0.5) / 2 ** 53

/** By inversion, upwards from 0: O(np). For np < 10. */
const byInversion = (random: Random, n: number, p: number): number => {
  const odds = p / (1 - p)
  let pmf = Math.exp(n * Math.log1p(-p))
  let rest = uniform(random)
  let count = 0
  while (rest > pmf && count < n) {
    rest -= pmf
    pmf *= ((n - count) / (count + 1)) * odds
    count++
  }
  return count
}

/** Hörmann 1993, "The generation of binomial random variates", algorithm BTRS: O(1). For np ≥ 10, p ≤ ½. */
const byRejection = (random: Random, n: number, p: number): number => {
  const deviation = Math.sqrt(n * p * (1 - p))
  const b = 1.15 + 2.53 * deviation
  const a = -0.0873 + 0.0248 * b + 0.01 * p
  const alpha = (2.83 + 5.1 / b) * deviation
  const centre = n * p + 0.5
  const squeeze = 0.92 - 4.2 / b
  const mode = Math.floor((n + 1) * p)
  for (;;) {
    const u = uniform(random) - 0.5
    const us = 0.5 - Math.abs(u)
    const count = Math.floor(((2 * a) / us + b) * u + centre)
    if (count < 0 || count > n) continue
    const v = uniform(random)
    if (us >= 0.07 && v <= squeeze) return count
    const ratio = Math.log((v * alpha) / (a / (us * us) + b))
    if (ratio <= binomialLogPmf(count, n, p) - binomialLogPmf(mode, n, p)) return count
  }
}

/** A binomial draw, n up to 2⁵³. */
export const drawBinomial = (random: Random, n: number, p: number): number => {
  if (n === 0 || p <= 0) return 0
  if (p >= 1) return n
  if (p > 0.5) return n - drawBinomial(random, n, 1 - p)
  return n * p < 10 ? byInversion(random, n, p) : byRejection(random, n, p)
}

/** Vose 1991: an alias table draws a cell in proportion to its odds in O(1). Odds sum to 1. */
const drawCell = (odds: readonly number[]): ((random: Random) => number) => {
  const k = odds.length
  const each = k / 2 ** 32
  if (odds.every((p) => p === odds[0])) return (random) => Math.floor(random() * each)
  const scaled = Float64Array.from(odds, (p) => p * k)
  const alias = Uint32Array.from(odds, (_, i) => i)
  const small: number[] = []
  const large: number[] = []
  scaled.forEach((p, i) => (p < 1 ? small : large).push(i))
  while (small.length > 0 && large.length > 0) {
    const less = small.pop() ?? 0
    const more = large.at(-1) ?? 0
    alias[less] = more
    scaled[more] = (scaled[more] ?? 0) + (scaled[less] ?? 0) - 1
    if ((scaled[more] ?? 0) < 1) small.push(large.pop() ?? 0)
  }
  // what is left over is 1 but for rounding
  for (const i of [...small, ...large]) scaled[i] = 1
  return (random) => {
    const at = random() * each
    const cell = Math.floor(at)
    return (at - cell < (scaled[cell] ?? 1) ? cell : alias[cell]) ?? cell
  }
}

/** Odds that sum to 1, made ready to draw from. */
export interface Cells {
  readonly size: number
  /** one draw: a cell's index */
  readonly one: (random: Random) => number
  /** the odds of each cell when those before it were not chosen; those of the last that can be chosen are 1 */
  readonly conditional: readonly number[]
}

export const cells = (odds: readonly number[]): Cells => ({
  size: odds.length,
  one: drawCell(odds),
  conditional: conditionalOdds(odds),
})

const conditionalOdds = (odds: readonly number[]): readonly number[] => {
  const last = odds.findLastIndex((p) => p > 0)
  let rest = 0
  return odds
    .slice(0, last + 1)
    .toReversed()
    .map((p, i) => {
      rest += p
      return i === 0 ? 1 : p / rest
    })
    .toReversed()
}

/** What one binomial costs, in draws of one cell. */
const binomialCost = 50

/** What a draw of n over these odds costs, in draws of one cell (about 5 ns each). */
export const drawCost = (n: number, cells: number): number => Math.min(n, cells * binomialCost)

/** Adds multinomial draws to totals. */
export type Sampler = (random: Random, totals: Float64Array) => void

/** `n` draws, each adding `weight` to its cell: one by one where they are few, else cell by cell. */
export const sampler = (n: number, { size, one, conditional }: Cells, weight = 1): Sampler => {
  if (n <= size * binomialCost)
    return (random, totals) => {
      for (let i = 0; i < n; i++) {
        const cell = one(random)
        totals[cell] = (totals[cell] ?? 0) + weight
      }
    }
  return (random, totals) => {
    let left = n
    for (let i = 0; i < conditional.length && left > 0; i++) {
      const count = drawBinomial(random, left, conditional[i] ?? 0)
      totals[i] = (totals[i] ?? 0) + count * weight
      left -= count
    }
  }
}
