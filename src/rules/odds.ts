import type { Fraction } from '../model/packet.ts'
import { fraction } from './fraction.ts'
import { type Mass, massOf } from './mass.ts'

const WORDS = 1n << 32n

/**
 * Odds that a number generator gives a value in first … last (both inside, 0 … modulus − 1).
 * inc: each value once a round. random: reciprocal_scale() of 32 random bits, i.e. ⌊bits · modulus / 2³²⌋, counted exactly.
 */
export const oddsBetween = (mode: 'inc' | 'random', modulus: number, first: number, last: number): Mass => {
  if (last < first || modulus < 1) return none
  if (mode === 'inc') return massOf(fraction(BigInt(last - first + 1), BigInt(modulus)))
  const count = ceiling((BigInt(last) + 1n) * WORDS, BigInt(modulus)) - ceiling(BigInt(first) * WORDS, BigInt(modulus))
  return massOf(fraction(count, WORDS))
}

const none: Mass = { top: 0n, odd: 1n, twos: 0 }

/**
 * Odds of iptables' `-m statistic --mode random --probability p`: N/2³¹, N = p · 2³¹ rounded half away from zero as libxt_statistic.c's
 * lround() does; the kernel matches when 31 random bits are below N (xt_statistic.c).
 */
export const statisticOdds = (probability: number): Fraction => {
  const scaled = Math.min(1, Math.max(0, probability)) * 2 ** 31
  const whole = Math.trunc(scaled)
  return fraction(BigInt(scaled - whole >= 0.5 ? whole + 1 : whole), 1n << 31n)
}

const ceiling = (numerator: bigint, denominator: bigint): bigint => (numerator + denominator - 1n) / denominator
