import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { checkScenario, problemsOf } from './check.ts'
import {
  clientsOf,
  defaultLoadBalancer,
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
import { type Duration, type Policy, type Scenario, type ScenarioEvent, type Traffic, schedulers } from './model.ts'
import { simulate, simulateOnce } from './simulate.ts'

const indexes = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/** A bit of everything. */
const busy = (policy: Policy = policyOf('nft-random')): Scenario =>
  scenarioOf({
    seconds: 60,
    warmUpSeconds: 10,
    sampleSeconds: 5,
    nodes: nodesOf(3, { lag: exponential(0.5) }),
    pods: podsOf(4, 3, { probe: defaultProbe }),
    policy,
    clients: [
      clientsOf('pool', 12, indexes(3), { kind: 'pool', connections: 3, life: exponential(20), reconnect: fixed(0.1) }),
      clientsOf('short', 3, [0, 1], { kind: 'arrivals', perSecond: 2, spacing: 'poisson', life: exponential(1) }),
    ],
    events: [
      {
        kind: 'rolling-update',
        at: 10,
        maxSurge: 1,
        maxUnavailable: 1,
        minReadySeconds: 0,
        template: { ...defaultTemplate, startup: exponential(2), probe: defaultProbe, graceSeconds: 5 },
      },
      { kind: 'restart', at: 30, pods: [0], downSeconds: 3 },
    ],
  })

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

const total = (values: Iterable<number>): number => [...values].reduce((sum, value) => sum + value, 0)

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

describe('many runs', () => {
  test.each(['nft-random', 'ipvs-wlc', 'p2c'] as const)(
    '%s: the same bytes on 0, 1 and 2 threads, and twice',
    async (name) => {
      const texts = []
      for (const threads of [0, 1, 2, 2])
        texts.push(JSON.stringify(await simulate(busy(policyOf(name)), { runs: 24, seed: 'x', threads })))
      expect(new Set(texts).size).toBe(1)
    },
  )

  test('another seed is another outcome, and each run differs', async () => {
    const once = async (seed: string): Promise<string> =>
      JSON.stringify(await simulate(busy(), { runs: 5, seed, threads: 0 }))
    expect(await once('a')).not.toBe(await once('b'))
    const runs = indexes(10).map((run) => [...simulateOnce(busy(), 'a', run).totals.opened].join(' '))
    expect(new Set(runs).size).toBe(10)
  })

  test('policies meet the same clients: arrivals do not depend on the scheduler', () => {
    const arrivals = (name: Policy['scheduler']): number => {
      const { clients, ...rest } = busy(policyOf(name))
      return simulateOnce({ ...rest, events: [], clients: clients.slice(1) }, 'a').opened
    }
    expect(arrivals('nft-random')).toBe(arrivals('ipvs-lc'))
  })

  test('the outcome is plain JSON, with bands in order', async () => {
    const outcome = await simulate(busy(), { runs: 40, threads: 0 })
    expect(JSON.parse(JSON.stringify(outcome))).toEqual(outcome)
    expect(outcome.times[0]).toBe(0)
    expect(outcome.times.at(-1)).toBe(60)
    for (const { end, envelope, share } of outcome.pods) {
      expect([end.lowest, end.low, end.median, end.high, end.highest]).toEqual(
        [end.lowest, end.low, end.median, end.high, end.highest].toSorted((a, b) => a - b),
      )
      expect(envelope.low).toBeLessThanOrEqual(end.low)
      expect(envelope.high).toBeGreaterThanOrEqual(end.high)
      expect(share.median).toHaveLength(outcome.times.length)
    }
    expect(outcome.pods.map(({ name }) => name)).toEqual([
      ...indexes(4).map((i) => `pod-${i}`),
      ...indexes(4).map((i) => `new-${i}`),
    ])
    expect(total(outcome.ranked.map(({ mean }) => mean))).toBeGreaterThan(0.5)
  })

  test('the envelope holds 95 % of runs whole', async () => {
    const runs = 1000
    const even = { ...busy(), events: [] }
    const { pods } = await simulate(even, { runs, threads: 0, seed: 'e' })
    const inside = indexes(runs).filter((run) => {
      const { amounts } = simulateOnce(even, 'fresh', run)
      const last = amounts.slice(-pods.length)
      const all = total(last)
      return pods.every(({ envelope }, i) => {
        const share = (last[i] ?? 0) / all
        return share >= envelope.low && share <= envelope.high
      })
    })
    expect(inside.length / runs).toBeGreaterThan(0.93)
  })

  test('time to even: from the last event to the first sample from which it stays so', async () => {
    const steered = scenarioOf({
      seconds: 200,
      sampleSeconds: 1,
      nodes: nodesOf(1),
      pods: podsOf(5, 1),
      policy: policyOf('lc', { counts: 'shared' }),
      evenLimit: 1.02,
      events: [{ kind: 'scale', at: 20, replicas: 10, template: defaultTemplate }],
      clients: [
        clientsOf('c', 10, [0], { kind: 'pool', connections: 1000, life: exponential(100), reconnect: fixed(0) }),
      ],
    })
    const { timeToEven } = await simulate(steered, { runs: 3, threads: 0 })
    expect(timeToEven.reached).toBe(1)
    expect(Math.abs((timeToEven.seconds?.median ?? 0) - 100 * Math.log(2))).toBeLessThan(4)
    const random = { ...steered, policy: policyOf('nft-random'), seconds: 30 }
    expect((await simulate(random, { runs: 3, threads: 0 })).timeToEven).toEqual({ reached: 0, seconds: null })
  })

  test('tells how far it is', async () => {
    const told: number[] = []
    await simulate(busy(), { runs: 10, threads: 0, onProgress: (done) => told.push(done) })
    expect(told).toEqual(indexes(10).map((i) => i + 1))
  })

  test.each([0, 1])('ends when it is told to (threads: %i)', async (threads) => {
    const controller = new AbortController()
    const running = simulate(busy(), {
      runs: 100_000,
      threads,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    })
    await expect(running).rejects.toThrow('enough')
  })

  test.each([0, 1])('a run that takes too long says which one and where it was (threads: %i)', async (threads) => {
    await expect(simulate(busy(), { runs: 20, threads, maxEvents: 100 })).rejects.toThrow(
      /^run 0: more than 100 events by second -?\d/,
    )
    // just enough for the first run
    const enough = async (maxEvents: number): Promise<boolean> =>
      simulate(busy(), { runs: 1, maxEvents }).then(
        () => true,
        () => false,
      )
    let [low, high] = [100, 10_000]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (await enough(middle)) high = middle
      else low = middle
    }
    await expect(simulate(busy(), { runs: 200, threads, maxEvents: high })).rejects.toThrow(/^run [1-9]\d*: more than/)
  })

  test('more values than fit: what to take fewer of', async () => {
    const wide = { ...busy(), sampleSeconds: 0.001 }
    await expect(simulate(wide, { runs: 1000 })).rejects.toThrow(/runs × 60001 samples × 8 pods are more than/)
  })

  test.each([
    [{ runs: 0 }, 'runs'],
    [{ runs: 1.5 }, 'runs'],
    [{ threads: -1 }, 'threads'],
    [{ maxEvents: Number.NaN }, 'maxEvents'],
  ])('%o is refused', async (options, name) => {
    await expect(simulate(busy(), options)).rejects.toThrow(name)
  })
})

describe('scenarios that make no sense', () => {
  const paths = (changes: Partial<Scenario>): string[] => problemsOf({ ...busy(), ...changes }).map(({ path }) => path)
  const [group] = busy().clients
  const [pod] = busy().pods
  if (group === undefined || pod === undefined) throw new Error('busy() has both')

  const rows: [path: string, changes: Partial<Scenario>][] = [
    ['seconds', { seconds: 0 }],
    ['sampleSeconds', { sampleSeconds: 1e-9 }],
    ['warmUpSeconds', { warmUpSeconds: -1 }],
    ['evenLimit', { evenLimit: 1 }],
    ['nodes[3].lag', { nodes: [...nodesOf(3), ...nodesOf(1, { lag: { kind: 'uniform', low: 2, high: 1 } })] }],
    ['pods[0].node', { pods: [{ ...pod, node: 9 }] }],
    ['pods[0].address', { pods: [{ ...pod, address: '10.0.0' }] }],
    ['pods[0].weight', { pods: [{ ...pod, weight: 1.5 }] }],
    ['pods[0].graceSeconds', { pods: [{ ...pod, lameDuckSeconds: 9, graceSeconds: 5 }] }],
    ['pods[0].probe.periodSeconds', { pods: [{ ...pod, probe: { ...defaultProbe, periodSeconds: 0 } }] }],
    ['clients[0].count', { clients: [{ ...group, count: 0 }] }],
    ['clients[0].nodes', { clients: [{ ...group, nodes: [7] }] }],
    ['clients[0].nodes', { clients: [{ ...group, nodes: [] }] }],
    ['clients[0].traffic.life', { clients: [{ ...group, traffic: { ...group.traffic, life: fixed(0) } }] }],
    ['clients[0].traffic.life.mean', { clients: [{ ...group, traffic: { ...group.traffic, life: exponential(-3) } }] }],
    ['clients[0].requests.perSecond', { clients: [{ ...group, requests: { ...group.requests, perSecond: NaN } }] }],
    ['events[0].pods', { events: [{ kind: 'fail', at: 0, pods: [99], seconds: 1 }] }],
    ['events[0].replicas', { events: [{ kind: 'scale', at: 0, replicas: -1, template: defaultTemplate }] }],
    [
      'events[0]',
      {
        events: [
          {
            kind: 'rolling-update',
            at: 0,
            maxSurge: 0,
            maxUnavailable: 0,
            minReadySeconds: 0,
            template: defaultTemplate,
          },
        ],
      },
    ],
    ['policy.affinitySeconds', { policy: policyOf('lc', { affinitySeconds: 0 }) }],
    ['policy.maxRequests', { policy: policyOf('lc', { maxRequests: 0 }) }],
    ['policy.counts', { policy: policyOf('ipvs-rr', { counts: 'shared' }) }],
  ]
  test.each(rows)('%s', (path, changes) => expect(paths(changes)).toEqual([path]))

  test('both ways in refuse them, with the path', async () => {
    const wrong = { ...busy(), seconds: -1 }
    expect(() => simulateOnce(wrong, '1')).toThrow(/^seconds: more than 0/)
    await expect(simulate(wrong)).rejects.toThrow(/^seconds: more than 0/)
  })

  test('what makes sense passes', () => expect(() => checkScenario(busy())).not.toThrow())
})
