import { expect, test } from 'vitest'
import { costShares, fitCost } from './cost.ts'

const points = (factor: number, exponent: number) =>
  [2, 4, 8, 10].map((connections) => ({ connections, cpu: factor * connections ** exponent }))

test('finds the exponent, whatever the factors', () => {
  const { exponent, sigma } = fitCost([points(3, 0.9), points(5, 0.9)])
  expect(exponent).toBeCloseTo(0.9, 9)
  // nothing is trusted to be exact
  expect(sigma).toBe(0.03)
})

test('finds how far the meter is off', () => {
  const off = [1.2, 0.8, 1.2, 0.8]
  const noisy = points(3, 1).map((point, i) => ({ ...point, cpu: point.cpu * (off[i] ?? 1) }))
  const { sigma } = fitCost([noisy, noisy])
  expect(sigma).toBeGreaterThan(0.15)
  expect(sigma).toBeLessThan(0.3)
})

test('shares follow connections; a pod without any uses nothing', () => {
  expect(costShares([1, 3, 0], { exponent: 1, sigma: 0 }, () => 1)).toEqual([0.25, 0.75, 0])
  expect(costShares([0, 0], { exponent: 1, sigma: 0.1 }, () => 1)).toEqual([0, 0])
})

test('refuses what tells nothing', () => {
  expect(() => fitCost([[{ connections: 2, cpu: 1 }]])).toThrow(RangeError)
  expect(() => fitCost([points(3, 1), [{ connections: 1, cpu: 0 }]])).toThrow(RangeError)
})
