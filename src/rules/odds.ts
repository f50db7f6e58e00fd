import type { Fraction } from '../model/packet.ts'
import { fraction } from './fraction.ts'

const WORDS = 1n << 32n

/**
 * Odds that a number generator gives a value in first … last (both inside, 0 … modulus − 1).
 * inc: each value once a round. random: reciprocal_scale() of 32 random bits, i.e. ⌊bits · modulus / 2³²⌋, counted exactly.
 */
export const oddsBetween = (mode: 'inc' | 'random', modulus: number, first: number, last: number): Fraction => {
  if (last < first) return fraction(0n, 1n)
  if (mode === 'inc') return fraction(BigInt(last - first + 1), BigInt(modulus))
  const count = ceiling((BigInt(last) + 1n) * WORDS, BigInt(modulus)) - ceiling(BigInt(first) * WORDS, BigInt(modulus))
  return fraction(count, WORDS)
}

const ceiling = (numerator: bigint, denominator: bigint): bigint => (numerator + denominator - 1n) / denominator
