import type { Fraction } from '../model/packet.ts'
import { bitLength, greatestCommonDivisor, trailingZeros } from './integers.ts'
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
  const length = bitLength(denominator)
  // 64 significant bits and a sticky one: more than a double has, so that Number() rounds once and rightly
  const shift = Math.max(0, 64 + length - bitLength(numerator))
  const isPower = BigInt.asUintN(length - 1, denominator) === 0n
  const quotient = isPower ? shifted(numerator, length - 1 - shift) : divided(numerator << BigInt(shift), denominator)
  const half = Math.floor((shift + 1) / 2)
  return Number(quotient) / 2 ** half / 2 ** (shift + 1 - half)
}

/** Twice the quotient, and one more where it is not whole. */
const divided = (numerator: bigint, denominator: bigint): bigint => {
  const quotient = numerator / denominator
  return (quotient << 1n) | (quotient * denominator === numerator ? 0n : 1n)
}

/** The same for 2^by, which may be below 1: what is shifted out of a long number is not looked at bit by bit. */
const shifted = (numerator: bigint, by: number): bigint => {
  if (by <= 0) return numerator << BigInt(1 - by)
  return ((numerator >> BigInt(by)) << 1n) | (trailingZeros(numerator) >= by ? 0n : 1n)
}
