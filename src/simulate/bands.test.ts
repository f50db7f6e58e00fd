import { expect, test } from 'vitest'
import { bandOf, quantile, seriesOf, wideBandOf } from './bands.ts'

test('nearest rank: of 20 values the 95 % quantile is the 19th', () => {
  const values = Float64Array.from({ length: 20 }, (_, i) => i + 1)
  expect([0, 0.05, 0.5, 0.95, 1].map((q) => quantile(values, q))).toEqual([1, 1, 10, 19, 20])
})

test('of one value, everything is that value', () => {
  expect(wideBandOf(Float64Array.of(7))).toEqual({ low: 7, median: 7, high: 7, lowest: 7, highest: 7, mean: 7 })
})

test('the order does not matter', () => {
  expect(bandOf(Float64Array.of(3, 1, 2))).toEqual(bandOf(Float64Array.of(1, 2, 3)))
})

test('1,000 values: 5, 50, 95 and 2.5, 97.5 of 100', () => {
  const values = Float64Array.from({ length: 1000 }, (_, i) => 1000 - i)
  expect(wideBandOf(values)).toEqual({ low: 50, median: 500, high: 950, lowest: 25, highest: 975, mean: 500.5 })
})

test('a series has a band for each moment', () => {
  expect(seriesOf(Float64Array.of(3, 1, 2, 6, 5, 4), 3)).toEqual({ low: [1, 4], median: [2, 5], high: [3, 6] })
})
