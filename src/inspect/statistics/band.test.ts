import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { band, bands } from './band.ts'
import { binomialLogPmf, binomialLower, binomialQuantile, binomialUpper } from './binomial.ts'

const relative = (actual: number, expected: number): number => Math.abs(actual / expected - 1)

describe('the band luck allows', () => {
  it('a third of 100: 24 … 43', () => {
    expect(band(100, 1 / 3)).toEqual({ low: 24, high: 43 })
  })

  it('for each backend, or for all of them at once', () => {
    const odds = [0.5, 0.25, 0.25, 0]
    // R: qbinom(c(.025, .975), 1000, c(.5, .25))
    expect(bands(1000, odds)).toEqual([
      { low: 469, high: 531 },
      { low: 223, high: 277 },
      { low: 223, high: 277 },
      { low: 0, high: 0 },
    ])
    const together = bands(1000, odds, { among: 'all' })
    expect(together[0]).toEqual(band(1000, 0.5, 0.05 / 3))
  })

  it('of no connection, all connections, few and very many', () => {
    expect(band(0, 0.5)).toEqual({ low: 0, high: 0 })
    expect(band(7, 1)).toEqual({ low: 7, high: 7 })
    expect(band(10, 1e-9)).toEqual({ low: 0, high: 0 })
    // a share as nothing of very many, which no rule has but a file may
    expect(band(1e15, 1e-50)).toEqual({ low: 0, high: 0 })
    expect(band(1e15, 1 - 1e-16)).toEqual({ low: 1e15 - 1, high: 1e15 })
    expect(band(1e15, 1e-15)).toEqual({ low: 0, high: 3 })
    const { low, high } = band(2 ** 53 - 1, 0.1)
    const deviation = Math.sqrt(2 ** 53 * 0.09)
    expect(relative((high - low) / 2, 1.959964 * deviation)).toBeLessThan(1e-5)
  })

  it('is left by no more than its level', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.double({ min: 0.001, max: 0.999, noNaN: true }), (n, p) => {
        const { low, high } = band(n, p)
        expect(binomialLower(low - 1, n, p)).toBeLessThanOrEqual(0.025)
        expect(binomialUpper(high + 1, n, p)).toBeLessThanOrEqual(0.025 + 1e-12)
      }),
      { seed: 6 },
    )
  })
})

describe('binomial', () => {
  // mpmath, 30 digits
  it.each([
    [3, 10, 0.3, -1.32115127776689],
    [500, 1000, 0.5, -3.67991899209413],
    [10, 100000, 0.0001, -2.07851164071823],
    [4503599627370496, 9007199254740991, 0.5, -18.5941916374833],
    [900719925474100, 9007199254740991, 0.1, -18.0833660137173],
    [0, 50, 0.01, -0.502516792675072],
    [50, 50, 0.9, -5.26802578289131],
  ])('ln P(C = %d) of %d by %d: %d', (count, n, p, log) => {
    expect(relative(binomialLogPmf(count, n, p), log)).toBeLessThan(1e-9)
  })

  it('has tails that sum to 1', () => {
    for (const count of [0, 3, 30, 49, 100]) {
      const together = binomialLower(count, 100, 0.3) + binomialUpper(count + 1, 100, 0.3)
      expect(together).toBeCloseTo(1, 12)
    }
    expect(binomialLower(-1, 10, 0.5)).toBe(0)
    expect(binomialUpper(11, 10, 0.5)).toBe(0)
  })

  it('has the same quantile on both sides of where it is approximated', () => {
    // variance just below and above a million
    const below = binomialQuantile(0.975, 3_999_000, 0.5) - 3_999_000 / 2
    const above = binomialQuantile(0.975, 4_001_000, 0.5) - 4_001_000 / 2
    expect(Math.abs(above - below)).toBeLessThanOrEqual(2)
  })
})
