import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatDuration, parseDuration } from './duration.ts'

test.each<[string, number | null]>([
  ['0', 0],
  ['0s', 0],
  ['30s', 30_000],
  ['1h2m3.5s', 3_723_500],
  ['250ms', 250],
  ['-1.5h', -5_400_000],
  ['.5s', 500],
  ['1us', 0.001],
  ['', null],
  ['30', null],
  ['1 m', null],
  ['s', null],
  ['1.s5', null],
])('%j is %s ms, as Go reads it', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})

test.each<[number, string]>([
  [0, '0s'],
  [30_000, '30s'],
  [900_000, '15m0s'],
  [86_400_000, '24h0m0s'],
  [1_500, '1.5s'],
  [250, '250ms'],
])('%i ms is written as %s, as Go does', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})

test('what is written is read again', () => {
  fc.assert(
    fc.property(fc.nat(), (ms) => {
      expect(parseDuration(formatDuration(ms))).toBeCloseTo(ms, 6)
    }),
  )
})
