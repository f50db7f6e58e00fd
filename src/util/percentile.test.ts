import { expect, test } from 'vitest'
import { percentile, quantiles } from './percentile.ts'

test.each([
  [50, 50],
  [99, 99],
  [100, 100],
  [0, 1],
])('percentile %i of 1 … 100 is %i', (percent, expected) => {
  expect(
    percentile(
      Array.from({ length: 100 }, (_, i) => 100 - i),
      percent,
    ),
  ).toBe(expected)
})

test('one value is every quantile', () => {
  expect(quantiles([1.23456])).toEqual({ p50: 1.235, p99: 1.235 })
})

test('nothing has no percentile', () => {
  expect(percentile([], 50)).toBeNaN()
})
