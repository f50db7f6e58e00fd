import { deviance, stirlingError } from './gamma.ts'
import { normalQuantile } from './normal.ts'

/** ln P(C = count) of n draws with odds p, to full precision for n up to 2⁵³ (Loader 2000). */
export const binomialLogPmf = (count: number, n: number, p: number): number => {
  if (count < 0 || count > n) return -Infinity
  if (p <= 0) return count === 0 ? 0 : -Infinity
  if (p >= 1) return count === n ? 0 : -Infinity
  if (count === 0) return n * Math.log1p(-p)
  if (count === n) return n * Math.log(p)
  const rest = n - count
  const left = stirlingError(n) - stirlingError(count) - stirlingError(rest)
  return left - deviance(count, n * p) - deviance(rest, n * (1 - p)) - 0.5 * Math.log((2 * Math.PI * count * rest) / n)
}

/** P(C ≥ count) for a count above the mean, P(C ≤ count) below it: terms fall towards the end, so few matter. */
const outwards = (count: number, n: number, p: number): number => {
  const up = count > n * p
  const odds = p / (1 - p)
  let term = Math.exp(binomialLogPmf(count, n, p))
  let total = term
  for (let c = count; up ? c < n : c > 0; up ? c++ : c--) {
    term *= up ? ((n - c) / (c + 1)) * odds : c / ((n - c + 1) * odds)
    if (term < total * 1e-17) break
    total += term
  }
  return total
}

/** From this variance on Cornish and Fisher's quantile is right to a thousandth of a connection, and sums take long. */
const wide = 1e6

/** P(C ≤ count) */
export const binomialLower = (count: number, n: number, p: number): number => {
  if (count < 0) return 0
  if (count >= n) return 1
  return count > n * p ? 1 - outwards(count + 1, n, p) : outwards(count, n, p)
}

/** P(C ≥ count) */
export const binomialUpper = (count: number, n: number, p: number): number => {
  if (count <= 0) return 1
  if (count > n) return 0
  return count > n * p ? outwards(count, n, p) : 1 - outwards(count - 1, n, p)
}

/** The fewest c with P(C ≤ c) ≥ `lower`, 0 < lower < 1; off by one at most where the variance is above a million. */
export const binomialQuantile = (lower: number, n: number, p: number): number => {
  if (p <= 0 || n === 0) return 0
  if (p >= 1) return n
  const variance = n * p * (1 - p)
  // with less variance the series runs away, and the quantile is beside the mean
  const near = variance < 1 ? n * p : cornishFisher(lower, n, p)
  let count = Math.max(0, Math.min(n, Math.round(near)))
  if (variance > wide) return count
  while (count > 0 && binomialLower(count - 1, n, p) >= lower) count--
  while (count < n && binomialLower(count, n, p) < lower) count++
  return count
}

/** Cornish and Fisher 1938, to the kurtosis. */
const cornishFisher = (lower: number, n: number, p: number): number => {
  const z = -normalQuantile(lower)
  const variance = n * p * (1 - p)
  const deviation = Math.sqrt(variance)
  const skewness = (1 - 2 * p) / deviation
  const kurtosis = (1 - 6 * p * (1 - p)) / variance
  const shape =
    ((z * z - 1) * skewness) / 6 +
    ((z ** 3 - 3 * z) * kurtosis) / 24 -
    ((2 * z ** 3 - 5 * z) * skewness * skewness) / 36
  return n * p + deviation * (z + shape)
}
