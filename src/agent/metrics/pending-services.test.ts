import { expect, test } from 'vitest'
import type { EndpointSlice } from '../../model/objects.ts'
import type { Snapshot, SnapshotChange } from '../../model/snapshot.ts'
import { PendingServices, type Trigger } from './pending-services.ts'

const slice = (triggeredAt: number, family: 'IPv4' | 'IPv6' = 'IPv4'): EndpointSlice =>
  ({ service: 'shop/web', family, triggeredAt }) as EndpointSlice
const snapshotOf = (...slices: readonly EndpointSlice[]): Snapshot =>
  ({ slicesOf: () => slices }) as unknown as Snapshot
const change = (endpoints: boolean): SnapshotChange => ({
  services: new Set(['shop/web']),
  slicesOf: new Set(endpoints ? ['shop/web'] : []),
  nodes: new Set(),
  serviceCIDRs: false,
})
const A = '10.96.0.1:80/TCP'
const B = 'node:30080/TCP'
const frontend = { service: 'shop/web' }
const none = new Map()

const setUp = () => {
  const told: Trigger[] = []
  const pending = new PendingServices({ startedAt: 1_000, onProgrammed: (triggers) => told.push(...triggers) })
  return { told, pending }
}

test('a change is programmed when the last of its frontends is in force', () => {
  const { told, pending } = setUp()
  pending.changed(change(true), snapshotOf(slice(2_000)))
  pending.planned(
    new Map([
      [A, frontend],
      [B, frontend],
    ]),
    none,
  )
  expect(pending.count()).toEqual({ endpoints: 1, services: 0 })
  pending.applied([A])
  expect(told).toEqual([])
  pending.applied([B])
  expect(told).toEqual([{ family: 'IPv4', at: 2_000 }])
  expect(pending.count()).toEqual({ endpoints: 0, services: 0 })
})

test('triggers from before the start, and triggers told, are not told (again)', () => {
  const { told, pending } = setUp()
  const [old, fresh] = [slice(500), slice(2_000, 'IPv6')]
  for (let round = 0; round < 2; round++) {
    pending.changed(change(true), snapshotOf(old, fresh))
    pending.planned(new Map([[A, frontend]]), none)
    pending.applied([A])
  }
  expect(told).toEqual([{ family: 'IPv6', at: 2_000 }])
})

test('a change that makes no difference here is in force at once; a Service that goes is known by what it held', () => {
  const { told, pending } = setUp()
  pending.changed(change(true), snapshotOf(slice(2_000)))
  pending.planned(new Map(), none)
  expect(told).toHaveLength(1)
  pending.changed(change(false), snapshotOf())
  pending.planned(new Map([[A, null]]), new Map([[A, frontend]]))
  expect(pending.count()).toEqual({ endpoints: 0, services: 1 })
  pending.applied([A])
  expect(pending.count()).toEqual({ endpoints: 0, services: 0 })
})
