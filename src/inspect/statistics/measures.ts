import { largest, sum } from './numbers.ts'

/** The population's coefficient of variation of the counts, 0 when there are none. */
export const variation = (counts: readonly number[]): number => {
  const mean = sum(counts) / counts.length
  if (!(mean > 0)) return 0
  return Math.sqrt(sum(counts.map((count) => ((count - mean) / mean) ** 2)) / counts.length)
}

/**
 * The variation luck alone gives `n` draws: the root of E[CV²], √((k − 1)/n) for uniform odds. Odds that differ
 * make counts vary by themselves; that is in it. Infinity without draws.
 * @param odds sum to 1
 */
export const variationByLuck = (n: number, odds: readonly number[]): number => {
  const k = odds.length
  const spread = sum(odds.map((p) => (p - 1 / k) ** 2))
  return Math.sqrt(k * ((1 - sum(odds.map((p) => p * p))) / n + spread))
}

/** Jain's fairness index (Jain, Chiu and Hawe 1984): 1 when all are equal, 1/k when one has all; 1 when there are none. */
export const jain = (counts: readonly number[]): number => 1 / (1 + variation(counts) ** 2)

/** The busiest backend over the mean of all, 0 when there are no counts. */
export const maxOverMean = (counts: readonly number[]): number => {
  const n = sum(counts)
  return n === 0 ? 0 : (largest(counts) * counts.length) / n
}

/** (Σw)²/Σw²: as many equal connections would vary as much as these weighted ones (Kish 1965). 0 when there are none. */
export const effectiveCount = (weights: readonly number[]): number => {
  const most = largest(weights)
  if (!(most > 0)) return 0
  const relative = weights.map((w) => w / most)
  return sum(relative) ** 2 / sum(relative.map((w) => w * w))
}
