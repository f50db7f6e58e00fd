import { describe, expect, test } from 'vitest'
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
} from '../defaults.ts'
import type { PodTemplate, RunOutcome, Scenario, Traffic } from '../model.ts'
import { simulateOnce } from '../simulate.ts'

const indexes = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
const pool = (connections: number, life: Traffic['life'] = forever): Traffic => ({
  kind: 'pool',
  connections,
  life,
  reconnect: fixed(0),
})

/** One node, four pods, 400 connections for ever, spread by rr; a sample each second. */
const base = (changes: Partial<Scenario> = {}): Scenario =>
  scenarioOf({
    seconds: 100,
    sampleSeconds: 1,
    nodes: nodesOf(1),
    pods: podsOf(4, 1),
    policy: policyOf('nft-rr'),
    clients: [clientsOf('c', 4, [0], pool(100))],
    ...changes,
  })

const openAt = (outcome: RunOutcome, second: number): number[] => {
  const pods = outcome.pods.length
  return Array.from(outcome.amounts.subarray(second * pods, (second + 1) * pods))
}
const readyAt = (outcome: RunOutcome, second: number): number =>
  outcome.states
    .subarray(second * outcome.pods.length, (second + 1) * outcome.pods.length)
    .filter((state) => (state & 1) === 1).length
const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)
const came = (outcome: RunOutcome): string[] =>
  outcome.pods.filter(({ startedAt }) => !Number.isNaN(startedAt)).map(({ name }) => name)

const template = (changes: Partial<PodTemplate> = {}): PodTemplate => ({
  ...defaultTemplate,
  startup: fixed(5),
  probe: { ...defaultProbe, periodSeconds: 1 },
  graceSeconds: 2,
  ...changes,
})

describe('a rolling update', () => {
  const update = (maxSurge: number, maxUnavailable: number): Scenario =>
    base({
      pods: podsOf(4, 1, { graceSeconds: 2 }),
      events: [{ kind: 'rolling-update', at: 10, maxSurge, maxUnavailable, minReadySeconds: 0, template: template() }],
    })

  test('replaces every pod, breaks what they held, and the first new pods end heaviest', () => {
    const outcome = simulateOnce(update(1, 0), '1')
    expect(came(outcome)).toEqual(['pod-0', 'pod-1', 'pod-2', 'pod-3', 'new-0', 'new-1', 'new-2', 'new-3'])
    const counts = openAt(outcome, 100)
    expect(counts.slice(0, 4)).toEqual([0, 0, 0, 0])
    expect(total(counts)).toBe(400)
    const [first = 0, , , last = 0] = counts.slice(4)
    expect(first).toBeGreaterThan(100)
    // the last one comes before the last old one is gone, and so gets its part of that
    expect(last).toBeLessThan(first)
    expect(outcome.broken).toBeGreaterThan(400)
  })

  test('never fewer ready than replicas − maxUnavailable, never more than replicas + maxSurge', () => {
    for (const [surge, unavailable] of [
      [1, 0],
      [0, 1],
      [2, 1],
      [4, 4],
    ] as const) {
      const outcome = simulateOnce(update(surge, unavailable), '1')
      for (let second = 0; second <= 100; second++) {
        expect(readyAt(outcome, second)).toBeGreaterThanOrEqual(4 - unavailable)
        expect(readyAt(outcome, second)).toBeLessThanOrEqual(4 + surge)
      }
      expect(readyAt(outcome, 100)).toBe(4)
    }
  })

  test('minReadySeconds holds each step back', () => {
    const events = update(1, 0).events.map((event) => ({ ...event, minReadySeconds: 15 }))
    const quick = simulateOnce(update(1, 0), '1').pods.map(({ startedAt }) => startedAt)
    const slow = simulateOnce(base({ events }), '1').pods.map(({ startedAt }) => startedAt)
    expect(quick.slice(4).every((at, i) => at <= (slow[4 + i] ?? 0))).toBe(true)
    expect((slow[7] ?? 0) - (slow[4] ?? 0)).toBeGreaterThan(60)
  })

  test('connections of a pod that closes in good order are not broken', () => {
    const gentle = podsOf(4, 1, { drain: 'close', lameDuckSeconds: 1, graceSeconds: 5 })
    const outcome = simulateOnce({ ...update(1, 0), pods: gentle }, '1')
    expect(outcome.broken).toBe(0)
    expect(total(openAt(outcome, 100))).toBe(400)
    expect(outcome.opened).toBeGreaterThan(800)
  })
})

describe('scaling', () => {
  test('up without churn: the new ones stay idle', () => {
    const outcome = simulateOnce(
      base({ events: [{ kind: 'scale', at: 10, replicas: 6, template: defaultTemplate }] }),
      '1',
    )
    expect(openAt(outcome, 100)).toEqual([100, 100, 100, 100, 0, 0])
  })

  test('down: the youngest go, and their connections break at the end of their grace', () => {
    const outcome = simulateOnce(
      base({ events: [{ kind: 'scale', at: 10, replicas: 3, template: defaultTemplate }] }),
      '1',
    )
    expect(openAt(outcome, 39)).toEqual([100, 100, 100, 100])
    const after = openAt(outcome, 41)
    expect(total(after)).toBe(400)
    expect(after[3]).toBe(0)
    expect(outcome.broken).toBe(100)
  })

  test('to nothing and back: clients wait, and come again', () => {
    const outcome = simulateOnce(
      base({
        pods: podsOf(4, 1, { graceSeconds: 0 }),
        events: [
          { kind: 'scale', at: 10, replicas: 0, template: defaultTemplate },
          { kind: 'scale', at: 50, replicas: 2, template: defaultTemplate },
        ],
      }),
      '1',
    )
    expect(total(openAt(outcome, 49))).toBe(0)
    expect(outcome.refused).toBe(400 * 40)
    expect(openAt(outcome, 60).slice(4, 6)).toEqual([200, 200])
  })
})

describe('readiness', () => {
  const starting = (changes: Partial<PodTemplate>): RunOutcome =>
    simulateOnce(
      base({
        clients: [clientsOf('c', 4, [0], { kind: 'arrivals', perSecond: 25, spacing: 'steady', life: fixed(0.1) })],
        measure: 'opened',
        events: [{ kind: 'scale', at: 20, replicas: 5, template: template({ startup: fixed(30), ...changes }) }],
      }),
      '1',
    )

  test('with a probe nobody is sent to a pod that starts', () => expect(starting({}).refused).toBe(0))

  test('without one a fifth of all connections is refused until it has started', () => {
    const { refused } = starting({ probe: null })
    expect(Math.abs(refused - (30 * 100) / 5)).toBeLessThan(10)
  })

  const failing = (probe: PodTemplate['probe']): RunOutcome =>
    simulateOnce(
      base({
        pods: podsOf(4, 1, { probe }),
        clients: [clientsOf('c', 4, [0], { kind: 'arrivals', perSecond: 25, spacing: 'steady', life: fixed(0.1) })],
        events: [{ kind: 'fail', at: 20, pods: [2], seconds: 40 }],
      }),
      '1',
    )

  test('a pod that fails is refused at until its probe has failed often enough', () => {
    const outcome = failing({ periodSeconds: 2, successThreshold: 1, failureThreshold: 3 })
    // the third failure comes 4 to 6 s after it began
    expect(outcome.refused).toBeGreaterThan(25 * 3.9)
    expect(outcome.refused).toBeLessThan(25 * 6.1)
    expect(readyAt(outcome, 27)).toBe(3)
    expect(readyAt(outcome, 63)).toBe(4)
  })

  test('without a probe for as long as it fails', () => {
    const outcome = failing(null)
    expect(Math.abs(outcome.refused - 25 * 40)).toBeLessThan(5)
    expect(readyAt(outcome, 27)).toBe(4)
  })

  test('a failure that is over before the probe notices changes nothing in the rules', () => {
    const outcome = failing({ periodSeconds: 30, successThreshold: 1, failureThreshold: 3 })
    expect(Array.from({ length: 101 }, (_, second) => readyAt(outcome, second))).toEqual(Array(101).fill(4))
  })

  test('a pod that terminates still accepts during its lame duck time, then refuses: nodes that lag send to it', () => {
    const lagging = (lameDuckSeconds: number): number =>
      simulateOnce(
        base({
          nodes: nodesOf(1, { lag: fixed(4) }),
          pods: podsOf(4, 1, { lameDuckSeconds }),
          clients: [clientsOf('c', 4, [0], { kind: 'arrivals', perSecond: 25, spacing: 'steady', life: fixed(0.1) })],
          events: [{ kind: 'scale', at: 20, replicas: 3, template: defaultTemplate }],
        }),
        '1',
      ).refused
    expect(Math.abs(lagging(0) - 25 * 4)).toBeLessThan(4)
    expect(Math.abs(lagging(3) - 25)).toBeLessThan(4)
    expect(lagging(5)).toBe(0)
  })
})

describe('nodes', () => {
  test('a drain brings its pods to the other nodes', () => {
    const outcome = simulateOnce(
      base({
        nodes: nodesOf(2),
        pods: podsOf(4, 2),
        events: [{ kind: 'drain', at: 10, node: 0, template: defaultTemplate }],
      }),
      '1',
    )
    expect(readyAt(outcome, 50)).toBe(4)
    expect(outcome.pods.slice(4, 6).map(({ node }) => node)).toEqual([1, 1])
  })

  test('a node that stalls keeps its old rules', () => {
    const outcome = simulateOnce(
      base({
        nodes: nodesOf(2),
        clients: [0, 1].map((node) => clientsOf(`c${node}`, 1, [node], pool(100, fixed(1)))),
        events: [
          { kind: 'node-stall', at: 5, nodes: [1], seconds: 50 },
          { kind: 'scale', at: 10, replicas: 8, template: defaultTemplate },
        ],
      }),
      '1',
    )
    // 100 of each node: half of them go to the newcomers where their rules know them
    expect(Math.abs(total(openAt(outcome, 40).slice(4)) - 50)).toBeLessThanOrEqual(4)
    expect(Math.abs(total(openAt(outcome, 90).slice(4)) - 100)).toBeLessThanOrEqual(8)
  })

  test('a crash breaks connections, and the pod is back after its downtime', () => {
    const outcome = simulateOnce(base({ events: [{ kind: 'restart', at: 10, pods: [1], downSeconds: 5 }] }), '1')
    expect(outcome.broken).toBe(100)
    expect(readyAt(outcome, 12)).toBe(3)
    expect(readyAt(outcome, 16)).toBe(4)
    expect(openAt(outcome, 20)[1]).toBe(0)
  })

  test('when clients reconnect, everything is even again', () => {
    const outcome = simulateOnce(
      base({
        events: [
          { kind: 'scale', at: 10, replicas: 8, template: defaultTemplate },
          { kind: 'reconnect', at: 50, clients: [0], fraction: 1 },
        ],
      }),
      '1',
    )
    expect(openAt(outcome, 49)).toEqual([100, 100, 100, 100, 0, 0, 0, 0])
    expect(openAt(outcome, 51)).toEqual(Array(8).fill(50))
    expect(outcome.broken).toBe(0)
  })
})

describe('policies', () => {
  const local = (changes: Partial<Scenario>): RunOutcome =>
    simulateOnce(
      base({
        nodes: [
          { name: 'a', zone: 'x', lag: fixed(0) },
          { name: 'b', zone: 'x', lag: fixed(0) },
          { name: 'c', zone: 'y', lag: fixed(0) },
        ],
        // three pods on a, one on c
        pods: podsOf(4, 1).map((pod, i) => ({ ...pod, node: i === 3 ? 2 : 0 })),
        clients: indexes(3).map((node) => clientsOf(`c${node}`, 1, [node], pool(60))),
        ...changes,
      }),
      '1',
    )

  test('internalTrafficPolicy Local: each to its own node’s pods, and nobody where there are none', () => {
    const outcome = local({ policy: policyOf('nft-rr', { internalTrafficPolicy: 'Local' }) })
    expect(openAt(outcome, 0)).toEqual([20, 20, 20, 60])
    expect(outcome.refused).toBe(60 * 101)
  })

  test('PreferSameZone: unequal pods per zone are unequal load', () => {
    const outcome = local({ policy: policyOf('nft-rr', { trafficDistribution: 'PreferSameZone' }) })
    expect(openAt(outcome, 0)).toEqual([40, 40, 40, 60])
  })

  test('PreferSameNode: the zone where the node has none', () => {
    const outcome = local({ policy: policyOf('nft-rr', { trafficDistribution: 'PreferSameNode' }) })
    expect(openAt(outcome, 0)).toEqual([40, 40, 40, 60])
    expect(outcome.refused).toBe(0)
  })

  test('affinity: all connections of an address go to one pod, for as long as it is remembered', () => {
    const few = (affinitySeconds: number | null, clientsPerAddress: number): number =>
      openAt(
        simulateOnce(
          base({
            policy: policyOf('nft-rr', { affinitySeconds }),
            clients: [clientsOf('c', 20, [0], pool(10), { clientsPerAddress })],
          }),
          '1',
        ),
        0,
      ).filter((count) => count > 0).length
    expect([few(null, 20), few(10_800, 20), few(10_800, 1)]).toEqual([4, 1, 4])
  })

  test('affinity runs out, and each connection begins its time anew', () => {
    const pods = (perSecond: number): number => {
      const { totals } = simulateOnce(
        base({
          policy: policyOf('nft-rr', { affinitySeconds: 10 }),
          clients: [clientsOf('c', 1, [0], { kind: 'arrivals', perSecond, spacing: 'steady', life: fixed(0.1) })],
        }),
        '1',
      )
      return totals.opened.filter((count) => count > 0).length
    }
    expect([pods(1), pods(1 / 11)]).toEqual([1, 4])
  })

  test('ipvs keeps an address while it has connections, also after the time', () => {
    const spread = (life: number): number =>
      simulateOnce(
        base({
          policy: policyOf('ipvs-rr', { affinitySeconds: 1 }),
          clients: [clientsOf('c', 1, [0], { kind: 'arrivals', perSecond: 0.5, spacing: 'steady', life: fixed(life) })],
        }),
        '1',
      ).totals.opened.filter((count) => count > 0).length
    expect([spread(10), spread(0.5)]).toEqual([1, 4])
  })

  test('a full pod refuses', () => {
    const outcome = simulateOnce(base({ pods: podsOf(4, 1, { capacity: 50 }) }), '1')
    expect(openAt(outcome, 0)).toEqual([50, 50, 50, 50])
    expect(outcome.refused).toBeGreaterThan(200)
  })

  test('http2: one connection carries everything', () => {
    const traffic: Traffic = { kind: 'http2', concurrency: 250, streams: 100, life: forever, reconnect: fixed(0) }
    const group = clientsOf('c', 2, [0], traffic)
    const { totals } = simulateOnce(
      base({ clients: [{ ...group, requests: { ...group.requests, perSecond: 300 } }] }),
      '1',
    )
    expect(total([...totals.open])).toBe(6)
    expect(total([...totals.requests])).toBeCloseTo(2 * 300 * 100, 6)
  })
})

describe('a load balancer outside', () => {
  const outside = (mode: 'instance' | 'ip', externalTrafficPolicy: 'Cluster' | 'Local', more = {}): RunOutcome =>
    simulateOnce(
      base({
        nodes: nodesOf(3),
        // three pods on the first node, one on the second
        pods: podsOf(4, 1).map((pod, i) => ({ ...pod, node: i === 3 ? 1 : 0 })),
        clients: [clientsOf('c', 24, [], pool(50))],
        policy: policyOf('nft-rr', {
          loadBalancer: {
            mode,
            externalTrafficPolicy,
            scheduler: 'rr',
            instances: 1,
            keepsSource: false,
            lag: fixed(0),
            ...more,
          },
        }),
      }),
      '1',
    )

  test('instance mode, Cluster: even, but most connections go on to another node', () => {
    const outcome = outside('instance', 'Cluster')
    expect(openAt(outcome, 0)).toEqual([300, 300, 300, 300])
    // 1/3 comes to each node; of those of the first 3/4 stay, of the second 1/4, of the third none
    expect(outcome.secondHops).toBe(800)
  })

  test('instance mode, Local: no second hop, and the lonely pod gets three times as much', () => {
    const outcome = outside('instance', 'Local')
    expect(openAt(outcome, 0)).toEqual([200, 200, 200, 600])
    expect(outcome.secondHops).toBe(0)
  })

  test('IP mode: even and straight', () => {
    const outcome = outside('ip', 'Cluster')
    expect(openAt(outcome, 0)).toEqual([300, 300, 300, 300])
    expect(outcome.secondHops).toBe(0)
  })

  test.each(['random', 'least-connections', 'source'] as const)('%s: everybody gets through', (scheduler) => {
    const counts = openAt(outside('ip', 'Cluster', { scheduler }), 0)
    expect(total(counts)).toBe(1200)
    if (scheduler === 'least-connections') expect(counts).toEqual([300, 300, 300, 300])
  })

  test('with affinity nodes see one client per balancer, if it does not keep the source', () => {
    const pods = (keepsSource: boolean): number => {
      const scenario = base({
        clients: [clientsOf('c', 24, [], pool(50))],
        policy: policyOf('nft-rr', {
          affinitySeconds: 100,
          loadBalancer: {
            mode: 'instance',
            externalTrafficPolicy: 'Cluster',
            scheduler: 'rr',
            instances: 1,
            keepsSource,
            lag: fixed(0),
          },
        }),
      })
      return openAt(simulateOnce(scenario, '1'), 0).filter((count) => count > 0).length
    }
    expect([pods(false), pods(true)]).toEqual([1, 4])
  })

  test('until the balancer learns of it, a pod that is gone is refused at', () => {
    const scenario = (lag: number): Scenario =>
      base({
        pods: podsOf(4, 1, { graceSeconds: 0 }),
        clients: [clientsOf('c', 1, [], { kind: 'arrivals', perSecond: 100, spacing: 'steady', life: fixed(0.1) })],
        events: [{ kind: 'scale', at: 20, replicas: 3, template: defaultTemplate }],
        policy: policyOf('nft-rr', {
          loadBalancer: {
            mode: 'ip',
            externalTrafficPolicy: 'Cluster',
            scheduler: 'rr',
            instances: 1,
            keepsSource: false,
            lag: fixed(lag),
          },
        }),
      })
    expect(simulateOnce(scenario(0), '1').refused).toBe(0)
    expect(Math.abs(simulateOnce(scenario(8), '1').refused - 25 * 8)).toBeLessThan(4)
  })
})

describe('layer 7', () => {
  test('requests are spread whatever the connections: a heavy client and a light one', () => {
    const groups = [1, 99].map((perSecond) => {
      const group = clientsOf(`c${perSecond}`, 1, [0], pool(1))
      return { ...group, requests: { ...group.requests, perSecond, duration: exponential(0.1) } }
    })
    const { totals } = simulateOnce(base({ clients: groups, policy: policyOf('l7-rr'), warmUpSeconds: 10 }), '1')
    const requests = [...totals.requests]
    expect(Math.abs(total(requests) - 10_000)).toBeLessThan(500)
    expect(Math.max(...requests) - Math.min(...requests)).toBeLessThanOrEqual(2)
    // layer 4: the heavy client's one connection is the load
    const layer4 = [...simulateOnce(base({ clients: groups }), '1').totals.requests]
    expect(Math.max(...layer4) / total(layer4)).toBeCloseTo(0.99, 6)
  })

  test('slow start holds new pods back', () => {
    const share = (slowStartSeconds: number): number => {
      const { totals } = simulateOnce(
        base({
          policy: policyOf('p2c', { slowStartSeconds }),
          clients: [
            clientsOf('c', 4, [0], { kind: 'arrivals', perSecond: 100, spacing: 'poisson', life: exponential(0.5) }),
          ],
          events: [{ kind: 'scale', at: 0, replicas: 5, template: defaultTemplate }],
        }),
        '1',
      )
      return (totals.opened[4] ?? 0) / total([...totals.opened])
    }
    expect(share(0)).toBeCloseTo(0.2, 1)
    expect(share(100)).toBeLessThan(0.8 * share(0))
  })
})

describe('counting', () => {
  test('what happens in the warm-up is not counted, and open connections stay', () => {
    const outcome = simulateOnce(base({ warmUpSeconds: 50 }), '1')
    expect(outcome.opened).toBe(0)
    expect(openAt(outcome, 0)).toEqual([100, 100, 100, 100])
    expect(total([...outcome.totals.requests])).toBeCloseTo(4 * 100, 6)
  })

  test('requests, bytes and work follow from what is open', () => {
    const group = clientsOf('c', 1, [0], pool(4))
    const requests = { ...group.requests, perSecond: 8, bytes: 1000, perConnection: 1 }
    const { totals } = simulateOnce(
      base({ clients: [{ ...group, requests }], pods: podsOf(4, 1, { cost: 3 }), seconds: 10 }),
      '1',
    )
    expect([...totals.requests]).toEqual([21, 21, 21, 21])
    expect([...totals.bytes]).toEqual([21_000, 21_000, 21_000, 21_000])
    expect([...totals.work]).toEqual([63, 63, 63, 63])
  })

  test('arrivals since long ago are in equilibrium: rate × mean life are open from the beginning', () => {
    const open = indexes(100).map((run) =>
      total(
        openAt(
          simulateOnce(
            base({
              seconds: 1,
              clients: [
                clientsOf('c', 4, [0], { kind: 'arrivals', perSecond: 5, spacing: 'poisson', life: exponential(20) }),
              ],
            }),
            '1',
            run,
          ),
          0,
        ),
      ),
    )
    expect(Math.abs(total(open) / 100 - 400)).toBeLessThan(8)
  })

  test('clients come when they start and leave when they stop', () => {
    const outcome = simulateOnce(
      base({ clients: [clientsOf('c', 100, [0], pool(1), { startsAt: 10, startSpreadSeconds: 20, stopsAt: 60 })] }),
      '1',
    )
    expect(total(openAt(outcome, 9))).toBe(0)
    expect(Math.abs(total(openAt(outcome, 20)) - 50)).toBeLessThan(20)
    expect(total(openAt(outcome, 31))).toBe(100)
    expect(total(openAt(outcome, 61))).toBe(0)
    expect(outcome.broken).toBe(0)
  })
})
