import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import type { SnapshotChange } from '../model/snapshot.ts'
import { type ClusterObject, objectId, parseObject } from './objects.ts'
import { Store } from './store.ts'

const parse = (raw: unknown): ClusterObject => {
  const { object } = parseObject(raw, () => '')
  if (object === null) throw new Error('the test has a faulty object')
  return object
}
const service = (name: string, port = 80): ClusterObject =>
  parse({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { clusterIP: '10.96.0.1', ports: [{ port }] } })
const slice = (name: string, of: string, address = '10.0.0.1'): ClusterObject =>
  parse({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, labels: { 'kubernetes.io/service-name': of } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address] }],
  })
const node = (name: string, zone = 'a'): ClusterObject =>
  parse({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { zone } } })
const serviceCIDR = (name: string, cidr: string): ClusterObject =>
  parse({ apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata: { name }, spec: { cidrs: [cidr] } })

const listen = (store: Store): string[] => {
  const heard: string[] = []
  store.subscribe(({ services, nodes, serviceCIDRs }) => {
    heard.push([...services, ...[...nodes].map((name) => `Node ${name}`), ...(serviceCIDRs ? ['CIDRs'] : [])].join(' '))
  })
  return heard
}

describe('Store', () => {
  it('tells of each record that changes, of slices by their Service', () => {
    const store = new Store()
    const heard = listen(store)
    store.put(service('web'))
    store.put(slice('web-1', 'web'))
    store.put(node('node-0'))
    store.put(serviceCIDR('kubernetes', '10.96.0.0/12'))
    store.remove('Node node-0')
    store.remove('EndpointSlice default/web-1')
    store.remove('Service default/web')
    store.remove('ServiceCIDR kubernetes')
    expect(heard).toEqual([
      'default/web',
      'default/web',
      'Node node-0',
      'CIDRs',
      'Node node-0',
      'default/web',
      'default/web',
      'CIDRs',
    ])
    expect(store.snapshot.version).toBe(8)
  })

  it('tells nothing of records that say the same, or that are not there', () => {
    const store = new Store()
    for (const object of [service('web'), slice('web-1', 'web'), node('n'), serviceCIDR('k', '10.96.0.0/12')])
      store.put(object)
    const heard = listen(store)
    for (const object of [service('web'), slice('web-1', 'web'), node('n'), serviceCIDR('k', '10.96.0.0/12')])
      store.put(object)
    for (const id of [
      'Service default/x',
      'EndpointSlice default/x',
      'Node x',
      'ServiceCIDR x',
      'Pod x',
      '',
      'constructor x',
    ])
      store.remove(id)
    expect(heard).toEqual([])
    expect(store.snapshot.version).toBe(4)
  })

  it('does not count as a change when a slice came to be', () => {
    const store = new Store()
    const before = slice('web-1', 'web')
    if (before.kind !== 'EndpointSlice') throw new Error('the test has another kind')
    const later: ClusterObject = { kind: 'EndpointSlice', value: { ...before.value, triggeredAt: 1 } }
    store.put(before)
    const heard = listen(store)
    expect(store.holds(later)).toBe(true)
    store.put(later)
    expect(heard).toEqual([])
  })

  it('tells of a batch once, also when it throws or holds another', () => {
    const store = new Store()
    const heard = listen(store)
    store.batch(() => {
      store.put(service('a'))
      store.batch(() => store.put(slice('b-1', 'b')))
      store.put(node('n'))
    })
    expect(heard).toEqual(['default/a default/b Node n'])
    const fail = (): void =>
      store.batch(() => {
        store.put(service('c'))
        throw new Error('half way')
      })
    expect(fail).toThrow('half way')
    expect(heard).toEqual(['default/a default/b Node n', 'default/c'])
    expect(store.snapshot.version).toBe(2)
  })

  it('tells both Services when a slice moves', () => {
    const store = new Store()
    store.put(slice('s', 'a'))
    const heard = listen(store)
    store.put(slice('s', 'b'))
    expect(heard).toEqual(['default/a default/b'])
    expect(store.snapshot.slicesOf('default/a')).toEqual([])
    expect(store.snapshot.slicesOf('default/b').map(({ name }) => name)).toEqual(['s'])
  })

  it('lets listeners change it, throw, and go', () => {
    const store = new Store()
    const failing = vi.fn<(change: SnapshotChange) => void>(() => {
      throw new Error('listener')
    })
    const end = store.subscribe(failing)
    store.subscribe(({ services }) => {
      if (services.has('default/a')) store.put(service('b'))
    })
    const heard = listen(store)
    expect(() => store.put(service('a'))).toThrow(AggregateError)
    expect(heard).toEqual(['default/a', 'default/b'])
    end()
    store.put(service('c'))
    expect(failing).toHaveBeenCalledTimes(2)
    expect(heard).toEqual(['default/a', 'default/b', 'default/c'])
  })

  it('holds what was put last, whatever the order of events, and slices in the order of their names', () => {
    const names = fc.constantFrom('a', 'b', 'c')
    const objects = fc.oneof(
      fc.tuple(names, fc.integer({ min: 1, max: 3 })).map(([name, port]) => service(name, port)),
      fc.tuple(names, names, fc.constantFrom('10.0.0.1', '10.0.0.2')).map((args) => slice(...args)),
      fc.tuple(names, names).map(([name, zone]) => node(name, zone)),
      fc.tuple(names, fc.constantFrom('10.96.0.0/12', 'fd00::/108')).map((args) => serviceCIDR(...args)),
    )
    const events = fc.array(fc.tuple(fc.boolean(), objects), { maxLength: 30 })
    fc.assert(
      fc.property(events, (list) => {
        const store = new Store()
        const expected = new Map<string, ClusterObject>()
        for (const [keep, object] of list) {
          if (keep) {
            store.put(object)
            expected.set(objectId(object), object)
          } else {
            store.remove(objectId(object))
            expected.delete(objectId(object))
          }
        }
        const { snapshot } = store
        const wanted = (kind: ClusterObject['kind']) =>
          [...expected.values()].filter((object) => object.kind === kind).map(({ value }) => value)
        const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1)
        expect([...snapshot.services()].sort(byName)).toEqual(wanted('Service').sort(byName))
        expect([...snapshot.nodes()].sort(byName)).toEqual(wanted('Node').sort(byName))
        expect(snapshot.serviceCIDRs()).toEqual(wanted('ServiceCIDR').sort(byName))
        for (const name of ['a', 'b', 'c'])
          expect(snapshot.slicesOf(`default/${name}`)).toEqual(
            wanted('EndpointSlice')
              .filter((slice) => 'service' in slice && slice.service === `default/${name}`)
              .sort(byName),
          )
      }),
    )
  })

  it('keeps one string for equal strings', () => {
    const store = new Store()
    expect(store.intern('node-0')).toBe('node-0')
    expect(store.intern('node-0')).toBe('node-0')
  })
})
