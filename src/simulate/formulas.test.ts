import { describe, expect, test } from 'vitest'
import { expectedIdle, expectedMaxOverMean } from '../inspect/statistics/index.ts'
import {
  clientsOf,
  defaultProbe,
  defaultTemplate,
  exponential,
  fixed,
  forever,
  nodesOf,
  podsOf,
  policyOf,
  scenarioOf,
} from './defaults.ts'
import type { Duration, Policy, Scenario } from './model.ts'
import { simulate, simulateOnce } from './simulate.ts'

const indexes = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/** Connections for ever: who got how many when they were opened. */
const opened = (connections: number, pods: number): Scenario =>
  scenarioOf({
    seconds: 1,
    sampleSeconds: 1,
    nodes: nodesOf(1),
    pods: podsOf(pods, 1),
    policy: policyOf('nft-random'),
    clients: [clientsOf('c', connections, [0], { kind: 'pool', connections: 1, life: forever, reconnect: fixed(0) })],
  })

/** NUMBERS: expected max/mean under a fair random split. */
const spreads: [connections: number, pods: number, expected: number][] = [
  [10, 10, 2.75],
  [30, 10, 1.97],
  [100, 10, 1.51],
  [1000, 10, 1.16],
  [100, 3, 1.15],
  [500, 100, 2.28],
]

describe('a fair random split', () => {
  test.each(spreads)('%i connections on %i pods: max/mean %f', async (connections, pods, expected) => {
    const { maxOverMean } = await simulate(opened(connections, pods), { runs: 2000, threads: 0 })
    expect(Math.abs(maxOverMean.end.mean / expected - 1)).toBeLessThan(0.015)
    expect(Math.abs(maxOverMean.end.mean / expectedMaxOverMean(connections, pods) - 1)).toBeLessThan(0.01)
  })

  test('10 connections leave 3.49 of 10 pods idle: k(1 − 1/k)ⁿ', async () => {
    const { idle } = await simulate(opened(10, 10), { runs: 4000, threads: 0 })
    expect(Math.abs(idle.end.mean - 10 * 0.9 ** 10)).toBeLessThan(0.05)
    expect(expectedIdle(10, Array<number>(10).fill(0.1))).toBeCloseTo(10 * 0.9 ** 10, 10)
  })

  test('E[CV²] is (k − 1)/n', () => {
    const pods = 10
    const squares = indexes(4000).map((run) => {
      const { open } = simulateOnce(opened(100, pods), 'cv', run).totals
      return open.reduce((sum, count) => sum + (count / 10 - 1) ** 2, 0) / pods
    })
    expect(squares.reduce((sum, square) => sum + square, 0) / squares.length).toBeCloseTo(9 / 100, 2)
  })
})

const T = 100

/** `before` pods become `after` at second 0; 20,000 connections that live `life`. */
const scaleUp = (before: number, after: number, policy: Policy, life: Duration, sampleSeconds: number): Scenario =>
  scenarioOf({
    seconds: 4 * T,
    sampleSeconds,
    nodes: nodesOf(1),
    pods: podsOf(before, 1),
    policy,
    events: [{ kind: 'scale', at: 0, replicas: after, template: defaultTemplate }],
    clients: [clientsOf('c', 200, [0], { kind: 'pool', connections: 100, life, reconnect: fixed(0) })],
  })

/** Seconds until the newcomers have so much of their share; Infinity: never. */
const secondsUntil = async (scenario: Scenario, share: number): Promise<number> => {
  const { newcomers, times } = await simulate(scenario, { runs: 3, threads: 0 })
  const sample = newcomers?.median.findIndex((value) => value >= share) ?? -1
  return sample < 0 ? Infinity : (times[sample] ?? Infinity)
}

describe('time', () => {
  test('spread uniformly, a new pod is at 63 % of its share after T and at 95 % after 3T', async () => {
    const { newcomers } = await simulate(scaleUp(5, 10, policyOf('nft-random'), exponential(T), T / 2), {
      runs: 5,
      threads: 0,
    })
    const curve = newcomers?.median ?? []
    expect(Math.abs((curve[2] ?? 0) - (1 - Math.exp(-1)))).toBeLessThan(0.01)
    expect(Math.abs((curve[6] ?? 0) - (1 - Math.exp(-3)))).toBeLessThan(0.01)
    for (const [sample, share] of curve.entries())
      expect(Math.abs(share - (1 - Math.exp(-sample / 2)))).toBeLessThan(0.02)
  })

  const steering: [before: number, after: number, part: number][] = [
    [5, 10, 0.69],
    [20, 30, 0.41],
    [10, 11, 0.095],
  ]
  test.each(steering)(
    '%i → %i pods, steered to the newcomers: even after %fT = T·ln(new/old)',
    async (before, after, part) => {
      const scenario = scaleUp(before, after, policyOf('lc', { counts: 'shared' }), exponential(T), T / 200)
      const seconds = await secondsUntil({ ...scenario, seconds: T }, 0.98)
      expect(Math.abs(seconds / T - part)).toBeLessThan(0.02)
      expect(Math.abs(seconds / T - Math.log(after / before))).toBeLessThan(0.02)
    },
  )

  test('with T infinite the new pods stay idle', async () => {
    expect(await secondsUntil(scaleUp(5, 10, policyOf('nft-random'), forever, T), 1e-9)).toBe(Infinity)
  })

  test('a greatest age brings them: all of it after T, evenly until then', async () => {
    const policy = policyOf('nft-random', { maxAgeSeconds: T, maxAgeJitter: 0 })
    const { newcomers } = await simulate(scaleUp(5, 10, policy, forever, T / 4), { runs: 3, threads: 0 })
    const curve = newcomers?.median ?? []
    for (const [sample, share] of curve.slice(0, 5).entries()) expect(Math.abs(share - sample / 4)).toBeLessThan(0.02)
  })

  test('coming anew after N requests is a greatest age of N/rate', async () => {
    const scenario = scaleUp(5, 10, policyOf('nft-random', { maxRequests: T }), forever, T / 4)
    const [group] = scenario.clients
    if (group === undefined) throw new Error('no clients')
    // 100 requests per second over 100 connections
    const clients = [{ ...group, requests: { ...group.requests, perSecond: 100 } }]
    const { newcomers } = await simulate({ ...scenario, clients }, { runs: 3, threads: 0 })
    const curve = newcomers?.median ?? []
    expect(Math.abs((curve[2] ?? 0) - 0.5)).toBeLessThan(0.02)
    expect(curve.at(-1)).toBeGreaterThan(0.97)
  })
})

describe('many nodes', () => {
  const everywhere = (policy: Policy): Scenario =>
    scenarioOf({
      seconds: 1,
      sampleSeconds: 1,
      nodes: nodesOf(100),
      pods: podsOf(10, 100),
      policy,
      clients: [
        clientsOf('c', 100, indexes(100), { kind: 'pool', connections: 3, life: forever, reconnect: fixed(0) }),
      ],
    })
  const counts = (policy: Policy): number[] =>
    [...simulateOnce(everywhere(policy), '1').totals.open].sort((a, b) => b - a)

  test.each(['ipvs-lc', 'ipvs-rr', 'ipvs-wlc', 'ipvs-sed', 'ipvs-nq'] as const)(
    '%s: 100 nodes × 3 connections on 10 pods: three pods get 100 each',
    (scheduler) => expect(counts(policyOf(scheduler))).toEqual([100, 100, 100, 0, 0, 0, 0, 0, 0, 0]),
  )

  test('in an order of each node’s own it is no worse than random', () => {
    expect(counts(policyOf('ipvs-lc', { order: 'shuffled' }))[0]).toBeLessThan(50)
  })

  test('our rr begins elsewhere on each node', () => {
    expect(counts(policyOf('nft-rr'))[0]).toBeLessThan(50)
  })

  test.each(['nft-rr', 'lc', 'ipvs-lc'] as const)('%s with shared counts: exactly even', (scheduler) => {
    expect(counts(policyOf(scheduler, { counts: 'shared' }))).toEqual(Array(10).fill(30))
  })
})

test('rr on one node is exact: counts differ by at most one', () => {
  for (const scheduler of ['nft-rr', 'ipvs-rr', 'ipvs-wrr'] as const) {
    const scenario = { ...opened(1003, 7), policy: policyOf(scheduler) }
    const counts = [...simulateOnce(scenario, '1').totals.opened]
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1003)
  }
})

test('rr with lives in step: every fourth connection is long, and one of four pods gets all of those', () => {
  const scenario = scenarioOf({
    seconds: 1000,
    nodes: nodesOf(1),
    pods: podsOf(4, 1),
    policy: policyOf('nft-rr'),
    clients: [
      clientsOf(
        'c',
        1,
        [0],
        {
          kind: 'arrivals',
          perSecond: 4,
          spacing: 'steady',
          life: { kind: 'cycle', of: [fixed(500), fixed(1), fixed(1), fixed(1)] },
        },
        { startsAt: 0 },
      ),
    ],
  })
  const open = [...simulateOnce(scenario, '1').totals.open].sort((a, b) => b - a)
  expect(open[0]).toBeGreaterThanOrEqual(499)
  expect(open.slice(1).every((count) => count <= 2)).toBe(true)
})

test('a rolling update one by one, connections for ever: the jth new pod ends with (1 + 1/n)ⁿ − (1 + 1/n)ʲ of its share', async () => {
  const pods = 6
  const connections = 12_000
  const template = { ...defaultTemplate, startup: fixed(5), probe: defaultProbe, graceSeconds: 1 }
  const scenario = scenarioOf({
    seconds: 300,
    sampleSeconds: 300,
    nodes: nodesOf(1),
    pods: podsOf(pods, 1, { graceSeconds: 1 }),
    policy: policyOf('nft-random'),
    clients: [clientsOf('c', connections, [0], { kind: 'pool', connections: 1, life: forever, reconnect: fixed(0) })],
    events: [{ kind: 'rolling-update', at: 0, maxSurge: 1, maxUnavailable: 0, minReadySeconds: 0, template }],
  })
  const outcome = await simulate(scenario, { runs: 10, threads: 0 })
  const growth = 1 + 1 / pods
  for (const [j, { end }] of outcome.pods.slice(pods).entries())
    expect(Math.abs(end.mean * pods - (growth ** pods - growth ** j))).toBeLessThan(0.02)
})
