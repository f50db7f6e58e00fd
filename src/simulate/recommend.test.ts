import { describe, expect, test } from 'vitest'
import { unbalanced } from '../../test/support/svg.ts'
import { simulationChart } from './chart.ts'
import { clientsOf, exponential, fixed, forever, nodesOf, podsOf, policyOf, scenarioOf } from './defaults.ts'
import type { Outcome, PodOutcome, Policy, Scenario, Series, WideBand } from './model.ts'
import { recommend } from './recommend.ts'
import { podsLeft, type SimulationReport } from './report.ts'

const times = [0, 60, 120, 180, 240, 300]

const wide = (median: number, spread = 0.1): WideBand => ({
  lowest: median * (1 - 2 * spread),
  low: median * (1 - spread),
  median,
  mean: median,
  high: median * (1 + spread),
  highest: median * (1 + 2 * spread),
})

const series = (of: (at: number) => number, spread = 0.1): Series => ({
  low: times.map((at) => of(at) * (1 - spread)),
  median: times.map(of),
  high: times.map((at) => of(at) * (1 + spread)),
})

const pod = (name: string, share: number): PodOutcome => ({
  name,
  node: 'node-0',
  share: series(() => share),
  end: wide(share),
  envelope: { low: 0, high: 1 },
  totals: { open: wide(1), opened: wide(1), requests: wide(1), bytes: wide(1), work: wide(1) },
})

interface Shown {
  readonly policy: string
  readonly uneven: number
  readonly broken?: number
  readonly newcomers?: number
}

const outcome = ({ policy, uneven, broken = 0, newcomers }: Shown): Outcome => ({
  scenario: 'web',
  policy,
  seed: '1',
  runs: 200,
  measure: 'open',
  times,
  pods: [pod('pod-0', uneven / 4), pod('pod-1', 0.25), pod('pod-2', 0.25), pod('pod-3', Math.max(0, 0.5 - uneven / 4))],
  maxOverMean: { ...series((at) => 1 + (uneven - 1) * (1 + Math.exp(-at / 60))), end: wide(uneven, 0.05) },
  cv: wide(uneven - 1),
  idle: { ...series(() => 0), end: wide(0) },
  newcomers: newcomers === undefined ? null : series((at) => newcomers * (1 - Math.exp(-at / 60))),
  ranked: [uneven / 4, 0.25, 0.25, 0.5 - uneven / 4].map((share) => wide(share)),
  timeToEven: uneven <= 1.25 ? { reached: 1, seconds: wide(120) } : { reached: 0.1, seconds: wide(290) },
  opened: wide(1000),
  broken: wide(broken),
  refused: wide(0),
  secondHops: wide(0),
  processed: 1000,
})

const scenario = (parts: Partial<Scenario> = {}): Scenario =>
  scenarioOf({
    seconds: 300,
    nodes: nodesOf(2),
    pods: podsOf(4, 2),
    clients: [
      clientsOf('web', 50, [0, 1], { kind: 'pool', connections: 4, life: exponential(60), reconnect: fixed(0.1) }),
    ],
    policy: policyOf('nft-random'),
    ...parts,
  })

const advise = (shown: readonly (Shown & { readonly as: Policy })[], parts: Partial<Scenario> = {}) =>
  recommend(
    scenario(parts),
    shown.map(({ as, policy }) => ({ ...as, name: policy })),
    shown.map(outcome),
  )

const random = policyOf('nft-random')
const rr = policyOf('nft-rr')
const shared = policyOf('lc', { counts: 'shared' })
const aged = policyOf('nft-random', { maxAgeSeconds: 60 })
const l7 = policyOf('l7-rr')

describe('the recommendation', () => {
  test('takes the most even', () => {
    const { policy, sentences } = advise([
      { policy: 'random', as: random, uneven: 1.6 },
      { policy: 'rr', as: rr, uneven: 1.05 },
    ])
    expect(policy).toBe('rr')
    expect(sentences[0]).toBe(
      'Take rr: the busiest pod has on average 1.05 times the mean (1.00 to 1.10 in 90% of the runs); with random it has 1.60 times.',
    )
    expect(sentences[1]).toMatch(/^Why: pods take turns at each of 2 nodes by itself/)
    expect(sentences[2]).toMatch(
      /^random: each of about 200 connections is drawn by itself: on 4 pods luck alone leaves a CV of 12%/,
    )
  })

  test('of those that are as even, the one that asks least', () => {
    const { policy, equals } = advise([
      { policy: 'l7', as: l7, uneven: 1.0 },
      { policy: 'shared', as: shared, uneven: 1.01 },
      { policy: 'rr', as: rr, uneven: 1.03 },
      { policy: 'random', as: random, uneven: 1.6 },
    ])
    expect({ policy, equals }).toEqual({ policy: 'rr', equals: ['shared', 'l7'] })
  })

  test('never the one that loses connections, however even', () => {
    const { policy, sentences } = advise([
      { policy: 'random', as: random, uneven: 1.3 },
      { policy: 'rr', as: rr, uneven: 1.0, broken: 100 },
    ])
    expect(policy).toBe('random')
    expect(sentences.join(' ')).toContain('Of the connections 0% break or are refused; 10% with rr.')
  })

  test('says what it needs, and when even the best is not even', () => {
    const { policy, sentences } = advise([
      { policy: 'random', as: random, uneven: 3 },
      { policy: 'aged', as: aged, uneven: 1.5 },
    ])
    expect(policy).toBe('aged')
    expect(sentences.join(' ')).toMatch(
      /It needs servers that end connections at an age .* Even so it is not even: max\/mean stays above 1\.25 in 90% of the runs\./,
    )
  })

  test('says so when all are alike, and nothing where there is one', () => {
    expect(
      advise([
        { policy: 'a', as: rr, uneven: 1.01 },
        { policy: 'b', as: random, uneven: 1.02 },
      ]).sentences[0],
    ).toBe(
      'Both policies are alike here: on average the busiest pod has at most 1.02 times the mean. a asks the least.',
    )
    expect(advise([{ policy: 'a', as: rr, uneven: 1.01 }])).toMatchObject({
      policy: null,
      sentences: [],
      reasons: [{ policy: 'a' }],
    })
  })

  test.each<[reason: RegExp, as: Policy, shown: Omit<Shown, 'policy'>, parts: Partial<Scenario>]>([
    [
      /0% of a fair share: connections stay where they are, and nothing ends them/,
      random,
      { uneven: 2, newcomers: 0 },
      {
        events: [{ kind: 'scale', at: 0, replicas: 8, template: podsOf(1, 1)[0]! }],
        clients: [clientsOf('web', 50, [0, 1], { kind: 'pool', connections: 4, life: forever, reconnect: fixed(0.1) })],
      },
    ],
    [
      /connections end after about 1m, and the next ones are spread anew/,
      aged,
      { uneven: 1.2, newcomers: 1 },
      { events: [{ kind: 'scale', at: 0, replicas: 8, template: podsOf(1, 1)[0]! }] },
    ],
    [/50 source addresses are drawn, not 200 connections/, policyOf('ipvs-sh'), { uneven: 1.4 }, {}],
    [
      /1 source address is drawn/,
      policyOf('nft-random', { affinitySeconds: 60 }),
      { uneven: 4 },
      {
        clients: [
          clientsOf(
            'nat',
            50,
            [0],
            { kind: 'pool', connections: 4, life: forever, reconnect: fixed(0.1) },
            { clientsPerAddress: 50 },
          ),
        ],
      },
    ],
    [
      /each of 2 nodes counts for itself, has about 100 connections and begins with the same pods/,
      policyOf('ipvs-lc'),
      { uneven: 1.4 },
      {},
    ],
    [/less loaded of two pods that are drawn/, policyOf('p2c'), { uneven: 1.1 }, {}],
    [/each request is spread by itself.*; open are requests under way/, l7, { uneven: 1 }, { measure: 'open' }],
    [/each request is spread by itself, whatever connection it came by$/, l7, { uneven: 1 }, { measure: 'requests' }],
    [
      /the address dialled decides, not the connection: \d of 4 pods have nothing$/,
      policyOf('ipvs-dh'),
      { uneven: 4 },
      {},
    ],
    [/uneven by at most one connection a node/, rr, { uneven: 1.1 }, {}],
    [
      /clients reach pods of their own zone/,
      policyOf('nft-random', { trafficDistribution: 'PreferSameZone' }),
      { uneven: 2 },
      {},
    ],
    [
      /long connections fall on the same pods again and again/,
      rr,
      { uneven: 4 },
      {
        clients: [
          clientsOf('web', 1, [0], {
            kind: 'arrivals',
            perSecond: 1,
            spacing: 'steady',
            life: { kind: 'cycle', of: [fixed(600), fixed(1), fixed(1), fixed(1)] },
          }),
        ],
      },
    ],
    [
      /one of them asks far more than the others/,
      random,
      { uneven: 3 },
      {
        measure: 'requests',
        clients: [1, 100].map((perSecond, index) =>
          clientsOf(
            `c${index}`,
            10 ** (1 - index),
            [0],
            { kind: 'pool', connections: 1, life: forever, reconnect: fixed(1) },
            { requests: { perSecond, perConnection: 0, spacing: 'poisson', bytes: 1, duration: fixed(0) } },
          ),
        ),
      },
    ],
    [
      /4 connections carry all requests: 4 pods cannot be even/,
      random,
      { uneven: 3 },
      {
        measure: 'requests',
        clients: [
          clientsOf('grpc', 4, [0], {
            kind: 'http2',
            concurrency: 10,
            streams: 100,
            life: forever,
            reconnect: fixed(1),
          }),
        ],
      },
    ],
  ])('%s', (reason, as, shown, parts) => {
    expect(advise([{ policy: 'p', as, ...shown }], parts).reasons[0]?.reason).toMatch(reason)
  })
})

describe('the drawing', () => {
  const report = (outcomes: readonly Outcome[]): SimulationReport => ({
    scenario: 'web',
    about: '',
    seed: '1',
    runs: 200,
    duration: 300,
    evenLimit: 1.25,
    outcomes,
    recommendation: { policy: null, equals: [], reasons: [], sentences: ['Take aged.'] },
  })
  const events = scenario({ events: [{ kind: 'scale', at: 60, replicas: 8, template: podsOf(1, 1)[0]! }] })
  const several = report([
    outcome({ policy: 'random', uneven: 1.9, newcomers: 0.1, broken: 3 }),
    outcome({ policy: 'aged', uneven: 1.1, newcomers: 1 }),
  ])

  test('of several policies is the one that was looked at', async () => {
    const svg = simulationChart(several, events)
    expect(unbalanced(svg)).toEqual([])
    expect(svg).toContain('Take aged.')
    await expect(svg).toMatchFileSnapshot('golden/policies.svg')
  })

  test('of one policy is the one that was looked at', async () => {
    const svg = simulationChart(report([outcome({ policy: 'random', uneven: 1.6 })]), events)
    expect(unbalanced(svg)).toEqual([])
    await expect(svg).toMatchFileSnapshot('golden/pods.svg')
  })

  test('pods that went are left out, pods that never had anything are not', () => {
    const gone: PodOutcome = { ...pod('gone', 0), share: series((at) => (at < 100 ? 0.25 : 0)) }
    const never = pod('never', 0)
    const given = outcome({ policy: 'random', uneven: 1.6 })
    const left = podsLeft({ ...given, pods: [...given.pods, gone, never], idle: { ...given.idle, end: wide(1) } })
    expect(left.map(({ name }) => name)).toEqual(['pod-0', 'pod-1', 'pod-2', 'pod-3', 'never'])
  })
})
