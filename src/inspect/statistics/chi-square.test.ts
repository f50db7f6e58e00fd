import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chiSquare, chiSquareCritical, noncentralityFor, noncentralUpper } from './chi-square.ts'
import { deviance, incompleteGamma, logGamma, stirlingError } from './gamma.ts'

/** relative */
const error = (actual: number, expected: number): number => Math.abs(actual - expected) / Math.abs(expected)

describe('chi-square', () => {
  // R: pchisq(x, df, lower.tail = FALSE)
  it.each([
    [1, 3.841458820694124, 0.05],
    [2, 5.991464547107979, 0.05],
    [9, 16.91897760462045, 0.05],
    [9, 2.700389499980359, 0.975],
    [99, 123.2252214533618, 0.05],
  ])('of %d degrees at %d: %d', (degrees, x, upper) => {
    expect(error(chiSquare(degrees, x).upper, upper)).toBeLessThanOrEqual(1e-12)
    expect(error(chiSquareCritical(degrees, upper), x)).toBeLessThanOrEqual(1e-10)
  })

  it('keeps its digits far out in the tail', () => {
    // two degrees: exp(−x/2)
    for (const x of [10, 100, 1000]) expect(error(chiSquare(2, x).upper, Math.exp(-x / 2))).toBeLessThanOrEqual(1e-12)
    for (const x of [1e-12, 1e-6, 0.01])
      expect(error(chiSquare(2, x).lower, -Math.expm1(-x / 2))).toBeLessThanOrEqual(1e-12)
  })

  // mpmath: gammainc(a, x, regularized=True), 30 digits
  it.each([
    [1, 1e-8, 0.999920211544053, 7.97884559473058e-5],
    [3, 0.5, 0.918891411654676, 0.0811085883453241],
    [9, 60, 1.34067804839596e-9, 0.999999998659322],
    [99, 60, 0.999319997049849, 0.000680002950151424],
    [99, 250, 4.84431241138537e-15, 0.999999999999995],
    [9999, 9700, 0.983458701600522, 0.0165412983994777],
    [9999, 10400, 0.00252917147818996, 0.99747082852181],
    [1, 700, 2.99022697512462e-154, 1.0],
  ])('of %d degrees at %d: %d and %d', (degrees, x, upper, lower) => {
    expect(error(chiSquare(degrees, x).upper, upper)).toBeLessThanOrEqual(1e-10)
    expect(error(chiSquare(degrees, x).lower, lower)).toBeLessThanOrEqual(1e-10)
  })

  it('has complementary tails', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 500, noNaN: true }),
        fc.double({ min: 0, max: 1000, noNaN: true }),
        (a, x) => {
          const { lower, upper } = incompleteGamma(a, x)
          expect(lower + upper).toBeCloseTo(1, 12)
        },
      ),
    )
  })
})

describe('noncentral chi-square', () => {
  it.each([
    [1, 7.849],
    [2, 9.635],
    [9, 15.65],
  ])('non-centrality for power 0.8 at %d degrees: %d', (degrees, lambda) => {
    expect(error(noncentralityFor(degrees, 0.05, 0.8), lambda)).toBeLessThanOrEqual(1e-3)
  })

  // mpmath: Σ Poisson(j; λ/2)·Q(df/2 + j, x/2)
  it.each([
    [9, 15.65, 16.919, 0.800005406581],
    [2, 0.1, 5.99, 0.0576212499849],
    [9, 400, 350, 0.933006263641],
    [999, 5000, 6100, 0.246836260541],
    [1, 7.849, 3.841, 0.800039737827],
  ])('of %d degrees, λ %d, at %d: %d', (degrees, lambda, x, upper) => {
    expect(error(noncentralUpper(degrees, lambda, x), upper)).toBeLessThanOrEqual(1e-8)
  })

  it('meets the normal limit where it takes over', () => {
    for (const x of [0.998e6, 1e6, 1.002e6])
      expect(Math.abs(noncentralUpper(9, 1e6, x) - noncentralUpper(9, 1e6 + 1e-3, x))).toBeLessThan(1e-3)
  })
})

describe('gamma', () => {
  it('knows factorials', () => {
    expect(error(logGamma(11), Math.log(3628800))).toBeLessThanOrEqual(1e-14)
    expect(error(logGamma(0.5), Math.log(Math.PI) / 2)).toBeLessThanOrEqual(1e-14)
  })

  it('what Stirling leaves out has no step where the series takes over', () => {
    expect(error(stirlingError(15), stirlingError(14.999999999))).toBeLessThan(1e-9)
    expect(error(stirlingError(1), 1 - 0.5 * Math.log(2 * Math.PI))).toBeLessThan(1e-12)
  })

  it('deviance keeps its digits near equality and far from it', () => {
    // (x − m)²/2m to first order
    expect(error(deviance(1e15 + 1e8, 1e15), 5)).toBeLessThan(1e-6)
    expect(deviance(0, 7)).toBe(7)
    expect(error(deviance(10, 1), 10 * Math.log(10) - 9)).toBeLessThan(1e-14)
    // where one form meets the other
    expect(error(deviance(110.0000001, 100), deviance(109.9999999, 100))).toBeLessThan(1e-6)
  })
})
