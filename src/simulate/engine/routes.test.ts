import { describe, expect, test } from 'vitest'
import { indexes, pool, base, openAt, total } from '../../../test/support/scenarios.ts'
import { clientsOf, defaultTemplate, exponential, fixed, forever, nodesOf, podsOf, policyOf } from '../defaults.ts'
import type { RunOutcome, Scenario, Traffic } from '../model.ts'
import { simulateOnce } from '../simulate.ts'

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
    expect(total(totals.open)).toBe(6)
    expect(total(totals.requests)).toBeCloseTo(2 * 300 * 100, 6)
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
      return (totals.opened[4] ?? 0) / total(totals.opened)
    }
    expect(share(0)).toBeCloseTo(0.2, 1)
    expect(share(100)).toBeLessThan(0.8 * share(0))
  })
})
