import { expect, test } from 'vitest'
import type { Observation } from './observation.ts'
import { rank } from './rank.ts'

const observation = (service: string, counts: readonly number[]): Observation => ({
  service,
  unit: 'connections',
  backends: counts.map((count, i) => ({ name: `pod-${i}`, count })),
  facts: {},
})

test('the skewed come first; q is p adjusted for how many were asked', () => {
  const reports = rank(
    [observation('a/fair', [38, 35, 27]), observation('a/skewed', [60, 10, 7]), observation('a/few', [4, 0])],
    { level: 0.05 },
  )
  expect(reports.map(({ service, verdict }) => [service, verdict])).toEqual([
    ['a/skewed', 'SKEWED'],
    ['a/fair', 'FAIR'],
    ['a/few', 'NOT-ENOUGH-DATA'],
  ])
  for (const { p, q } of reports) expect(q ?? 0).toBeGreaterThanOrEqual(p ?? 1)
})

test('one that looks skewed alone is what luck does among twenty', () => {
  const odd = observation('a/odd', [130, 100, 100])
  const fair = Array.from({ length: 19 }, (_, i) => observation(`a/${i}`, [380 + i, 350, 370]))
  const [alone] = rank([odd], { level: 0.1 })
  expect(alone?.verdict).toBe('SKEWED')
  const together = rank([...fair, odd], { level: 0.1 }).find(({ service }) => service === 'a/odd')
  expect(together).toMatchObject({ verdict: 'FAIR', p: alone?.p, cause: null })
  expect(together?.q).toBeGreaterThan(0.1)
})

test('what cannot be tested has no q', () => {
  const [report] = rank([{ ...observation('a/cpu', [977, 995, 585, 993]), unit: 'cpu' }], { level: 0.05 })
  expect(report).toMatchObject({ p: null, q: null })
})

test('what the rules explain stays explained, however well they fit', () => {
  const weighted: Observation = {
    ...observation('a/weighted', [310, 90]),
    backends: [
      { name: 'pod-0', count: 310, expectedOdds: 3, weight: 3 },
      { name: 'pod-1', count: 90, expectedOdds: 1, weight: 1 },
    ],
  }
  const [first] = rank([observation('a/fair', [38, 35, 27]), weighted], { level: 0.05 })
  expect(first).toMatchObject({ service: 'a/weighted', verdict: 'EXPLAINED' })
  expect(first?.q).toBeGreaterThan(0.05)
})
