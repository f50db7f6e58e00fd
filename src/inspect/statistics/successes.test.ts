import { describe, expect, it } from 'vitest'
import { binomialLower } from './binomial.ts'
import { atMost, leastSuccesses, successChances } from './successes.ts'

const alike = (count: number, p: number): readonly number[] => Array.from({ length: count }, () => p)

describe('trials with odds of their own', () => {
  it('are binomial where the odds are alike', () => {
    for (const [n, p] of [
      [1, 0.95],
      [20, 0.95],
      [300, 0.2],
    ] as const)
      for (const count of [0, 1, Math.floor(n / 2), n])
        expect(atMost(count, alike(n, p))).toBeCloseTo(binomialLower(count, n, p), 12)
  })

  it('are counted one by one where they are not', () => {
    expect(successChances([])).toEqual([1])
    expect(successChances([1, 0.5, 0])).toEqual([0, 0.5, 0.5, 0])

    expect(successChances([0.9, 0.8, 0.25]).map((one) => one.toFixed(12))).toEqual(
      [
        0.1 * 0.2 * 0.75,
        0.9 * 0.2 * 0.75 + 0.1 * 0.8 * 0.75 + 0.1 * 0.2 * 0.25,
        0.9 * 0.8 * 0.75 + 0.9 * 0.2 * 0.25 + 0.1 * 0.8 * 0.25,
        0.9 * 0.8 * 0.25,
      ].map((one) => one.toFixed(12)),
    )
  })
})

describe('so many at least', () => {
  it('17 of 20 that succeed 95 times in 100', () => {
    const { least, chance } = leastSuccesses(alike(20, 0.95), 0.95)
    expect(least).toBe(17)
    expect(chance).toBeCloseTo(0.9841, 4)
    expect(leastSuccesses(alike(20, 0.95), 0.99)).toMatchObject({ least: 16 })
  })

  it('all where none can fail, none where nothing is sure', () => {
    expect(leastSuccesses([1, 1, 1], 0.99)).toEqual({ least: 3, chance: 1 })
    expect(leastSuccesses([0.5], 0.99)).toEqual({ least: 0, chance: 1 })
    expect(leastSuccesses([], 0.99)).toEqual({ least: 0, chance: 1 })
  })
})
