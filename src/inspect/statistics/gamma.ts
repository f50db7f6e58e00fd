/**
 * The gamma function and its incomplete forms, by the series and the continued fraction of Numerical Recipes §6.2
 * (DLMF 8.7.1 and 8.9.2): about 13 digits, also far out in the tail.
 */

const halfLog2Pi = 0.5 * Math.log(2 * Math.PI)

/**
 * What Stirling's formula leaves out: ln Γ(x) − ((x − ½)·ln x − x + ½·ln 2π), x > 0 (DLMF 5.11.1). Differences of ln Γ at
 * large arguments keep their digits when they are taken term by term with this.
 */
export const stirlingError = (x: number): number => {
  if (x < 15) {
    // Γ(x) = Γ(y)/(x·(x + 1)·…·(y − 1))
    let product = x
    let y = x + 1
    for (; y < 15; y++) product *= y
    return stirlingError(y) + (y - 0.5) * Math.log(y) - y - Math.log(product) - (x - 0.5) * Math.log(x) + x
  }
  const y = 1 / (x * x)
  return (1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y / 1188)))) / x
}

/** ln Γ(x), x > 0 */
export const logGamma = (x: number): number => (x - 0.5) * Math.log(x) - x + halfLog2Pi + stirlingError(x)

/**
 * x·ln(x/m) + m − x, without cancellation where x is near m (Loader 2000, "Fast and accurate computation of binomial
 * probabilities"); m > 0, x ≥ 0.
 */
export const deviance = (x: number, m: number): number => {
  if (x === 0) return m
  const u = (x - m) / m
  if (Math.abs(u) > 0.1) return x * Math.log(x / m) + m - x
  // m·((1 + u)·ln(1 + u) − u) = m·Σ (−u)^j / (j·(j − 1)), j from 2
  let power = u * u
  let sum = 0
  for (let j = 2; j < 40; j++) {
    const before = sum
    sum += power / (j * (j - 1))
    if (sum === before) break
    power *= -u
  }
  return m * sum
}

const terms = 100_000

const lowerBySeries = (a: number, x: number): number => {
  let term = 1 / a
  let sum = term
  for (let n = 1; n < terms && term > sum * 1e-17; n++) {
    term *= x / (a + n)
    sum += term
  }
  return sum * gammaTerm(a, x)
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
  return fraction * gammaTerm(a, x)
}

/** xᵃ·e⁻ˣ / Γ(a), a > 0, x > 0 */
export const gammaTerm = (a: number, x: number): number =>
  Math.exp(-deviance(a, x) + 0.5 * Math.log(a / (2 * Math.PI)) - stirlingError(a))

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
