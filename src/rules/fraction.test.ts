import fc from 'fast-check'
import { expect, test } from 'vitest'
import { add, fraction, multiply, nearestDouble, one, subtract, sum } from './fraction.ts'

const anyFraction = fc
  .tuple(fc.bigInt({ min: 0n, max: 1n << 80n }), fc.bigInt({ min: 1n, max: 1n << 80n }))
  .map(([numerator, denominator]) => fraction(numerator, denominator))

test('results are reduced', () => {
  expect(fraction(6n, 8n)).toEqual({ numerator: 3n, denominator: 4n })
  expect(add(fraction(1n, 6n), fraction(1n, 3n))).toEqual({ numerator: 1n, denominator: 2n })
  expect(multiply(fraction(2n, 3n), fraction(3n, 4n))).toEqual({ numerator: 1n, denominator: 2n })
  expect(fraction(0n, 7n)).toEqual({ numerator: 0n, denominator: 1n })
})

test('sums do not depend on the order', () => {
  fc.assert(
    fc.property(fc.array(anyFraction, { maxLength: 8 }), (parts) => {
      const expected = parts.reduce(add, fraction(0n, 1n))
      expect(sum(parts)).toEqual(expected)
      expect(sum(parts.toReversed())).toEqual(expected)
    }),
  )
})

test('what is taken away can be given back', () => {
  fc.assert(
    fc.property(anyFraction, anyFraction, (a, b) => {
      expect(subtract(add(a, b), b)).toEqual(a)
    }),
  )
})

test.each([
  [fraction(1n, 3n), 1 / 3],
  [fraction(715827883n, 2147483648n), 0.33333333348855376],
  [one, 1],
  [fraction(0n, 1n), 0],
  // halfway between two doubles: to the even one
  [fraction((1n << 53n) + 1n, 1n << 54n), 0.5],
  [fraction((1n << 53n) + 3n, 1n << 54n), 0.5 + 2 ** -52],
  // a denominator that no double holds
  [fraction(1n, 3n ** 1000n), Number(`${(1n << 2000n) / 3n ** 1000n}`) / 2 ** 1000 / 2 ** 1000],
])('the nearest double of %o is %d', (exact, double) => {
  expect(nearestDouble(exact)).toBe(double)
})

test('whole numbers over powers of two are exact', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 0, max: 60 }), (numerator, shift) => {
      expect(nearestDouble(fraction(BigInt(numerator), 1n << BigInt(shift)))).toBe(numerator / 2 ** shift)
    }),
  )
})
