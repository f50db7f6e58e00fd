import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../util/random.ts'
import type { ServiceFacts } from './observation.ts'
import type { Observed } from './sources/observed.ts'
import { beginWatch, lookAgain, type SkewWatch, type WatchReport } from './watch.ts'

const observed = (
  counts: readonly number[],
  facts: ServiceFacts = {},
  service = 'shop/web',
  measure: 'opened' | 'open' = 'opened',
): Observed => ({
  observation: {
    service,
    unit: 'connections',
    backends: counts.map((count, i) => ({ name: `web-${i}`, count, expectedOdds: 1 })),
    facts,
  },
  measure,
  frontends: [],
  endpoints: new Map(),
  notes: [],
})

/** Looks at what `draw` added each time; all that was told. */
const watched = (
  looks: number,
  next: (counts: readonly number[], look: number) => readonly (readonly number[])[],
  services = 1,
): readonly WatchReport[] => {
  let watch: SkewWatch = beginWatch(0.05)
  let counts: readonly (readonly number[])[] = Array.from({ length: services }, () => [1000, 40, 7])
  const told: WatchReport[] = []
  for (let i = 0; i < looks; i++) {
    const step = lookAgain(
      watch,
      counts.map((own, service) => observed(own, {}, `shop/${service}`)),
    )
    told.push(...step.reports)
    watch = step.watch
    counts = counts.flatMap((own) => next(own, i))
  }
  return told
}

const adding = (
  seed: string,
  odds: readonly number[],
): ((counts: readonly number[]) => readonly (readonly number[])[]) => {
  const random = seededRandom(seed)
  const total = odds.reduce((sum, one) => sum + one, 0)
  return (counts) => {
    const after = [...counts]
    for (let i = 0; i < 30; i++) {
      let left = (random() / 2 ** 32) * total
      const at = odds.findIndex((one) => (left -= one) < 0)
      after[at] = (after[at] ?? 0) + 1
    }
    return [after]
  }
}

describe('watching', () => {
  test('what was counted before the first look says nothing; fair draws are never called skewed', () => {
    for (const seed of ['a', 'b', 'c'])
      expect(watched(60, adding(seed, [1, 1, 1])).map(({ verdict }) => verdict)).toEqual(['NOT-ENOUGH-DATA', 'FAIR'])
  })

  test('a skew is found, told once, with the cause as far as counts tell it', () => {
    const told = watched(60, adding('x', [2, 1, 1]))
    expect(told.map(({ verdict }) => verdict).at(-1)).toBe('SKEWED')
    expect(told.filter(({ verdict }) => verdict === 'SKEWED')).toHaveLength(1)
    const last = told.at(-1)
    expect(last?.cause?.code).toBe('unexplained')
    expect(last?.backends[0]?.count).toBeGreaterThan(last?.backends[0]?.expected ?? 0)
    expect(last?.p).toBeLessThanOrEqual(0.05)
  })

  test('rotation is more even than luck', () => {
    const told = watched(60, ([a = 0, b = 0, c = 0]) => [[a + 10, b + 10, c + 10]])
    expect(told.map(({ verdict }) => verdict).at(-1)).toBe('TOO-EVEN')
  })

  test('of many fair Services none is called skewed for their number', () => {
    const told = watched(20, adding('family', [1, 1, 1]), 20)
    expect(told.filter(({ verdict }) => verdict === 'SKEWED')).toEqual([])
  })

  test('no new connections: nothing to tell but that there are too few', () => {
    expect(watched(10, (counts) => [counts]).map(({ verdict, n }) => [verdict, n])).toEqual([['NOT-ENOUGH-DATA', 0]])
  })
})

test.each<[string, Observed, string]>([
  ['affinity', observed([1, 2], { affinity: 'ClientIP' }), 'affinity keeps clients'],
  ['sh', observed([1, 2], { scheduler: 'sh' }), 'sh keeps clients'],
  ['mh', observed([1, 2], { scheduler: 'mh' }), 'mh keeps clients'],
  ['open connections', observed([1, 2], {}, 'shop/web', 'open'), 'nothing counts its new connections'],
])('%s is not watched, which is told once', (_, one, text) => {
  const first = lookAgain(beginWatch(0.05), [one])
  expect(first.notes).toEqual([expect.stringContaining(text)])
  const second = lookAgain(first.watch, [one])
  expect({ notes: second.notes, reports: second.reports }).toEqual({ notes: [], reports: [] })
})
