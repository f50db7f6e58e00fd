import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../src/util/random.ts'
import { studentT975, trend } from './trend.ts'

const noise = (seed: string): (() => number) => {
  const random = seededRandom(seed)
  return () => random() / 2 ** 32 - 0.5
}

const samples = (count: number, value: (index: number) => number): { at: number; value: number }[] =>
  Array.from({ length: count }, (_, at) => ({ at, value: value(at) }))

describe('trend', () => {
  test('an exact line has an exact slope', () => {
    expect(
      trend(
        samples(11, (at) => 50 + 3 * at),
        1,
      ),
    ).toMatchObject({ mean: 65, growth: 30, verdict: 'growing' })
  })

  test('noise around a level is flat, noise around a slope is growing', () => {
    const random = noise('soak')
    expect(
      trend(
        samples(60, () => 100 + random()),
        1,
      ).verdict,
    ).toBe('flat')
    expect(
      trend(
        samples(60, (at) => 100 + at / 20 + random()),
        1,
      ).verdict,
    ).toBe('growing')
  })

  test('few samples of much noise tell nothing', () => {
    const random = noise('few')
    expect(
      trend(
        samples(6, () => 100 + 40 * random()),
        1,
      ).verdict,
    ).toBe('unclear')
  })

  test('19 intervals of 20 hold the truth, also of noise that remembers', () => {
    const random = noise('coverage')
    let held = 0
    for (let round = 0; round < 400; round++) {
      let memory = 0
      const walk = samples(80, (at) => at / 10 + (memory = 0.6 * memory + random()))
      const { low, high } = trend(walk, 0)
      if (low <= 7.9 && 7.9 <= high) held++
    }
    expect(held).toBeGreaterThan(360)
  })
})

test.each([
  [3, 3.182],
  [5, 2.571],
  [10, 2.228],
  [30, 2.042],
  [78, 1.991],
])("Student's t at 97.5 %% with %i degrees of freedom is %d", (freedom, expected) => {
  expect(Math.abs(studentT975(freedom) / expected - 1)).toBeLessThan(0.005)
})
