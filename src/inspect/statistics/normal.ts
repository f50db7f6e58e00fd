import { chiSquare } from './chi-square.ts'
import { rootOf } from './root.ts'

/** P(Z ≥ z) */
export const normalUpper = (z: number): number => {
  const { lower, upper } = chiSquare(1, z * z)
  return z > 0 ? upper / 2 : 0.5 + lower / 2
}

/** The z that a normal variable passes with probability `upper` (0 < upper < 1). */
export const normalQuantile = (upper: number): number => {
  if (upper > 0.5) return -normalQuantile(1 - upper)
  return rootOf((z) => Math.log(upper) - Math.log(Math.max(normalUpper(z), Number.MIN_VALUE)), 0, 40)
}
