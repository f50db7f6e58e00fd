import fc from 'fast-check'
import { expect, it } from 'vitest'
import { endpoint, nodeOne, port, service, slice } from '../../test/support/services.ts'
import type { Frontend, FrontendKey } from '../model/frontend.ts'
import { Store } from '../sources/store.ts'
import { Planner, type PlanChange } from './planner.ts'

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

it('planned in parts, with events between them, the frontends are those of a plan from scratch; what is there already makes no flow stale', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 12 }), fc.array(event, { maxLength: 3 }), (first, between) => {
      const store = new Store()
      const apply = (one: (typeof first)[number]): void => {
        if (one.kind === 'removal') store.remove(one.id)
        else if (one.kind !== 'zone') store.put(one)
      }
      for (const one of first) apply(one)
      const planner = new Planner(nodeOne)
      const followed = new Map<FrontendKey, Frontend>()
      const follow = ({ frontends }: PlanChange): void => {
        for (const [key, frontend] of frontends) {
          if (frontend === null) followed.delete(key)
          else followed.set(key, frontend)
        }
      }
      store.subscribe((change) => follow(planner.update(store.snapshot, change)))
      const events = [...between]
      for (const part of planner.syncInParts(store.snapshot, nodeOne, 1)) {
        expect(part.staleFlows).toEqual([])
        follow(part)
        const one = events.shift()
        if (one !== undefined) apply(one)
      }
      const scratch = new Planner(nodeOne)
      scratch.sync(store.snapshot)
      const sorted = (frontends: ReadonlyMap<FrontendKey, Frontend>) =>
        [...frontends].sort(([a], [b]) => (a < b ? -1 : 1))
      expect(sorted(followed)).toEqual(sorted(scratch.frontends))
      expect(planner.problems()).toEqual(scratch.problems())
    }),
  )
})

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
                value: { name: 'node-1', labels: { zone: one.zone }, addresses: [], podCIDRs: [], leaving: false },
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
