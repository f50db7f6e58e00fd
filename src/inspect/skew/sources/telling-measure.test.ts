import { expect, test } from 'vitest'
import { asksForOpen, type BothMeasures } from './telling-measure.ts'

const both = (more: Partial<BothMeasures>): BothMeasures => ({
  scheduler: 'rr',
  opened: [100, 100, 100],
  open: [60, 5, 5],
  odds: [1, 1, 1],
  ...more,
})

test.each<[string, Partial<BothMeasures>, boolean]>([
  ['opened in turn, open uneven', {}, true],
  ['by weights', { scheduler: 'wrr', opened: [200, 100, 100], odds: [2, 1, 1] }, true],
  ['odds are not known', { odds: null }, true],
  ['open even as well', { open: [20, 21, 22] }, false],
  ['opened uneven already', { opened: [300, 100, 100] }, false],
  ['chosen at random', { scheduler: 'random' }, false],
  ['nothing is open', { open: [0, 0, 0] }, false],
  ['one backend', { opened: [9], open: [9], odds: [1] }, false],
])('%s', (_, more, expected) => {
  expect(asksForOpen(both(more))).toBe(expected)
})
