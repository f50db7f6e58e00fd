import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Axis, linearAxis, logAxis } from './axis.ts'

const ascending = ({ ticks }: Axis): boolean =>
  ticks.every((tick, index) => index === 0 || tick > (ticks[index - 1] ?? 0))
const positive = fc.double({ min: 1e-3, max: 1e9, noNaN: true })

describe('an axis', () => {
  test.each([
    [10_000, [0, 5_000, 10_000]],
    [180, [0, 50, 100, 150, 200]],
    [0.3, [0, 0.1, 0.2, 0.3]],
  ])('to %d has marks at round numbers', (most, ticks) => expect(linearAxis(most).ticks).toEqual(ticks))

  test('of decades holds all values', () =>
    expect(logAxis([0.4, 2_300]).ticks).toEqual([0.1, 1, 10, 100, 1_000, 10_000]))

  test('holds every value between its ends, in order', () =>
    fc.assert(
      fc.property(fc.array(positive, { minLength: 1 }), (values) => {
        for (const axis of [linearAxis(Math.max(...values)), logAxis(values)]) {
          expect(ascending(axis)).toBe(true)
          expect(axis.ticks.length).toBeLessThan(16)
          for (const value of values) {
            expect(axis.at(value)).toBeGreaterThanOrEqual(0)
            expect(axis.at(value)).toBeLessThanOrEqual(1 + 1e-9)
          }
        }
      }),
    ))

  test.each([[[]], [[0]], [[-1]]])('of nothing to show is an axis all the same: %j', (values) => {
    expect(logAxis(values).ticks).toEqual([1])
    expect(linearAxis(0).ticks[0]).toBe(0)
  })
})
