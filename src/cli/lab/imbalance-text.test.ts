import { expect, test } from 'vitest'
import type { ImbalanceReport, ImbalanceRun } from '../../lab/imbalance/report.ts'
import { imbalanceText } from './imbalance-text.ts'

const run: ImbalanceRun = {
  plane: 'nftables',
  scheduler: 'random',
  variant: '6 clients',
  repetition: 1,
  service: 'default/web',
  claimed: 'few clients that are kept go to few pods',
  connections: 24,
  failures: 0,
  slowestMillis: 4,
  backends: [
    { name: 'pod-0', node: 'node-0', address: '10.244.0.2', connections: 16, requests: 16, cpuMillis: 1, expected: 12 },
    { name: 'pod-1', node: 'node-1', address: '10.244.1.2', connections: 8, requests: 8, cpuMillis: 1, expected: 12 },
  ],
  maxOverMean: 1.33,
  cv: 0.33,
  p: 0.1,
  pLower: 0.95,
  verdict: 'FAIR',
  predicted: [
    { name: 'pod-0', unit: 'connections', value: 16, low: 4, median: 12, high: 20, inside: true },
    { name: 'pod-1', unit: 'connections', value: 8, low: 9, median: 12, high: 20, inside: false },
    { name: 'max/mean', unit: '', value: 1.333, low: 1, median: 1.2, high: 1.7, inside: true },
  ],
  insideBand: false,
  bandP: 0.021,
  bandHolds: 0.951,
  bandRank: 0.02,
  skew: {
    service: 'default/web',
    unit: 'connections',
    n: 24,
    k: 2,
    level: 0.05,
    draws: 6,
    test: 'exact',
    statistic: 2.7,
    p: 0.1,
    pLower: 0.95,
    verdict: 'EXPLAINED',
    cause: {
      code: 'affinity',
      evidence: '6 clients make 24 connections, and sessionAffinity keeps each on one pod',
      cure: 'more clients',
      page: 'docs/causes/affinity.md',
      certainty: 'certain',
      also: [],
    },
    nulls: [
      { name: 'uniform', p: 0.001 },
      { name: 'affinity', p: 0.6 },
    ],
    maxOverMean: 1.33,
    cv: 0.33,
    cvLuck: 0.4,
    needed: 80,
    backends: [],
    notes: [],
  },
  facts: { 'addresses that the pods saw': 6 },
  notes: [],
}

const report: ImbalanceReport = {
  scenario: 'affinity',
  summary: 'clients that are kept',
  seed: 1,
  node: { kernel: '6.18' },
  claims: [
    { text: 'all traffic goes to one pod', source: 'https://example.org/1', numbers: [24, 0], unit: 'connections' },
  ],
  runs: [run],
  bands: [
    {
      plane: 'nftables',
      scheduler: 'random',
      variant: '6 clients',
      runs: 20,
      inside: 19,
      least: 16,
      chance: 0.997,
      ranksP: 0.43,
    },
  ],
  series: { runs: 20, inside: 19, least: 16, chance: 0.997, ranksP: 0.43 },
  tables: [{ title: 'luck alone', header: ['CONNECTIONS', 'AS UNEVEN'], rows: [[8, '96 %']] }],
  findings: ['2 of 2 pods have connections'],
  skipped: [{ plane: 'iptables', scheduler: 'rr', reason: 'the plane has random' }],
}

test('what is claimed, measured, predicted, judged and found', () => {
  expect(imbalanceText(report)).toBe(`affinity: clients that are kept
claimed:
  all traffic goes to one pod (24, 0 connections)
  https://example.org/1

nftables, random, 6 clients: 24 connections
  claimed: few clients that are kept go to few pods
             NODE     MEASURED   PREDICTED   MEDIAN
  pod-0      node-0         16        4–20       12   connections             ████████████████████████
  pod-1      node-1          8        9–20       12   connections   OUTSIDE   ████████████
  max/mean                1.33      1–1.70     1.20
  predicted: OUTSIDE the band of 95 in 100 simulated runs (p = 0.021)
  skew: EXPLAINED: not what an even split by luck gives, but what is known accounts for it; busiest
  1.33 × the mean
    affinity: 6 clients make 24 connections, and sessionAffinity keeps each on one pod
    cure: more clients
    tried: uniform p = 0.0010, affinity p = 0.60
  addresses that the pods saw: 6

luck alone
  CONNECTIONS   AS UNEVEN
  8                  96 %

nftables, random, 6 clients: 19 of 20 runs inside the band

2 of 2 pods have connections

skipped: iptables rr: the plane has random
`)
})

test('of several runs: how many are inside, how many luck leaves there, and which are not', () => {
  const text = imbalanceText({ ...report, runs: [run, { ...run, repetition: 2, insideBand: true }] })
  expect(text).toContain(`\
nftables, random, 6 clients: 19 of 20 runs inside the band
19 of 20 runs are inside the band; luck leaves 16 or more inside in 99.7 % of such series; their
ranks among simulated runs are as luck has them (p = 0.43). Outside: nftables, random, 6 clients
with p = 0.021.
`)
})

test('failures, repetitions and what cannot be judged', () => {
  const again = { ...run, repetition: 2, failures: 3, skew: null }
  const text = imbalanceText({ ...report, runs: [again] })
  expect(text).toContain('nftables, random, 6 clients, again (2): 24 connections, 3 failed\n')
  expect(text).not.toContain('skew:')
})
