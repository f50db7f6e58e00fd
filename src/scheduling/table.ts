import type { Backend } from '../model/frontend.ts'
import { hash32 } from '../util/random.ts'
import { interleave } from './interleave.ts'
import { maglevSize, maglevTable } from './maglev.ts'
import { reorder } from './reorder.ts'
import type { SlotRequest, SlotResult, SlotTable } from './slots.ts'
import { keepsPlaces, slotName, stableSlots } from './stable.ts'
import { slotCounts, slotLimit } from './weights.ts'

/** Hash tables and their hash must be the same on every node: a flow that moves to another node finds the same backend. */
const HASH_SEED = 0x65766b6c

/**
 * The slot table of a scheduler: pure in the request, and idempotent, i.e. the same when `before` is its own answer.
 * Refused: schedulers that need live counts, and tables that do not fit the plane.
 */
export const buildSlots = (request: SlotRequest): SlotResult => {
  const usable = request.set.backends.filter((backend) => backend.weight > 0)
  if (usable.length === 0) return { ok: false, reason: 'every backend has weight 0' }
  switch (request.scheduler) {
    case 'rr':
      return rotating(request, usable, 'next')
    case 'random':
      return rotating(request, usable, 'random')
    case 'sh':
      return sourceHash(request, usable)
    case 'maglev':
      return maglev(request, usable)
    case 'dh':
      return {
        ok: false,
        reason: 'dh: a frontend has one destination address, so hashing it would always pick one backend',
      }
    case 'lc':
    case 'sed':
    case 'nq':
      return { ok: false, reason: `${request.scheduler}: needs live connection counts, which a slot table has not` }
  }
}

const rotating = (request: SlotRequest, usable: readonly Backend[], pick: 'next' | 'random'): SlotResult => {
  const { fitting, left, note: leftNote } = fit(usable, request.cap)
  const { counts, exact } = countsOf(fitting, request.cap)
  const count = counts === null ? fitting.length : counts.reduce((sum, slots) => sum + slots, 0)
  const { before } = request
  const stays = before.length > 0 && keepsPlaces(before.length, count)
  const fresh = stays && counts === null ? fitting : freshOrder(request, fitting, counts)
  const slots = stays ? stableSlots(before, fresh) : fresh
  const note = exact ? leftNote : [leftNote, `weights are scaled to ${count} slots`].filter(Boolean).join('; ')
  return done({ pick, slots, hashSeed: 0 }, left, note)
}

/** null: one slot each, the usual case. */
const countsOf = (backends: readonly Backend[], cap: number): { counts: readonly number[] | null; exact: boolean } => {
  const weight = backends[0]?.weight
  if (backends.every((backend) => backend.weight === weight)) return { counts: null, exact: true }
  return slotCounts(
    backends.map((backend) => backend.weight),
    slotLimit(backends.length, cap),
  )
}

/** Every node begins elsewhere: all nodes beginning at one backend would flood it. */
const freshOrder = (
  { seed, before }: SlotRequest,
  backends: readonly Backend[],
  counts: readonly number[] | null,
): Backend[] => {
  const order = reorder(backends, before, seed)
  if (counts === null) return order
  const countOf = new Map(backends.map((backend, i) => [backend, counts[i] ?? 0]))
  const slots = interleave(
    order,
    order.map((backend) => countOf.get(backend) ?? 0),
  )
  const start = hash32(`${seed} ${hash32(order.map(slotName).join(' '))}`) % slots.length
  return [...slots.slice(start), ...slots.slice(0, start)]
}

const sourceHash = (request: SlotRequest, usable: readonly Backend[]): SlotResult => {
  const { fitting, left, note } = fit(usable, request.cap)
  return done({ pick: 'hash-source', slots: fitting, hashSeed: HASH_SEED }, left, note || unweighted('sh', usable))
}

const maglev = (request: SlotRequest, usable: readonly Backend[]): SlotResult => {
  const size = maglevSize(usable.length)
  if (size > request.cap || size < usable.length) {
    const need = Math.max(size, 100 * usable.length)
    return { ok: false, reason: `maglev: ${usable.length} backends need ${need} slots, this plane has ${request.cap}` }
  }
  const slots = maglevTable(usable, size)
  return done({ pick: 'hash-flow', slots, hashSeed: HASH_SEED }, [], unweighted('maglev', usable))
}

const unweighted = (scheduler: string, backends: readonly Backend[]): string =>
  backends.some(({ weight }) => weight !== backends[0]?.weight) ? `${scheduler} does not honour weights (but 0)` : ''

/** The first `cap` backends in the set's order, and those that find no slot. */
const fit = (
  backends: readonly Backend[],
  cap: number,
): { fitting: readonly Backend[]; left: readonly Backend[]; note: string } => {
  if (backends.length <= cap) return { fitting: backends, left: [], note: '' }
  const left = backends.slice(cap)
  const note = `${backends.length} backends, this plane has ${cap} slots: ${left.length} get no connections`
  return { fitting: backends.slice(0, cap), left, note }
}

const done = (table: SlotTable, left: readonly Backend[], note: string): SlotResult => ({ ok: true, table, left, note })
