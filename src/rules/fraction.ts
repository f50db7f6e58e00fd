import type { Fraction } from '../model/packet.ts'
import { bitLength, greatestCommonDivisor } from './integers.ts'
import { fractionOf, massOf, minus, part, plus, total } from './mass.ts'

/** Exact odds as people are told of them. Every result is reduced, so equal odds are equal fractions. */

export const one: Fraction = { numerator: 1n, denominator: 1n }

export const fraction = (numerator: bigint, denominator: bigint): Fraction => {
  const divisor = greatestCommonDivisor(numerator, denominator)
  return { numerator: numerator / divisor, denominator: denominator / divisor }
}

export const add = (a: Fraction, b: Fraction): Fraction => fractionOf(plus(massOf(a), massOf(b)))
export const multiply = (a: Fraction, b: Fraction): Fraction => fractionOf(part(massOf(a), massOf(b)))
/** a − b, which is not negative. */
export const subtract = (a: Fraction, b: Fraction): Fraction => fractionOf(minus(massOf(a), massOf(b)))

export const isOne = ({ numerator, denominator }: Fraction): boolean => numerator === denominator

/** Sums many. Where denominators are powers of two, as the kernels' are, long ones cost little. */
export const sum = (fractions: Iterable<Fraction>): Fraction => fractionOf(total(Array.from(fractions, massOf)))

/** The nearest double to a fraction in 0 … 1, ties to even; below 2⁻¹⁰²² the next but one at worst. */
export const nearestDouble = ({ numerator, denominator }: Fraction): number => {
  if (numerator === 0n) return 0
  // 64 significant bits and a sticky one: more than a double has, so that Number() rounds once and rightly
  const shift = Math.max(0, 64 + bitLength(denominator) - bitLength(numerator))
  const scaled = numerator << BigInt(shift)
  const quotient = scaled / denominator
  const sticky = quotient * denominator === scaled ? 0n : 1n
  const half = Math.floor((shift + 1) / 2)
  return Number((quotient << 1n) | sticky) / 2 ** half / 2 ** (shift + 1 - half)
}
