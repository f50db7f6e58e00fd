import type { Backend } from '../model/frontend.ts'
import { formatEndpoint } from '../model/address.ts'
import type { SlotName } from './slots.ts'

/** Up to here a table of another size gets a new order: a replaced rule begins at slot 0, so slot 0 must not stay the same backend. */
export const REORDERED_SLOTS = 256

/**
 * true: the new table keeps the old one's places (elements that do not differ stay untouched).
 * false: it is in a new order and belongs where packets in flight do not look.
 */
export const keepsPlaces = (before: number, after: number): boolean =>
  before === after || (before > REORDERED_SLOTS && after > REORDERED_SLOTS)

export const slotName = (backend: Backend): SlotName => formatEndpoint(backend.address, backend.port)

/**
 * The table in force, changed as little as possible to hold exactly `wanted` (any order, a backend once per slot):
 * freed places are taken by newcomers, then by the last slots (swap and shrink); newcomers beyond that are appended.
 */
export const stableSlots = (before: readonly SlotName[], wanted: readonly Backend[]): Backend[] => {
  const missing = new Map<SlotName, { backend: Backend; count: number }>()
  for (const backend of wanted) {
    const name = slotName(backend)
    const entry = missing.get(name)
    if (entry) entry.count += 1
    else missing.set(name, { backend, count: 1 })
  }
  const kept = before.map((name) => take(missing, name))
  const newcomers = wanted.filter((backend) => take(missing, slotName(backend)) !== undefined)
  return fill(kept, newcomers)
}

const take = (missing: Map<SlotName, { backend: Backend; count: number }>, name: SlotName): Backend | undefined => {
  const entry = missing.get(name)
  if (!entry || entry.count === 0) return undefined
  entry.count -= 1
  return entry.backend
}

const fill = (kept: readonly (Backend | undefined)[], newcomers: readonly Backend[]): Backend[] => {
  const slots = [...kept]
  let next = 0
  for (let i = 0; i < slots.length; i++) {
    if (slots[i] === undefined && next < newcomers.length) slots[i] = newcomers[next++]
  }
  for (let i = 0; i < slots.length; i++) {
    while (slots.length > i && slots.at(-1) === undefined) slots.pop()
    if (i < slots.length && slots[i] === undefined) slots[i] = slots.pop()
  }
  return [...slots, ...newcomers.slice(next)] as Backend[]
}
