import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { probability } from './probability.ts'

/** libxt_statistic.c, statistic_parse: lround(2³¹ · strtod(text)), in exact arithmetic */
const read = (text: string): bigint => (BigInt(text.replace('0.', '')) * 2n ** 32n + 10n ** 11n) / (2n * 10n ** 11n)

/** what kube-proxy writes, as Go's %0.10f rounds it: half to even of the exact value */
const tenDigits = (n: bigint): bigint => {
  const quotient = 10n ** 10n / n
  const rest = 2n * (10n ** 10n % n)
  return rest > n || (rest === n && quotient % 2n === 1n) ? quotient + 1n : quotient
}

describe('equal shares are kube-proxy’s', () => {
  test.each([
    [2, '0.50000000000'],
    [3, '0.33333333349'],
    [4, '0.25000000000'],
    [10, '0.10000000009'],
    // not round(2³¹ / 44)
    [44, '0.02272727247'],
  ])('1 of %i: %s', (n, text) => expect(probability(1, n)).toBe(text))

  test('for every n up to 5,000 the kernel gets the N that it gets from kube-proxy', () => {
    const scale = 10n ** 10n
    for (let n = 2; n <= 5_000; n++) {
      const expected = (tenDigits(BigInt(n)) * 2n ** 32n + scale) / (2n * scale)
      expect([n, read(probability(1, n))]).toEqual([n, expected])
    }
  })

  test('weights that come to an equal share are one', () => expect(probability(7, 21)).toBe(probability(1, 3)))
})

test('any weight is nearest, never 0 and never all', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 65_535 }), fc.integer({ min: 1, max: 2 ** 40 }), (weight, others) => {
      const total = weight + others
      const n = read(probability(weight, total))
      expect(n).toBeGreaterThan(0n)
      expect(n).toBeLessThan(2n ** 31n)
      const off = n * BigInt(total) - 2n ** 31n * BigInt(weight)
      if (n > 1n && total % weight !== 0) expect(2n * (off < 0n ? -off : off)).toBeLessThanOrEqual(BigInt(total))
    }),
  )
})
