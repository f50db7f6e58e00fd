import { describe, expect, it, test } from 'vitest'
import { follow } from '../../test/support/planner.ts'
import { endpoint, nodeOne, port, service, slice } from '../../test/support/services.ts'
import type { Frontend, FrontendKey } from '../model/frontend.ts'
import type { NodeView } from '../model/node-view.ts'
import type { PlanChange } from './planner.ts'

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

  it('tells who held each frontend until now, and nobody of those that are new', () => {
    const { put, putSlice, start, last, remove } = follow()
    put(service())
    putSlice(slice([endpoint('10.0.2.1')]))
    const first = start()
    expect(first.before.size).toBe(0)
    putSlice(slice([endpoint('10.0.2.2')]))
    const { frontends, before } = last()
    expect([...before.keys()]).toEqual(['172.30.0.41:80/TCP'])
    expect(before.get('172.30.0.41:80/TCP')).toBe(first.frontends.get('172.30.0.41:80/TCP'))
    remove('Service shop/web')
    const gone = last()
    expect(gone.frontends.get('172.30.0.41:80/TCP')).toBeNull()
    expect(gone.before.get('172.30.0.41:80/TCP')).toBe(frontends.get('172.30.0.41:80/TCP'))
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

test('what is wrong is sorted by object, field and message, whoever came first', () => {
  const { put, start, planner } = follow()
  const twice = [port(), port({ name: 'again' }), port({ name: 'anew' })]
  put(service({ name: 'b', clusterIPs: ['172.30.0.52'], ports: twice, scheduler: 'wrr' }))
  put(service({ name: 'a', clusterIPs: ['172.30.0.51'], ports: [port(), port({ name: 'again' })] }))
  start()
  expect(planner.problems().map(({ object, field }) => `${object} ${field}`)).toEqual([
    'Service shop/a spec.ports[1]',
    'Service shop/b metadata.annotations[evenkeel.io/scheduler]',
    'Service shop/b spec.ports[1]',
    'Service shop/b spec.ports[2]',
  ])
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
