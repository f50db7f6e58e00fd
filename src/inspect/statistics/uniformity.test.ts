import { expect, test } from 'vitest'
import { seededRandom } from '../../util/random.ts'
import { uniformity } from './uniformity.ts'

const draws = (count: number, seed: string): readonly number[] => {
  const random = seededRandom(seed)
  return Array.from({ length: count }, () => random() / 2 ** 32)
}

test('critical values as published: n = 10, D = 0.40925; n = 20, D = 0.29408 at 5 %', () => {
  // evenly spread but for one gap of that size at the beginning
  for (const [n, distance] of [
    [10, 0.40925],
    [20, 0.29408],
  ] as const)
    expect(uniformity(Array.from({ length: n }, (_, i) => Math.max(distance, (i + 0.5) / n)))).toBeCloseTo(0.05, 2)
})

test.each([5, 20, 60])('of uniform numbers, %i at a time, one set in twenty is below 0.05', (count) => {
  const below = Array.from({ length: 2000 }, (_, set) => uniformity(draws(count, `set ${set}`))).filter((p) => p < 0.05)
  expect(below.length / 2000).toBeGreaterThan(0.035)
  expect(below.length / 2000).toBeLessThan(0.065)
})

test('sees numbers that keep to the middle, to an end, or to one place', () => {
  const numbers = draws(30, 'numbers')
  expect(uniformity(numbers)).toBeGreaterThan(0.05)
  expect(uniformity(numbers.map((x) => 0.5 + x / 2))).toBeLessThan(0.001)
  expect(uniformity(numbers.map((x) => 0.3 + 0.4 * x))).toBeLessThan(0.01)
  expect(uniformity(numbers.map((x) => x ** 3))).toBeLessThan(0.001)
  expect(uniformity([])).toBe(1)
})
