import { expect, test } from 'vitest'
import { growthOf } from './growth.ts'

const points = (...pairs: readonly (readonly [number, number])[]) =>
  pairs.map(([services, micros]) => ({ services, micros }))

test.each([
  ['nothing measured', [], { kind: null, microsPerThousand: 0, doublesAt: null }],
  ['one size', points([100, 25]), { kind: null, microsPerThousand: 0, doublesAt: null }],
  ['flat', points([100, 26], [10_000, 26]), { kind: 'flat', microsPerThousand: 0, doublesAt: null }],
  ['flat but for noise', points([100, 26], [1_000, 30], [10_000, 25]), { kind: 'flat', doublesAt: null }],
  [
    'linear, twice as dear half way',
    points([0, 20], [1_000, 60]),
    { kind: 'linear', microsPerThousand: 40, doublesAt: 500 },
  ],
  ['linear, and not yet twice as dear', points([0, 20], [1_000, 35]), { kind: 'linear', doublesAt: null }],
  ['doubles at a measured size', points([0, 20], [500, 40], [1_000, 60]), { kind: 'linear', doublesAt: 500 }],
])('%s', (_, given, expected) => {
  expect(growthOf(given)).toMatchObject(expected)
})
