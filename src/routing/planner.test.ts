import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { endpoint, nodeOne, port, service, slice } from '../../test/support/services.ts'
import type { Frontend, FrontendKey } from '../model/frontend.ts'
import type { NodeView } from '../model/node-view.ts'
import type { EndpointSlice, Service } from '../model/objects.ts'
import type { SnapshotChange } from '../model/snapshot.ts'
import { Store } from '../sources/store.ts'
import { Planner, type PlanChange } from './planner.ts'

/** A store and a planner that follows it, as the agent has them. */
const follow = (node: NodeView = nodeOne) => {
  const store = new Store()
  const planner = new Planner(node)
  const changes: PlanChange[] = []
  let onChange = (_: SnapshotChange): void => {}
  store.subscribe((change) => onChange(change))
  return {
    store,
    planner,
    put: (value: Service) => store.put({ kind: 'Service', value }),
    putSlice: (value: EndpointSlice) => store.put({ kind: 'EndpointSlice', value }),
    remove: (id: string) => store.remove(id),
    /** plans what is there and follows from now on */
    start(): PlanChange {
      const first = planner.sync(store.snapshot)
      onChange = (change) => void changes.push(planner.update(store.snapshot, change))
      return first
    },
    last(): PlanChange {
      const change = changes.pop()
      if (change === undefined) throw new Error('nothing was planned')
      return change
    },
  }
}

const keys = (change: PlanChange): FrontendKey[] => [...change.frontends.keys()].sort()
const backendsOf = (frontend: Frontend | null | undefined): string[] =>
  frontend?.sets.cluster?.backends.map(({ address }) => address) ?? []

describe('what a change costs', () => {
  const external = {
    type: 'LoadBalancer',
    externalIPs: ['198.51.100.7'],
    loadBalancerIngress: [{ ip: '198.51.100.20', ipMode: 'VIP' }],
  } as const

  it('reports each frontend of the Service that changed, and no other', () => {
    const { put, putSlice, start, last } = follow()
    put(service({ ...external, ports: [port({ nodePort: 30080 })] }))
    put(service({ name: 'api', clusterIPs: ['172.30.0.42'] }))
    putSlice(slice([endpoint('10.0.2.1')]))
    expect(keys(start())).toEqual([
      '172.30.0.41:80/TCP',
      '172.30.0.42:80/TCP',
      '198.51.100.20:80/TCP',
      '198.51.100.7:80/TCP',
      'node:30080/TCP',
    ])
    putSlice(slice([endpoint('10.0.2.1'), endpoint('10.0.2.2')]))
    const change = last()
    expect(keys(change)).toEqual([
      '172.30.0.41:80/TCP',
      '198.51.100.20:80/TCP',
      '198.51.100.7:80/TCP',
      'node:30080/TCP',
    ])
    for (const frontend of change.frontends.values()) expect(backendsOf(frontend)).toEqual(['10.0.2.1', '10.0.2.2'])
  })

  it('shares backends and their sets among a ServicePort’s frontends', () => {
    const { put, putSlice, start, planner } = follow()
    put(service({ ...external, ports: [port({ nodePort: 30080 })] }))
    putSlice(slice([endpoint('10.0.2.1')]))
    start()
    expect(new Set([...planner.frontends.values()].map(({ sets }) => sets.cluster)).size).toBe(1)
  })

  it('does not report a port whose endpoints stayed as they were', () => {
    const { put, putSlice, start, last, planner } = follow()
    put(service({ ports: [port(), port({ name: 'admin', port: 81 })] }))
    putSlice(slice([endpoint('10.0.2.1')]))
    putSlice(slice([endpoint('10.0.2.1')], { name: 'web-2', ports: [{ name: 'admin', protocol: 'TCP', port: 8081 }] }))
    start()
    const admin = planner.frontends.get('172.30.0.41:81/TCP')
    putSlice(slice([endpoint('10.0.2.9')]))
    expect(keys(last())).toEqual(['172.30.0.41:80/TCP'])
    expect(planner.frontends.get('172.30.0.41:81/TCP')).toBe(admin)
  })

  it('reports nothing where an endpoint that is not used changes', () => {
    const { put, putSlice, start, last } = follow()
    put(service())
    putSlice(slice([endpoint('10.0.2.1'), endpoint('10.0.2.2', { ready: false })]))
    start()
    putSlice(slice([endpoint('10.0.2.1'), endpoint('10.0.2.3', { ready: false })]))
    expect(keys(last())).toEqual([])
  })

  it('takes a Service’s frontends away with it', () => {
    const { put, start, last, remove, planner } = follow()
    put(service())
    start()
    remove('Service shop/web')
    expect([...last().frontends]).toEqual([['172.30.0.41:80/TCP', null]])
    expect(planner.frontends.size).toBe(0)
  })
})

describe('two Services that claim one frontend', () => {
  const older = service({ name: 'older', clusterIPs: ['172.30.0.51'], externalIPs: ['198.51.100.7'], createdAt: 1 })
  const newer = service({ name: 'newer', clusterIPs: ['172.30.0.52'], externalIPs: ['198.51.100.7'], createdAt: 2 })
  const contested = '198.51.100.7:80/TCP'

  it('the older holds it, whichever came first, and hands it on when it goes', () => {
    const { put, start, last, remove, planner } = follow()
    put(newer)
    start()
    put(older)
    expect(last().frontends.get(contested)?.service).toBe('shop/older')
    expect(planner.problems()).toMatchObject([{ object: 'Service shop/newer', field: 'spec.externalIPs' }])
    remove('Service shop/older')
    expect(last().frontends.get(contested)?.service).toBe('shop/newer')
    expect(planner.problems()).toEqual([])
  })

  it('a change of the loser is no change of the frontend', () => {
    const { put, start, last } = follow()
    put(older)
    put(newer)
    start()
    put({ ...newer, affinitySeconds: 60 })
    expect(keys(last())).toEqual(['172.30.0.52:80/TCP'])
  })

  it('a Service made anew is younger than before', () => {
    const { put, start, last } = follow()
    put(older)
    put(newer)
    start()
    put({ ...older, createdAt: 3 })
    expect(last().frontends.get(contested)?.service).toBe('shop/newer')
  })

  it('a Service of unknown age is younger than any', () => {
    const { put, start, planner } = follow()
    put({ ...older, createdAt: 0 })
    put(newer)
    start()
    expect(planner.frontends.get(contested)?.service).toBe('shop/newer')
  })

  it('three claim it: two are reported', () => {
    const { put, start, planner } = follow()
    put(older)
    put(newer)
    put({ ...newer, name: 'newest', clusterIPs: ['172.30.0.53'], createdAt: 3 })
    start()
    expect(planner.problems().map(({ object }) => object)).toEqual(['Service shop/newer', 'Service shop/newest'])
  })
})

describe('the node', () => {
  const zoned = (zone: string) => endpoint(zone === 'a' ? '10.0.2.1' : '10.0.3.1', { hintZones: [zone] })

  it('another zone plans again the Services with zone hints only', () => {
    const { store, planner, put, putSlice, start } = follow()
    put(service())
    putSlice(slice([zoned('a'), zoned('b')]))
    put(service({ name: 'api', clusterIPs: ['172.30.0.42'] }))
    start()
    const none = { services: new Set<string>(), nodes: new Set<string>(), serviceCIDRs: false }
    const change = planner.update(store.snapshot, none, { ...nodeOne, zone: 'b' })
    expect([...change.frontends].map(([key, frontend]) => [key, backendsOf(frontend)])).toEqual([
      ['172.30.0.41:80/TCP', ['10.0.3.1']],
    ])
  })

  test.each<[string, Partial<NodeView>, readonly FrontendKey[]]>([
    ['ServiceCIDRs', { serviceCIDRs: ['10.96.0.0/16'] }, []],
    ['another address behind the first', { addresses: ['192.168.0.2', '192.168.9.9'] }, []],
    ['another first address: Services with source ranges', { addresses: ['192.168.7.7'] }, ['198.51.100.20:80/TCP']],
    ['masqueradeAll: cluster IPs', { masqueradeAll: true }, ['172.30.0.41:80/TCP']],
    ['no clusterCIDR', { clusterCIDRs: [] }, ['172.30.0.41:80/TCP']],
    ['another proxy name: everything goes', { proxyName: 'other' }, ['172.30.0.41:80/TCP', '198.51.100.20:80/TCP']],
  ])('%s', (_, difference, expected) => {
    const { store, planner, put, putSlice, start } = follow()
    put(
      service({
        loadBalancerIngress: [{ ip: '198.51.100.20', ipMode: 'VIP' }],
        loadBalancerSourceRanges: ['192.168.0.0/24'],
      }),
    )
    putSlice(slice([endpoint('10.0.2.1')]))
    start()
    const none = { services: new Set<string>(), nodes: new Set<string>(), serviceCIDRs: false }
    expect(keys(planner.update(store.snapshot, none, { ...nodeOne, ...difference }))).toEqual(expected)
  })
})

describe('UDP flows that go stale', () => {
  const dns = (more: Partial<Service> = {}) =>
    service({ ports: [port({ protocol: 'UDP', port: 53, nodePort: 30053 })], ...more })
  const udp = { ports: [{ name: 'http', protocol: 'UDP', port: 5353 } as const] }
  const flow = (address: string | null, dialled: number, backend: string | null) => ({
    protocol: 'UDP',
    address,
    port: dialled,
    backend: backend === null ? null : { address: backend, port: 5353 },
  })
  const begin = (...addresses: readonly string[]) => {
    const followed = follow()
    followed.put(dns())
    followed.putSlice(
      slice(
        addresses.map((address) => endpoint(address)),
        udp,
      ),
    )
    expect(followed.start().staleFlows).toEqual([])
    return followed
  }

  test('an endpoint that is gone', () => {
    const { putSlice, last } = begin('10.0.2.1', '10.0.2.2')
    putSlice(slice([endpoint('10.0.2.2')], udp))
    expect(last().staleFlows).toEqual([flow('172.30.0.41', 53, '10.0.2.1'), flow(null, 30053, '10.0.2.1')])
  })

  test('the last endpoint too', () => {
    const { putSlice, last } = begin('10.0.2.1')
    putSlice(slice([], udp))
    expect(last().staleFlows).toContainEqual(flow('172.30.0.41', 53, '10.0.2.1'))
  })

  test('an endpoint that is not ready but serves keeps its flows; one that no longer serves does not', () => {
    const { putSlice, last } = begin('10.0.2.1', '10.0.2.2')
    putSlice(slice([endpoint('10.0.2.1', { ready: false, terminating: true }), endpoint('10.0.2.2')], udp))
    expect(last().staleFlows).toEqual([])
    putSlice(
      slice([endpoint('10.0.2.1', { ready: false, serving: false, terminating: true }), endpoint('10.0.2.2')], udp),
    )
    expect(last().staleFlows).toContainEqual(flow('172.30.0.41', 53, '10.0.2.1'))
  })

  test('traffic policy and hints make nothing stale', () => {
    const { put, last } = begin('10.0.2.1')
    put(dns({ internalTrafficPolicy: 'Local' }))
    expect(last().staleFlows).toEqual([])
  })

  test('the first endpoint: flows from the time when there was none', () => {
    const { putSlice, last } = begin()
    putSlice(slice([endpoint('10.0.2.1')], udp))
    expect(last().staleFlows).toEqual([flow('172.30.0.41', 53, null), flow(null, 30053, null)])
  })

  test('the Service is gone', () => {
    const { remove, last } = begin('10.0.2.1')
    remove('Service shop/web')
    expect(last().staleFlows).toContainEqual(flow('172.30.0.41', 53, '10.0.2.1'))
  })

  test('TCP flows end by themselves', () => {
    const { put, putSlice, start, last } = follow()
    put(service())
    putSlice(slice([endpoint('10.0.2.1')]))
    start()
    putSlice(slice([]))
    expect(last().staleFlows).toEqual([])
  })
})

describe('healthCheckNodePort', () => {
  const balanced = service({ type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 32000 })
  const here = { nodeName: 'node-1' }

  it('counts distinct ready endpoints of this node', () => {
    const { put, putSlice, start, last } = follow()
    put(balanced)
    putSlice(slice([endpoint('10.0.1.1', here), endpoint('10.0.1.2', { ...here, ready: false }), endpoint('10.0.2.1')]))
    putSlice(slice([endpoint('10.0.1.1', here)], { name: 'web-2' }))
    expect(start().healthChecks.get('shop/web')).toEqual({ service: 'shop/web', port: 32000, localEndpoints: 1 })
    putSlice(slice([endpoint('10.0.2.1')], { name: 'web-1' }))
    expect([...last().healthChecks]).toEqual([])
    putSlice(slice([], { name: 'web-2' }))
    expect(last().healthChecks.get('shop/web')?.localEndpoints).toBe(0)
    put({ ...balanced, externalTrafficPolicy: 'Cluster' })
    expect([...last().healthChecks]).toEqual([['shop/web', null]])
  })
})

describe('property', () => {
  const oneOf = fc.constantFrom
  const serviceArbitrary = fc
    .record({
      name: oneOf('a', 'b', 'c'),
      clusterIPs: oneOf(['172.30.0.1'], ['172.30.0.2'], ['172.30.0.3', 'fd00:172::3']),
      ports: oneOf(
        [port({ nodePort: 30080 })],
        [port(), port({ name: 'dns', protocol: 'UDP', port: 53, nodePort: 30080 })],
        [port(), port({ name: 'again' })],
        [],
      ),
      externalIPs: oneOf([], ['198.51.100.7'], ['172.30.0.1', '198.51.100.20']),
      loadBalancerIngress: oneOf([], [{ ip: '198.51.100.20', ipMode: 'VIP' as const }]),
      loadBalancerSourceRanges: oneOf([], ['192.168.0.0/24']),
      internalTrafficPolicy: oneOf('Cluster' as const, 'Local' as const),
      externalTrafficPolicy: oneOf('Cluster' as const, 'Local' as const),
      createdAt: oneOf(0, 1, 2),
      scheduler: oneOf('', 'maglev', 'fastest'),
      proxyName: oneOf('', '', 'other'),
    })
    .map(service)
  const endpointArbitrary = fc.record({
    address: oneOf('10.0.1.1', '10.0.1.2', '10.0.2.1', '10.0.3.1'),
    ready: fc.boolean(),
    serving: fc.boolean(),
    terminating: fc.boolean(),
    nodeName: oneOf('node-1', 'node-2', ''),
    hintZones: oneOf(null, ['a'], ['b']),
  })
  const sliceArbitrary = fc
    .record({
      owner: oneOf('a', 'b', 'c'),
      name: oneOf('x', 'y'),
      endpoints: fc.array(endpointArbitrary, { maxLength: 4 }),
    })
    .map(({ owner, name, endpoints }) =>
      slice(
        endpoints.map(({ address, ...more }) => endpoint(address, more)),
        {
          name,
          service: `shop/${owner}`,
          ports: [
            { name: 'http', protocol: 'TCP', port: 8080 },
            { name: 'dns', protocol: 'UDP', port: 53 },
          ],
        },
      ),
    )
  const event = fc.oneof(
    serviceArbitrary.map((value) => ({ kind: 'Service', value }) as const),
    sliceArbitrary.map((value) => ({ kind: 'EndpointSlice', value }) as const),
    oneOf('Service shop/a', 'Service shop/b', 'EndpointSlice shop/x', 'EndpointSlice shop/y').map(
      (id) => ({ kind: 'removal', id }) as const,
    ),
    oneOf('a', 'b').map((zone) => ({ kind: 'zone', zone }) as const),
  )

  it('after any events the frontends are those of a plan from scratch, and the changes lead there', () => {
    fc.assert(
      fc.property(fc.array(fc.array(event, { minLength: 1, maxLength: 4 }), { maxLength: 15 }), (batches) => {
        const store = new Store()
        let node = nodeOne
        const planner = new Planner(node)
        const followed = new Map<FrontendKey, Frontend>()
        const apply = ({ frontends }: PlanChange): void => {
          for (const [key, frontend] of frontends) {
            expect(frontend).not.toBe(followed.get(key) ?? null)
            if (frontend === null) followed.delete(key)
            else followed.set(key, frontend)
          }
        }
        apply(planner.sync(store.snapshot))
        store.subscribe((change) => apply(planner.update(store.snapshot, change, node)))
        for (const batch of batches) {
          store.batch(() => {
            for (const one of batch) {
              if (one.kind === 'removal') store.remove(one.id)
              else if (one.kind === 'zone') {
                node = { ...node, zone: one.zone }
                store.put({
                  kind: 'Node',
                  value: { name: 'node-1', labels: { zone: one.zone }, addresses: [], podCIDRs: [] },
                })
              } else store.put(one)
            }
          })
          const scratch = new Planner(node)
          scratch.sync(store.snapshot)
          const sorted = (frontends: ReadonlyMap<FrontendKey, Frontend>) =>
            [...frontends].sort(([a], [b]) => (a < b ? -1 : 1))
          expect(sorted(planner.frontends)).toEqual(sorted(scratch.frontends))
          expect(sorted(followed)).toEqual(sorted(scratch.frontends))
          expect(planner.problems()).toEqual(scratch.problems())
        }
      }),
    )
  })
})
