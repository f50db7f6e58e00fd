import { expect, test } from 'vitest'
import { formulaCurve, moments } from './findings.ts'
import { meanLife, variants, watchedSeconds } from './variants.ts'

const times = Array.from({ length: 2 * watchedSeconds + 1 }, (_, i) => i / 2)

test('curves are compared at the same moments, between samples on the line', () => {
  // samples come late: never at the moments themselves
  const points = times.map((seconds) => [seconds + 0.1, seconds + 0.1] as const)
  const { columns, quantities } = moments([[0, 0], ...points], times)
  expect(columns.map((column) => times[column])).toEqual([0.25, 0.5, 1, 1.5, 2, 3].map((lives) => lives * meanLife))
  for (const [i, { value }] of quantities.entries()) expect(value).toBeCloseTo(times[columns[i] ?? 0] ?? NaN, 9)
})

test('what was not watched is not compared', () => {
  expect(moments([[0, 0]], times).quantities).toEqual([])
})

test('the formula begins with nothing, and ends near all where clients reconnect', () => {
  for (const variant of variants) {
    const curve = formulaCurve(variant)
    expect(curve[0]).toEqual([0, 0])
    expect(curve.at(-1)?.[0]).toBe(watchedSeconds)
    expect(curve.at(-1)?.[1]).toBeGreaterThanOrEqual(variant.lifetime.kind === 'forever' ? 0 : 0.9)
  }
})
