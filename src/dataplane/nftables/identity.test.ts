import { expect, test } from 'vitest'
import { follow } from '../../../test/support/planner.ts'
import { endpoint, nodeOne, port, service, slice } from '../../../test/support/services.ts'
import { frontendOf, isShared, lingers, servesBackends } from './identity.ts'
import { nftables } from './index.ts'
import { type NftObject, TABLE } from './objects.ts'

/** A Service that is dialled in every way, and one with affinity. */
const world = (ready: boolean) => {
  const { planner, put, putSlice, start } = follow(nodeOne)
  put(
    service({
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Local',
      externalIPs: ['198.51.100.7'],
      loadBalancerIngress: [{ ip: '198.51.100.20', ipMode: 'VIP' }],
      loadBalancerSourceRanges: ['203.0.113.0/24'],
      ports: [port({ nodePort: 30_080 })],
    }),
  )
  put(service({ name: 'sticky', clusterIPs: ['172.30.0.42'], affinitySeconds: 60 }))
  if (ready)
    for (const name of ['web', 'sticky']) {
      const pods = [endpoint('10.0.1.10', { nodeName: 'node-1' }), endpoint('10.0.2.10', { nodeName: 'node-2' })]
      putSlice(slice(pods, { name, service: `shop/${name}` }))
    }
  start()
  return planner
}

/** `element backends-…`, `chain f-…`, in a shard `shard chain f-…`: numbers and names left out. */
const sortOf = (object: NftObject): string => {
  const sort = nameOf(object)
    .replace(/^([acfs])-.*/, '$1-…')
    .replace(/(backends|picks|affinity|sources|class)[-/].+/, '$1-…')
  return [...(object.table === TABLE ? [] : ['shard']), object.kind, ...(sort === '' ? [] : [sort])].join(' ')
}

const nameOf = (object: NftObject): string => {
  switch (object.kind) {
    case 'chain':
      return object.chain.name
    case 'set':
      return object.set.name
    case 'element':
      return object.set
    case 'counter':
      return object.counter.name
    case 'table':
      return ''
  }
}

const programs = (ready: boolean) => {
  const planner = world(ready)
  const compiled = Array.from(planner.frontends.values(), (frontend) => ({
    key: frontend.key,
    ...nftables.compile(frontend, planner.node),
  }))
  return { frontends: compiled, base: nftables.base(planner.node) }
}

/** Sorts of all objects of which it holds; throws where it holds of some objects of a sort and not of others. */
const sortsThat = (holds: (object: NftObject) => boolean): string[] => {
  const sorts = new Map<string, boolean>()
  for (const { frontends, base } of [programs(true), programs(false)])
    for (const object of [...frontends, base].flatMap(({ objects }) => objects)) {
      const sort = sortOf(object)
      const told = holds(object)
      if ((sorts.get(sort) ?? told) !== told) throw new Error(`${object.key} is another than others of its sort`)
      sorts.set(sort, told)
    }
  return [...sorts].flatMap(([sort, told]) => (told ? [sort] : [])).sort()
}

test('what a packet in flight may still need lingers; elements of dispatch and membership sets go at once', () => {
  expect(sortsThat((object) => !lingers(object))).toEqual([
    'element cluster-ips',
    'element equal-octets',
    'element masquerade-outside',
    'element nodeports',
    'element refused',
    'element refused-nodeports',
    'element service-cidrs',
    'element services',
    'shard element services',
  ])
})

test('several frontends may have what no frontend owns: all else of a shard, sets for slots, affinity and source ranges', () => {
  expect(sortsThat(isShared)).toEqual([
    'chain a-…',
    'element cluster-ips',
    'element sources-…',
    'set affinity-…',
    'set nodeport-backends-…',
    'set picks-…',
    'set sources-…',
    'shard chain dispatch',
    'shard chain output',
    'shard chain prerouting',
    'shard counter fallbacks',
    'shard counter missed',
    'shard element pods',
    'shard set backends-…',
    'shard set fallback',
    'shard set pods',
    'shard set services',
    'shard table',
  ])
})

test.each([true, false])('an object that has one tells its frontend, and no other (endpoints: %s)', (ready) => {
  const { frontends, base } = programs(ready)
  for (const { key, objects } of frontends)
    for (const object of objects) expect([object.key, frontendOf(object) ?? key]).toEqual([object.key, key])
  for (const object of base.objects) expect([object.key, frontendOf(object)]).toEqual([object.key, null])
  for (const { key, objects } of frontends)
    expect([key, objects.some((object) => frontendOf(object) === key)]).toEqual([key, true])
})

test('a frontend serves when the dispatch leads to it', () => {
  const serving = (ready: boolean) => programs(ready).frontends.map(({ objects }) => servesBackends(objects))
  expect(serving(true)).toEqual([true, true, true, true, true])
  expect(serving(false)).toEqual([false, false, false, false, false])
})
