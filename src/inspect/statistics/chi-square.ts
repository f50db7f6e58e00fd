import { gammaTerm, incompleteGamma } from './gamma.ts'
import { doubled, rootOf } from './root.ts'

/** P(X² ≤ x) and P(X² ≥ x) of the chi-square distribution. */
export const chiSquare = (degrees: number, x: number): { readonly lower: number; readonly upper: number } =>
  incompleteGamma(degrees / 2, x / 2)

/** The x that chi-square passes with probability `level`. */
export const chiSquareCritical = (degrees: number, level: number): number => {
  // on a logarithmic scale, where the tail is nearly straight
  const off = (x: number): number => Math.log(level) - Math.log(Math.max(chiSquare(degrees, x).upper, Number.MIN_VALUE))
  const high = doubled(off)
  return rootOf(off, high === 1 ? 0 : high / 2, high)
}

/** Beyond this the normal limit is good to more digits than the mixture can be summed to in time. */
const farFromCentral = 1e6

/** P(X² ≥ x) of the noncentral distribution: a Poisson mixture, summed outwards from its heaviest terms. */
export const noncentralUpper = (degrees: number, lambda: number, x: number): number => {
  if (lambda === 0) return chiSquare(degrees, x).upper
  if (lambda > farFromCentral) {
    const z = (degrees + lambda - x) / Math.sqrt(2 * (degrees + 2 * lambda))
    return z > 0 ? 1 - chiSquare(1, z * z).upper / 2 : chiSquare(1, z * z).upper / 2
  }
  const half = lambda / 2
  const reach = Math.ceil(12 * Math.sqrt(half) + 30)
  const first = Math.max(0, Math.floor(half) - reach)
  const a = degrees / 2 + first
  let upper = chiSquare(2 * a, x).upper
  let weight = gammaTerm(first + 1, half) / half
  let sum = 0
  for (let j = 0; j <= 2 * reach; j++) {
    sum += weight * upper
    // DLMF 8.8.6: Q(a + 1, x) = Q(a, x) + xᵃe⁻ˣ / Γ(a + 1)
    upper = Math.min(1, upper + gammaTerm(a + j, x / 2) / (a + j))
    weight *= half / (first + j + 1)
  }
  return Math.min(1, sum)
}

/** The non-centrality at which a test of this level finds the difference with this power. */
export const noncentralityFor = (degrees: number, level: number, power: number): number => {
  const critical = chiSquareCritical(degrees, level)
  const off = (lambda: number): number => noncentralUpper(degrees, lambda, critical) - power
  const high = doubled(off)
  return rootOf(off, high === 1 ? 0 : high / 2, high)
}
