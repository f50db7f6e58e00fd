import { expect, test } from 'vitest'
import { mixture, type Part } from './mixture.ts'

test.each<[string, readonly Part[], readonly number[] | null]>([
  [
    'by traffic',
    [
      { odds: [1, 1], weight: 30 },
      { odds: [0, 5], weight: 10 },
    ],
    [0.375, 0.625],
  ],
  [
    'without any traffic all alike',
    [
      { odds: [2, 0], weight: 0 },
      { odds: [0, 1], weight: 0 },
    ],
    [0.5, 0.5],
  ],
  [
    'odds that are not known are those of the others',
    [
      { odds: null, weight: 90 },
      { odds: [3, 1], weight: 10 },
    ],
    [0.75, 0.25],
  ],
  [
    'odds that are all 0 are none',
    [
      { odds: [0, 0], weight: 90 },
      { odds: [3, 1], weight: 10 },
    ],
    [0.75, 0.25],
  ],
  ['nothing is known', [{ odds: null, weight: 1 }], null],
  ['no parts', [], null],
])('%s', (_, parts, expected) => {
  expect(mixture(parts, 2)).toEqual(expected)
})
