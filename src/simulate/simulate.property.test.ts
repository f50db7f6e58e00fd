import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { indexes, total } from '../../test/support/scenarios.ts'
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
  defaultLoadBalancer,
} from './defaults.ts'
import { type Duration, type Policy, type Scenario, type ScenarioEvent, type Traffic, schedulers } from './model.ts'
import { simulateOnce } from './simulate.ts'

const duration: fc.Arbitrary<Duration> = fc.oneof(
  fc.record({ kind: fc.constant('fixed' as const), seconds: fc.double({ min: 0.1, max: 30, noNaN: true }) }),
  fc.record({ kind: fc.constant('exponential' as const), mean: fc.double({ min: 0.1, max: 30, noNaN: true }) }),
  fc.record({
    kind: fc.constant('lognormal' as const),
    median: fc.double({ min: 0.1, max: 30, noNaN: true }),
    sigma: fc.double({ min: 0, max: 2, noNaN: true }),
  }),
  fc.constant(forever),
)

const traffic: fc.Arbitrary<Traffic> = fc.oneof(
  fc.record({
    kind: fc.constant('pool' as const),
    connections: fc.integer({ min: 1, max: 5 }),
    life: duration,
    reconnect: fc.constantFrom(fixed(0), exponential(1)),
  }),
  fc.record({
    kind: fc.constant('arrivals' as const),
    perSecond: fc.double({ min: 0.1, max: 3, noNaN: true }),
    spacing: fc.constantFrom('poisson' as const, 'steady' as const),
    life: duration,
  }),
)

const template = fc.record({
  startup: fc.constantFrom(fixed(0), exponential(3)),
  probe: fc.constantFrom(null, defaultProbe),
  graceSeconds: fc.constantFrom(0, 5),
  drain: fc.constantFrom('cut' as const, 'close' as const),
})

const events = (pods: number, nodes: number): fc.Arbitrary<ScenarioEvent> => {
  const at = fc.integer({ min: 0, max: 40 })
  const full = template.map((some) => ({ ...defaultTemplate, ...some }))
  const some = fc.uniqueArray(fc.integer({ min: 0, max: pods - 1 }), { maxLength: 3 })
  return fc.oneof(
    fc.record({
      kind: fc.constant('rolling-update' as const),
      at,
      maxSurge: fc.integer({ min: 1, max: 3 }),
      maxUnavailable: fc.integer({ min: 0, max: 2 }),
      minReadySeconds: fc.constantFrom(0, 2),
      template: full,
    }),
    fc.record({ kind: fc.constant('scale' as const), at, replicas: fc.integer({ min: 0, max: 8 }), template: full }),
    fc.record({ kind: fc.constant('restart' as const), at, pods: some, downSeconds: fc.constantFrom(0, 3) }),
    fc.record({ kind: fc.constant('fail' as const), at, pods: some, seconds: fc.constantFrom(5, 40) }),
    fc.record({
      kind: fc.constant('drain' as const),
      at,
      node: fc.integer({ min: 0, max: nodes - 1 }),
      template: full,
    }),
    fc.record({
      kind: fc.constant('node-stall' as const),
      at,
      nodes: fc.constant([0]),
      seconds: fc.constantFrom(1, 30),
    }),
    fc.record({
      kind: fc.constant('reconnect' as const),
      at,
      clients: fc.constant([0]),
      fraction: fc.constantFrom(0.3, 1),
    }),
  )
}

const policy: fc.Arbitrary<Policy> = fc
  .record({
    scheduler: fc.constantFrom(...schedulers),
    order: fc.constantFrom('fixed' as const, 'shuffled' as const),
    counts: fc.constantFrom('node' as const, 'shared' as const),
    affinitySeconds: fc.constantFrom(null, 5),
    maxAgeSeconds: fc.constantFrom(null, 10),
    maxRequests: fc.constantFrom(null, 20),
    slowStartSeconds: fc.constantFrom(0, 10),
    internalTrafficPolicy: fc.constantFrom('Cluster' as const, 'Local' as const),
    loadBalancer: fc.constantFrom(null, defaultLoadBalancer, {
      ...defaultLoadBalancer,
      mode: 'ip' as const,
      instances: 2,
    }),
  })
  .map(({ scheduler, ...changes }) => policyOf(scheduler, changes))

/** Everybody leaves at 45 of 50 seconds. */
const scenario: fc.Arbitrary<Scenario> = fc
  .record({
    nodes: fc.integer({ min: 1, max: 3 }),
    pods: fc.integer({ min: 1, max: 5 }),
    policy,
    traffics: fc.array(traffic, { minLength: 1, maxLength: 3 }),
    pod: template,
    lag: fc.constantFrom(fixed(0), exponential(2)),
    warmUpSeconds: fc.constantFrom(0, 5),
  })
  .chain((parts) =>
    fc.record({ parts: fc.constant(parts), happening: fc.array(events(parts.pods, parts.nodes), { maxLength: 3 }) }),
  )
  .map(({ parts, happening }) =>
    scenarioOf({
      seconds: 50,
      sampleSeconds: 5,
      warmUpSeconds: parts.warmUpSeconds,
      nodes: nodesOf(parts.nodes, { lag: parts.lag }),
      pods: podsOf(parts.pods, parts.nodes, parts.pod),
      policy:
        parts.policy.scheduler === 'ipvs-rr' || parts.policy.scheduler === 'ipvs-wrr'
          ? { ...parts.policy, counts: 'node' }
          : parts.policy,
      clients: parts.traffics.map((one, i) => {
        const inside = i > 0 || parts.policy.loadBalancer === null
        return clientsOf(`c${i}`, 4, inside ? indexes(parts.nodes) : [], one, {
          stopsAt: 45,
          startsAt: i === 1 ? 3 : Number.NEGATIVE_INFINITY,
        })
      }),
      events: happening,
    }),
  )

describe('any scenario', () => {
  test('keeps count of its connections: none below zero, none left over when everybody has gone', () => {
    fc.assert(
      fc.property(scenario, fc.string({ maxLength: 5 }), (any, seed) => {
        const layer7 = any.policy.scheduler.startsWith('l7-')
        const { amounts, totals, opened, broken, refused, secondHops, pods, states } = simulateOnce(any, seed)
        expect(amounts.every((amount) => amount >= 0 && Number.isInteger(amount))).toBe(true)
        // requests of layer 7 are not cut short, so some may still be in flight
        if (!layer7) expect(total(totals.open)).toBe(0)
        expect(total(totals.opened)).toBe(opened)
        for (const measure of ['opened', 'requests', 'bytes', 'work'] as const)
          expect(totals[measure].every((value) => value >= 0 && Number.isFinite(value))).toBe(true)
        for (const count of [opened, broken, refused, secondHops]) expect(count).toBeGreaterThanOrEqual(0)
        // who is not there has nothing
        for (const [i, state] of states.entries()) if ((state & 2) === 0) expect(amounts[i]).toBe(0)
        for (const [pod, { startedAt }] of pods.entries())
          if (Number.isNaN(startedAt)) expect(totals.opened[pod]).toBe(0)
      }),
      { seed: 6, numRuns: 300 },
    )
  })

  test('is the same again with the same seed', () => {
    fc.assert(
      fc.property(scenario, fc.string({ maxLength: 5 }), (any, seed) => {
        expect(simulateOnce(any, seed, 3)).toEqual(simulateOnce(any, seed, 3))
      }),
      { seed: 6, numRuns: 60 },
    )
  })
})
