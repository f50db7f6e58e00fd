import { expect, test } from 'vitest'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { follow } from '../../../test/support/planner.ts'
import { endpoint, nodeOne, service, slice } from '../../../test/support/services.ts'
import type { SnapshotChange } from '../../model/snapshot.ts'
import { History } from './history.ts'

/** A store, a planner that follows it, and a history that hears of both. */
const setUp = (capacity = 1_000) => {
  const clock = new ManualClock()
  const set = follow()
  const { store, planner } = set
  const history = new History({ snapshot: store.snapshot, node: () => nodeOne, clock, capacity })
  const begin = (): void => {
    history.planned(planner.sync(store.snapshot), true)
    store.subscribe((change: SnapshotChange) => {
      history.changed(change)
      history.planned(planner.update(store.snapshot, change), false)
    })
  }
  return { ...set, clock, history, begin }
}

const web = '172.30.0.41:80/TCP'
const id = (address: string): string => `IPv4 http TCP ${address}:8080`

test('says when a change was said, planned and acknowledged, and what it changed', async () => {
  const { put, putSlice, clock, history, begin } = setUp()
  put(service())
  putSlice(slice([endpoint('10.0.2.1'), endpoint('10.0.2.2')]))
  begin()
  await clock.advance(1_000)
  putSlice(slice([endpoint('10.0.2.1'), endpoint('10.0.2.2', { ready: false })], { triggeredAt: 5 }))
  const planned = clock.wall()
  expect(history.of('shop/web').trail).toEqual([
    {
      said: 5,
      planned,
      acknowledged: 0,
      frontends: [web],
      endpoints: [{ endpoint: '10.0.2.2:8080', port: '80/TCP', pod: '', before: 'ready', after: 'not-ready' }],
      more: 0,
    },
  ])
  await clock.advance(7)
  history.applied([web])
  const { trail, changes } = history.of('shop/web')
  expect(trail[0]?.acknowledged).toBe(planned + 7)
  expect(changes.get(id('10.0.2.2'))).toMatchObject({ planned, acknowledged: planned + 7 })
  // in since before anybody looked
  expect(changes.has(id('10.0.2.1'))).toBe(false)
})

test('a change that no rule follows from waits for no kernel', async () => {
  const { put, putSlice, history, begin } = setUp()
  put(service())
  putSlice(slice([endpoint('10.0.2.1')]))
  begin()
  putSlice(slice([endpoint('10.0.2.1'), endpoint('10.0.2.2', { ready: false })]))
  history.look()
  putSlice(slice([endpoint('10.0.2.1'), endpoint('10.0.2.2', { ready: false, serving: false, terminating: true })]))
  expect(history.of('shop/web').trail.at(-1)).toMatchObject({
    acknowledged: null,
    endpoints: [{ before: 'not-ready', after: 'terminating' }],
  })
})

test('endpoints that come and go, with their pods', () => {
  const { put, putSlice, remove, history, begin } = setUp()
  put(service())
  putSlice(slice([endpoint('10.0.2.1', { pod: 'web-a' })]))
  begin()
  putSlice(slice([endpoint('10.0.2.1', { pod: 'web-a' }), endpoint('10.0.2.2', { pod: 'web-b' })]))
  history.look()
  putSlice(slice([endpoint('10.0.2.2', { pod: 'web-b' })]))
  history.look()
  remove('Service shop/web')
  const changes = history
    .of('shop/web')
    .trail.map(({ endpoints }) => endpoints.map(({ pod, before, after }) => `${pod} ${before} ${after}`))
  expect(changes).toEqual([['shop/web-b unknown ready'], ['shop/web-a ready absent'], ['shop/web-b ready absent']])
  expect(history.servicesOf('shop/web-a')).toEqual(['shop/web'])
})

test('remembers no more than it may, and says since when it knows', async () => {
  const { put, putSlice, clock, history, begin } = setUp(100)
  const names = Array.from({ length: 50 }, (_, n) => `web-${n}`)
  const publish = (ready: boolean): void => {
    for (const [n, name] of names.entries()) {
      put(service({ name, clusterIPs: [`172.30.1.${n}`] }))
      putSlice(slice([endpoint(`10.0.2.${n}`, { ready })], { name: `${name}-1`, service: `shop/${name}` }))
      history.look()
    }
  }
  publish(true)
  begin()
  const start = clock.wall()
  await clock.advance(1_000)
  publish(false)
  expect(history.of('shop/web-49').knownSince).toBeGreaterThanOrEqual(start)
  expect(history.of('shop/web-49').trail).toHaveLength(1)
  expect(history.of('shop/web-0')).toMatchObject({ knownSince: start + 1_000, trail: [] })
  for (let round = 0; round < 40; round++) publish(round % 2 === 0)
  expect(history.of('shop/web-49').trail.length).toBeLessThanOrEqual(16)
})
