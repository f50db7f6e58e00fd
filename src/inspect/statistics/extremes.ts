import { binomialLogPmf } from './binomial.ts'
import { stirlingError } from './gamma.ts'
import { normalUpper } from './normal.ts'
import { sum } from './numbers.ts'

/** The backends that luck alone leaves without a connection: Σ (1 − p)ⁿ, k(1 − 1/k)ⁿ for uniform odds. */
export const expectedIdle = (n: number, odds: readonly number[]): number =>
  sum(odds.map((p) => Math.exp(binomialLogPmf(0, n, p))))

/** Points of a contour times terms of a series that are summed at most: about a tenth of a second. */
const patience = 1e6

/**
 * The busiest of k backends over the mean, on average over fair random splits of n connections: exact where counts are small;
 * from the expected greatest of k normal variables where they are large, to three digits. 1 without connections.
 */
export const expectedMaxOverMean = (n: number, k: number): number => {
  if (n === 0 || k < 2) return 1
  const mean = n / k
  const points = 2 * Math.ceil(6 * Math.sqrt(n) + 32)
  const most = Math.min(n, Math.ceil(mean + 12 * Math.sqrt(mean) + 40))
  if (points * most <= patience) return expectedMaximum(n, k, points, most) / mean
  return 1 + expectedNormalMaximum(k) / Math.sqrt(mean)
}

/**
 * Σ P(max > m). Levin 1981: counts are Poisson's with mean λ = n/k given that they sum to n, so P(max ≤ m) is the coefficient of zⁿ
 * in (Σ_{j≤m} e^{−λ}(λz)ʲ/j!)ᵏ over Poisson's P(n). Cauchy's integral over the unit circle finds it; the trapezoid rule is exact
 * but for the coefficients of zⁿ⁺ᴺ and zⁿ⁻ᴺ, N points, which are e^{−N²/2n} of it.
 */
const expectedMaximum = (n: number, k: number, points: number, most: number): number => {
  const mean = n / k
  const real = new Float64Array(points)
  const imaginary = new Float64Array(points)
  const poissonOfN = Math.exp(-stirlingError(n)) / Math.sqrt(2 * Math.PI * n)
  let logTerm = -mean
  let expected = 0
  for (let m = 0; m < most; m++) {
    const term = Math.exp(logTerm)
    let coefficient = 0
    // the other half of the circle mirrors this one
    for (let i = 0; i <= points / 2; i++) {
      const angle = (2 * Math.PI * i) / points
      const re = (real[i] ?? 0) + term * Math.cos(m * angle)
      const im = (imaginary[i] ?? 0) + term * Math.sin(m * angle)
      real[i] = re
      imaginary[i] = im
      const value = (re * re + im * im) ** (k / 2) * Math.cos(k * Math.atan2(im, re) - n * angle)
      coefficient += i === 0 || i === points / 2 ? value : 2 * value
    }
    expected += 1 - Math.max(0, Math.min(1, coefficient / points / poissonOfN))
    logTerm += Math.log(mean / (m + 1))
  }
  return expected
}

/** ∫ P(max > z) − P(max ≤ −z) dz over z ≥ 0 of k independent standard normal variables, by Simpson's rule. */
const expectedNormalMaximum = (k: number): number => {
  const steps = 1000
  const width = 12 / steps
  const below = (z: number): number => Math.exp(k * Math.log1p(-normalUpper(z)))
  let total = 0
  for (let i = 0; i <= steps; i++) {
    const z = i * width
    const weight = i === 0 || i === steps ? 1 : 2 + 2 * (i % 2)
    total += weight * (1 - below(z) - below(-z))
  }
  return (total * width) / 3
}
