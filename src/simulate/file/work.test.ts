import { describe, expect, test } from 'vitest'
import { defaultTemplate, exponential, fixed, nodesOf, podsOf, clientsOf, policyOf, scenarioOf } from '../defaults.ts'
import type { Policy, Scenario, Traffic } from '../model.ts'
import { estimate, tooMuch, usualMaxEvents } from './work.ts'

const scenario = (traffic: Traffic, parts: Partial<Scenario> = {}): Scenario =>
  scenarioOf({
    seconds: 1000,
    nodes: nodesOf(2),
    pods: podsOf(4, 2),
    clients: [clientsOf('c', 10, [0, 1], traffic)],
    policy: policyOf('nft-random'),
    ...parts,
  })

const pool = (seconds: number): Traffic => ({
  kind: 'pool',
  connections: 5,
  life: exponential(seconds),
  reconnect: fixed(1),
})

const stays: Traffic = { ...pool(1), life: { kind: 'forever' } }

describe('the work of a run is known beforehand, roughly', () => {
  test.each<[string, Scenario, number]>([
    ['a pool', scenario(pool(99)), 2 * 50 * 11 + 8],
    [
      'arrivals',
      scenario({ kind: 'arrivals', perSecond: 2, spacing: 'poisson', life: exponential(1) }),
      2 * 20_000 + 8,
    ],
    ['connections that stay', scenario(stays), 2 * 50 + 8],
    [
      'a maximum age',
      scenario(stays, {
        policy: policyOf('nft-random', { maxAgeSeconds: 99 }),
      }),
      2 * 50 * 11 + 8,
    ],
    ['requests, where they are picked for', scenario(stays, { policy: policyOf('l7-rr') }), 2 * (50 + 10_000) + 8],
  ])('%s', (_, given, events) => expect(estimate(given)).toBeCloseTo(events, 6))

  test('an update of many pods on many nodes', () => {
    const parts = { nodes: nodesOf(1000), pods: podsOf(1000, 1000) }
    const update = {
      kind: 'rolling-update',
      at: 1,
      maxSurge: 1,
      maxUnavailable: 0,
      minReadySeconds: 0,
      template: defaultTemplate,
    } as const
    const events = estimate(scenario(stays, { ...parts, events: [update] }))
    expect(events).toBeGreaterThan(usualMaxEvents)
    expect(estimate(scenario(stays, parts))).toBeLessThan(usualMaxEvents / 100)
  })

  test('comparing many pods for each connection', () => {
    const of = (scheduler: Policy['scheduler'], pods: number): number =>
      estimate(scenario(stays, { pods: podsOf(pods, 2), policy: policyOf(scheduler) }))
    expect(of('lc', 100)).toBe(of('nft-rr', 100))
    expect(of('lc', 10_000) / of('p2c', 10_000)).toBeGreaterThan(1.5)
    expect(of('ipvs-wlc', 10_000)).toBe(of('lc', 10_000))
  })

  test('within the bound: nothing to say', () =>
    expect(
      tooMuch(scenario(pool(99)), { runs: 1000, policies: [policyOf('nft-rr')], maxEvents: usualMaxEvents }),
    ).toBeNull())

  test('beyond it: how much it is, and how to raise the bound', () => {
    const huge = scenario(pool(0.01), { seconds: 1e9, sampleSeconds: 1e7 })
    const message =
      tooMuch(huge, { runs: 1000, policies: [policyOf('nft-rr'), policyOf('p2c')], maxEvents: usualMaxEvents }) ?? ''
    expect(message).toMatch(
      /^about 198 trillion connection events in 1 thousand runs \(99 billion in each by nft-rr, the most of 2 policies\), more than the 500 million/,
    )
    const raised = Number(/--max-events (\d+)$/.exec(message)?.[1])
    expect(tooMuch(huge, { runs: 1000, policies: [policyOf('nft-rr'), policyOf('p2c')], maxEvents: raised })).toBeNull()
  })

  test('picking for each request: which policy it is, and how many runs fit', () =>
    expect(
      tooMuch(scenario(stays, { seconds: 1e6, sampleSeconds: 1e5 }), {
        runs: 1000,
        policies: [policyOf('nft-rr'), policyOf('l7-rr')],
        maxEvents: usualMaxEvents,
      }),
    ).toBe(
      'about 20 billion connection events in 1 thousand runs (20 million in each by l7-rr, which picks for each request, the most of 2 policies), more than the 500 million that are allowed: --runs 24, a shorter duration, fewer clients, fewer requests or longer lives, or --max-events 30000000000',
    ))

  test('connections that memory cannot hold', () => {
    const many = scenario({ kind: 'pool', connections: 1_000_000, life: exponential(1e6), reconnect: fixed(1) })
    expect(tooMuch(many, { runs: 1, policies: [policyOf('nft-rr')], maxEvents: Infinity })).toBe(
      'about 10 million connections would be open at a time, at most 5 million fit: fewer clients or connections, or shorter lives',
    )
  })

  test('values that memory cannot hold', () => {
    const many = scenario(pool(99), { pods: podsOf(10_000, 2), sampleSeconds: 1 })
    expect(tooMuch(many, { runs: 1000, policies: [policyOf('nft-rr')], maxEvents: Infinity })).toMatch(
      /10 thousand pods × .* fewer --runs/,
    )
  })
})
