import { describe, expect, it } from 'vitest'
import { connectionsToSee, connectionsToSeeNamed, neededFor, powerToSee } from './needed.ts'

const fair = (k: number): readonly number[] => Array.from({ length: k }, () => 1 / k)

describe('connections to see a skew', () => {
  it.each([
    [10, 0.2, 3550],
    [3, 0.5, 80],
    [10, 0.5, 570],
  ])('on %d pods, one off by %d: about %d', (k, skew, published) => {
    expect(Math.abs(connectionsToSee(fair(k), { skew }) / published - 1)).toBeLessThan(0.04)
  })

  it('of a pod named in advance: about 1,960', () => {
    expect(Math.abs(connectionsToSeeNamed(0.1, { skew: 0.2 }) - 1960)).toBeLessThan(5)
  })

  it('is rounded up to tens where it is printed', () => {
    expect([3, 10].map((k) => neededFor(fair(k), 0.05))).toEqual([80, 570])
  })

  it('with that many the power is what was asked for', () => {
    for (const power of [0.5, 0.8, 0.99])
      for (const level of [0.05, 0.001])
        for (const odds of [fair(4), [0.6, 0.3, 0.1]]) {
          const n = connectionsToSee(odds, { skew: 0.3, level, power })
          expect(powerToSee(n, odds, { skew: 0.3, level })).toBeCloseTo(power, 8)
        }
  })

  it('grows with the square of what is looked for, and with a stricter level', () => {
    expect(connectionsToSee(fair(5), { skew: 0.1 }) / connectionsToSee(fair(5), { skew: 0.2 })).toBeCloseTo(4, 8)
    expect(connectionsToSee(fair(5), { level: 0.001 })).toBeGreaterThan(connectionsToSee(fair(5)))
  })

  it('is none where there is no choice', () => {
    expect(connectionsToSee([1])).toBe(0)
    expect(powerToSee(1000, [1])).toBe(0.05)
  })

  it('has an answer for 10,000 pods, for tiny odds and for n up to 2^53', () => {
    expect(connectionsToSee(fair(10_000))).toBeGreaterThan(1e7)
    expect(connectionsToSee([1 - 1e-12, 1e-12])).toBeGreaterThan(1e13)
    expect(powerToSee(2 ** 53, fair(10), { skew: 1e-3 })).toBe(1)
  })
})
