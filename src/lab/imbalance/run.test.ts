import { expect, test } from 'vitest'
import type { ImbalanceRun } from './report.ts'
import { imbalanceResult, nameOfRun } from './result.ts'
import { imbalanceRun, type Measurement } from './run.ts'

const counts = [6, 6, 6, 6]

const measurement = (change: Partial<Measurement> = {}): Measurement => ({
  trial: { plane: 'nftables', scheduler: 'rr', repetition: 1, seed: 'test' },
  service: 'default/web',
  claimed: 'even',
  connections: 24,
  failures: 0,
  slowestMillis: 3,
  backends: counts.map((connections, i) => ({
    name: `pod-${i}`,
    node: 'node-0',
    address: `10.244.0.${i + 2}`,
    connections,
    requests: connections,
    cpuMillis: 0,
    expected: 6,
  })),
  quantities: counts.map((value, i) => ({ name: `pod-${i}`, unit: 'connections', value })),
  simulated: Array.from({ length: 200 }, () => counts),
  observation: {
    service: 'default/web',
    unit: 'connections',
    backends: counts.map((count, i) => ({ name: `pod-${i}`, count })),
    facts: { scheduler: 'rr', affinity: 'None' },
  },
  ...change,
})

const options = { seed: 1, level: 0.05 }

const resultOf = (runs: readonly ImbalanceRun[]) =>
  imbalanceResult(options, { scenario: 'affinity', claims: [], runs, skipped: [], findings: [] })

test('a run stands beside its prediction and has a verdict', () => {
  const run = imbalanceRun(measurement(), 0.05)
  expect(run).toMatchObject({ connections: 24, maxOverMean: 1, insideBand: true, bandP: 1, verdict: 'TOO-EVEN' })
  expect(run.predicted[0]).toEqual({
    name: 'pod-0',
    unit: 'connections',
    value: 6,
    low: 6,
    median: 6,
    high: 6,
    inside: true,
  })
  expect(run.skew?.service).toBe('default/web')
  // no field is there without a value: JSON has none of them
  expect(JSON.parse(JSON.stringify(run))).toEqual(run)
})

test('a quantity outside is named', () => {
  const quantities = [7, 5, 6, 6].map((value, i) => ({ name: `pod-${i}`, unit: 'connections', value }))
  const run = imbalanceRun(measurement({ quantities }), 0.05)
  expect(run.insideBand).toBe(false)
  expect(run.predicted.map(({ inside }) => inside)).toEqual([false, false, true, true])
})

test('a client that is kept makes the run one of clients', () => {
  expect(imbalanceRun(measurement(), 0.05).perClient).toBeUndefined()
  const kept = { ...measurement(), trial: { plane: 'nftables', scheduler: 'sh', repetition: 1, seed: 'test' } } as const
  expect(imbalanceRun(kept, 0.05).perClient).toBe(true)
})

test('repetitions are counted by plane, scheduler and variant', () => {
  const runs = [1, 2].flatMap((repetition) =>
    ['few', 'many'].map((variant) => ({ ...imbalanceRun(measurement({ variant }), 0.05), repetition })),
  )
  expect(resultOf(runs).report.bands).toEqual([
    {
      plane: 'nftables',
      scheduler: 'rr',
      variant: 'few',
      runs: 2,
      inside: 2,
      least: 2,
      chance: expect.closeTo(0.99),
      ranksP: expect.any(Number),
    },
    {
      plane: 'nftables',
      scheduler: 'rr',
      variant: 'many',
      runs: 2,
      inside: 2,
      least: 2,
      chance: expect.closeTo(0.99),
      ranksP: expect.any(Number),
    },
  ])
  expect(resultOf(runs).report.series).toMatchObject({ runs: 4, inside: 4, least: 3 })
  expect(runs.map(nameOfRun)[0]).toBe('nftables, rr, few')
})

test('failed connections are faults', () => {
  const run = imbalanceRun(measurement({ failures: 2, errors: { 'ECONNREFUSED 10.96.1.0:80/TCP': 2 } }), 0.05)
  expect(resultOf([run]).faults).toEqual([
    'nftables, rr: 2 of 24 connections failed: 2 × ECONNREFUSED 10.96.1.0:80/TCP',
  ])
})

test('a verdict that is no surprise among so many runs is taken back, with a note', () => {
  const fair = imbalanceRun(measurement(), 0.05)
  if (fair.skew === null) throw new Error('not judged')
  const skew = { ...fair.skew, verdict: 'SKEWED' as const, cause: null, p: 0.03, n: 1000, needed: 10 }
  const unlucky = { ...fair, skew }
  const others = Array.from(
    { length: 9 },
    () => ({ ...fair, skew: { ...fair.skew, p: 0.5, pLower: 0.5 } }) as ImbalanceRun,
  )
  const [alone] = resultOf([unlucky]).report.runs
  const [among] = resultOf([unlucky, ...others]).report.runs
  expect(alone?.skew?.verdict).toBe('SKEWED')
  expect(among?.skew).toMatchObject({ verdict: 'FAIR', cause: null })
  expect(among?.skew?.notes.at(-1)).toBe(
    'alone it would be SKEWED; among 10 runs one like it is no surprise (p = 0.30)',
  )
})

test('rr keeps its verdict, because it has a cause', () => {
  const runs = Array.from({ length: 12 }, () => imbalanceRun(measurement(), 0.05))
  for (const { skew } of resultOf(runs).report.runs)
    expect(skew).toMatchObject({ verdict: 'TOO-EVEN', cause: { code: 'round-robin' } })
})
