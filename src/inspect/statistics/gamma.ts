/**
 * The incomplete gamma function and the chi-square distributions made of it, by the series and the continued fraction
 * of Numerical Recipes §6.2 (DLMF 8.7.1 and 8.9.2): about 13 digits, also far out in the tail.
 */

// Lanczos, g = 7, n = 9 (Godfrey): 15 digits
const lanczos = [
  676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
  -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
]

/** ln Γ(x), x > 0 */
export const logGamma = (x: number): number => {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x)
  const base = x + 6.5
  const sum = lanczos.reduce((sum, c, i) => sum + c / (x + i), 0.99999999999980993)
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(base) - base + Math.log(sum)
}

const terms = 100_000

const lowerBySeries = (a: number, x: number): number => {
  let term = 1 / a
  let sum = term
  for (let n = 1; n < terms && term > sum * 1e-17; n++) {
    term *= x / (a + n)
    sum += term
  }
  return sum * Math.exp(a * Math.log(x) - x - logGamma(a))
}

// modified Lentz
const upperByFraction = (a: number, x: number): number => {
  const tiny = 1e-300
  let b = x + 1 - a
  let c = 1 / tiny
  let d = 1 / b
  let fraction = d
  for (let i = 1; i < terms; i++) {
    const an = -i * (i - a)
    b += 2
    d = an * d + b
    d = 1 / (Math.abs(d) < tiny ? tiny : d)
    c = b + an / c
    if (Math.abs(c) < tiny) c = tiny
    fraction *= d * c
    if (Math.abs(d * c - 1) < 1e-16) break
  }
  return fraction * Math.exp(a * Math.log(x) - x - logGamma(a))
}

/** P(a, x) and Q(a, x) = 1 − P, a > 0, each without cancellation. */
export const incompleteGamma = (a: number, x: number): { readonly lower: number; readonly upper: number } => {
  if (x <= 0) return { lower: 0, upper: 1 }
  if (x === Infinity) return { lower: 1, upper: 0 }
  if (x < a + 1) {
    const lower = Math.min(1, lowerBySeries(a, x))
    return { lower, upper: 1 - lower }
  }
  const upper = Math.min(1, upperByFraction(a, x))
  return { lower: 1 - upper, upper }
}

/** P(X² ≤ x) and P(X² ≥ x) of the chi-square distribution. */
export const chiSquare = (degrees: number, x: number): { readonly lower: number; readonly upper: number } =>
  incompleteGamma(degrees / 2, x / 2)

const bisect = (low: number, high: number, tooLow: (x: number) => boolean): number => {
  for (let i = 0; i < 200 && high - low > 1e-12 * high; i++) {
    const middle = (low + high) / 2
    if (tooLow(middle)) low = middle
    else high = middle
  }
  return (low + high) / 2
}

const doubled = (tooLow: (x: number) => boolean): number => {
  let high = 1
  while (high < 1e12 && tooLow(high)) high *= 2
  return high
}

/** The x that chi-square passes with probability `level`. */
export const chiSquareCritical = (degrees: number, level: number): number => {
  const tooLow = (x: number): boolean => chiSquare(degrees, x).upper > level
  return bisect(0, doubled(tooLow), tooLow)
}

/** P(X² ≥ x) of the noncentral distribution: a Poisson mixture, summed outwards from its heaviest term. */
export const noncentralUpper = (degrees: number, lambda: number, x: number): number => {
  const half = lambda / 2
  const weight = (j: number): number => Math.exp(j * Math.log(half) - half - logGamma(j + 1))
  if (half === 0) return chiSquare(degrees, x).upper
  const middle = Math.floor(half)
  const reach = Math.ceil(12 * Math.sqrt(half) + 30)
  let sum = 0
  for (let j = Math.max(0, middle - reach); j <= middle + reach; j++)
    sum += weight(j) * chiSquare(degrees + 2 * j, x).upper
  return Math.min(1, sum)
}

/** The non-centrality at which a test of this level finds the difference with this power. */
export const noncentralityFor = (degrees: number, level: number, power: number): number => {
  const critical = chiSquareCritical(degrees, level)
  const tooLow = (lambda: number): boolean => noncentralUpper(degrees, lambda, critical) < power
  return bisect(0, doubled(tooLow), tooLow)
}
