import { describe, expect, test } from 'vitest'
import type { SkewReport } from '../../inspect/skew/report.ts'
import { bandPicture } from './band.ts'
import { rankTable } from './rank-table.ts'
import { shortNumber, skewText, verdictSentence } from './text.ts'
import { watchLine } from './watch.ts'

const report: SkewReport = {
  service: 'shop/web',
  unit: 'connections',
  n: 100,
  k: 2,
  level: 0.05,
  draws: 100,
  test: 'chi2',
  statistic: 4,
  p: 0.0455,
  pLower: 0.9545,
  verdict: 'SKEWED',
  cause: null,
  nulls: [{ name: 'uniform', p: 0.0455 }],
  maxOverMean: 1.2,
  cv: 0.2,
  cvLuck: 0.1,
  needed: 40,
  backends: [
    { name: 'web-1', count: 60, expected: 50, low: 40, high: 59 },
    { name: 'web-2', count: 40, expected: 50, low: 41, high: 60 },
  ],
  notes: [],
}

const cause = {
  code: 'heavy-client',
  evidence: 'one client makes 90 % of it.',
  cure: 'split it.',
  page: 'docs/causes/heavy-client.md',
  certainty: 'certain',
} as const

describe('for people', () => {
  test('who is outside of luck, the cause, what else was tried, notes', () => {
    const also = [{ ...cause, code: 'young-pods', certainty: 'likely' } as const]
    const text = skewText({
      ...report,
      cause: { ...cause, also },
      nulls: [...report.nulls, { name: 'heavy-client', p: 0.5123 }],
      notes: ['one node is missing'],
    })
    expect(text).toBe(`shop/web: 100 connections on 2 backends

  BACKEND   COUNT   EXPECTED   LUCK ALLOWS
  web-1        60         50       40 … 59                             ├──────┼────┤●  more than luck
  web-2        40         50       41 … 60                             ●├─────┼─────┤  less than luck

SKEWED: luck alone is as uneven only once in 22 draws (p = 0.0455); busiest 1.20 × the mean
cause: heavy-client (certain): one client makes 90 % of it.
  cure: split it.
  more: docs/causes/heavy-client.md
and: young-pods (likely): one client makes 90 % of it.
  cure: split it.
  more: docs/causes/heavy-client.md
tried: uniform p = 0.045, heavy-client p = 0.51
note: one node is missing
`)
  })

  test('of many backends those that are furthest off', () => {
    const backends = Array.from({ length: 100 }, (_, i) => ({
      name: `b${i}`,
      count: i,
      expected: 50,
      low: 30,
      high: 70,
    }))
    const text = skewText({ ...report, backends })
    expect(text.match(/^ {2}b\d+ /gm)).toHaveLength(60)
    expect(text).toContain('\n  … and 40 that are nearer to what was expected\n')
    expect(text).toContain('  b0 ')
    expect(text).not.toContain('  b50 ')
  })

  test.each<[Partial<SkewReport>, string]>([
    [{ verdict: 'FAIR', p: 0.94 }, 'FAIR: luck alone is as uneven nearly every time (p = 0.94)'],
    [{ verdict: 'FAIR', p: 0.62 }, 'FAIR: luck alone is as uneven in 62% of draws (p = 0.62)'],
    [{ verdict: 'FAIR', p: 0.3789 }, 'FAIR: luck alone is as uneven once in 2.6 draws (p = 0.379)'],
    [{ p: 0 }, 'SKEWED: luck alone is as uneven not once in a million draws (p = 0)'],
    [{ p: 0.0001 }, 'SKEWED: luck alone is as uneven only once in 10,000 draws (p = 0.0001)'],
    [
      { verdict: 'TOO-EVEN', pLower: 0.01 },
      'TOO-EVEN: luck alone is as even only once in 100 draws (p = 0.01), so something counts them out',
    ],
    [{ verdict: 'NOT-ENOUGH-DATA', n: 0, p: 1 }, 'NOT-ENOUGH-DATA: nothing was counted'],
    [{ verdict: 'EXPLAINED' }, 'EXPLAINED: not what an even split by luck gives'],
    [{ verdict: 'NOT-ENOUGH-DATA', k: 1 }, 'NOT-ENOUGH-DATA: one backend takes all there is'],
    [
      { verdict: 'NOT-ENOUGH-DATA', draws: 10, p: 0.2 },
      'once in 5.0 draws (p = 0.2); to see a backend that is off by half it takes about 40, 30 more',
    ],
    [{ verdict: 'NOT-ENOUGH-DATA', p: 0.2 }, 'no outcome of so few could be told from luck'],
    [{ verdict: 'NOT-ENOUGH-DATA', p: 0.2, cause: { ...cause, also: [] } }, 'as far as is known, which is not enough'],
    [
      { verdict: 'NOT-ENOUGH-DATA', p: null, pLower: null, draws: null },
      'how many independent choices are behind these figures is not known',
    ],
  ])('%j', (part, text) => {
    expect(verdictSentence({ ...report, ...part })).toContain(text)
  })

  test.each<[number, string]>([
    [0, '0'],
    [33.333, '33.3'],
    [1234.5, '1235'],
    [9_999_999, '9999999'],
    [10_000_000, '10M'],
    [90_375_000_000, '90.4G'],
  ])('%d is shown as %s', (value, text) => {
    expect(shortNumber(value)).toBe(text)
  })
})

test('pictures stay in their 40 columns', () => {
  expect(bandPicture({ count: 0, expected: 0, low: 0, high: 0 }, 1)).toBe('●')
  expect(bandPicture({ count: 1, expected: 0.5, low: null, high: null }, 1)).toBe(
    `${' '.repeat(20)}┼${' '.repeat(18)}●`,
  )
})

test('many Services: idle ones are only counted', () => {
  const reports = [
    { ...report, q: 0.0004 },
    { ...report, service: 'shop/idle', n: 0, q: 1 },
  ]
  expect(rankTable(reports, true)).toBe(`SERVICE    VERDICT   COUNT   BACKENDS   MAX/MEAN   P       Q        CAUSE
shop/web   SKEWED    100     2          1.20       0.045   4.0e-4   -
… and 1 of which nothing was counted
`)
})

test('a line of --watch', () => {
  const { service, needed, backends } = report
  const line = watchLine(
    {
      service,
      look: 3,
      n: 100,
      verdict: 'SKEWED',
      p: 0.001234,
      logE: 7,
      needed,
      backends,
      cause: { ...cause, also: [] },
    },
    new Date('2026-03-01T12:00:05Z'),
  )
  expect(
    line,
  ).toBe(`12:00:05  shop/web: SKEWED after 100 new connections (p = 0.0012); furthest off: web-1 with 60, expected 50
  cause: heavy-client: one client makes 90 % of it.
  cure: split it.
`)
})
