import type { Fraction } from '../model/packet.ts'

/** Exact odds. Every result is reduced, so equal odds are equal fractions. */

export const one: Fraction = { numerator: 1n, denominator: 1n }
export const zero: Fraction = { numerator: 0n, denominator: 1n }

export const fraction = (numerator: bigint, denominator: bigint): Fraction => {
  const divisor = greatestCommonDivisor(numerator, denominator)
  return { numerator: numerator / divisor, denominator: denominator / divisor }
}

export const add = (a: Fraction, b: Fraction): Fraction =>
  a.denominator === b.denominator
    ? fraction(a.numerator + b.numerator, a.denominator)
    : fraction(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator)

export const multiply = (a: Fraction, b: Fraction): Fraction => {
  if (a === one) return b
  if (b === one) return a
  return fraction(a.numerator * b.numerator, a.denominator * b.denominator)
}

/** a − b, which is not negative. */
export const subtract = (a: Fraction, b: Fraction): Fraction =>
  fraction(a.numerator * b.denominator - b.numerator * a.denominator, a.denominator * b.denominator)

export const isOne = ({ numerator, denominator }: Fraction): boolean => numerator === denominator
export const isZero = ({ numerator }: Fraction): boolean => numerator === 0n

/** Sums many without a common denominator growing at each step where they share one. */
export const sum = (fractions: Iterable<Fraction>): Fraction => {
  const byDenominator = new Map<bigint, bigint>()
  for (const { numerator, denominator } of fractions) {
    byDenominator.set(denominator, (byDenominator.get(denominator) ?? 0n) + numerator)
  }
  let total = zero
  for (const [denominator, numerator] of byDenominator) total = add(total, fraction(numerator, denominator))
  return total
}

/** The nearest double to a fraction in 0 … 1, ties to even. */
export const nearestDouble = ({ numerator, denominator }: Fraction): number => {
  if (numerator === 0n) return 0
  // 64 significant bits and a sticky one: more than a double has, so that Number() rounds once and rightly
  const shift = BigInt(Math.max(0, 64 + bitLength(denominator) - bitLength(numerator)))
  const scaled = numerator << shift
  const quotient = scaled / denominator
  const sticky = quotient * denominator === scaled ? 0n : 1n
  return Number((quotient << 1n) | sticky) / 2 ** (Number(shift) + 1)
}

const bitLength = (value: bigint): number => value.toString(2).length

const greatestCommonDivisor = (a: bigint, b: bigint): bigint => {
  while (b !== 0n) [a, b] = [b, a % b]
  return a === 0n ? 1n : a
}
