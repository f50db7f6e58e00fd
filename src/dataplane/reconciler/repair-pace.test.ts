import { expect, test } from 'vitest'
import { RepairPace } from './repair-pace.ts'

/** ms from one repair to the next, when somebody changes our objects every `ms`. */
const gaps = (pace: RepairPace, from: number, ms: number, count: number): number[] => {
  const at: number[] = []
  for (let now = from; at.length < count; now += ms) {
    const due = pace.next(now)
    at.push(due)
    now = due
  }
  return at.map((due, index) => due - (at[index - 1] ?? from))
}

test('the first change is repaired at once; a quarrel slows down to every ten seconds', () => {
  expect(gaps(new RepairPace(), 0, 100, 7)).toEqual([50, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000])
})

test('after a long quiet it is quick again', () => {
  const pace = new RepairPace()
  gaps(pace, 0, 100, 7)
  expect(gaps(pace, 1_000_000, 100, 3)).toEqual([50, 1_000, 2_000])
})
