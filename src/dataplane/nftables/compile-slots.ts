import type { Backend, BackendSet, Frontend } from '../../model/frontend.ts'
import type { NodeView } from '../../model/node-view.ts'
import type { SlotTable } from '../../scheduling/slots.ts'
import { keepsPlaces } from '../../scheduling/stable.ts'
import { buildSlots } from '../../scheduling/table.ts'
import { type InForce, otherOffset, type SetName, SLOTS, startOffset } from './slot-ranges.ts'

/** Schedulers that a slot table can serve; the others need live connection counts. */
export const DEFAULT_SCHEDULER = 'rr'

/** A slot table and where it is written. */
export interface PlacedTable {
  readonly ok: true
  readonly table: SlotTable
  readonly offset: number
  readonly note: string
}

export type Placed = PlacedTable | { readonly ok: false; readonly reason: string }

/** Slot tables of the sets that a frontend has, or why there is none. */
export type Tables = Readonly<Partial<Record<SetName, Placed>>>

const noNames: readonly string[] = []

/** The slot table of one of a frontend's sets: in place where the places stay, else in the other generation's range. */
export const placeSlots = (
  frontend: Frontend,
  name: SetName,
  set: BackendSet,
  node: NodeView,
  inForce: InForce | null,
): Placed => {
  const request = { set, seed: `${node.name} ${frontend.key}`, cap: SLOTS, before: inForce?.names ?? noNames }
  const asked = buildSlots({ ...request, scheduler: frontend.scheduler ?? DEFAULT_SCHEDULER })
  // a scheduler that cannot be had must not take the Service down, e.g. maglev when one pod more joins
  const result = asked.ok ? asked : buildSlots({ ...request, scheduler: DEFAULT_SCHEDULER })
  if (!result.ok) return result
  const { table } = result
  const note = asked.ok
    ? result.note
    : [`${asked.reason}; served by ${DEFAULT_SCHEDULER}`, result.note].filter(Boolean).join('; ')
  return { ok: true, table, note, offset: offsetOf(name, inForce, table.slots) }
}

const offsetOf = (set: SetName, inForce: InForce | null, slots: readonly Backend[]): number => {
  if (inForce === null) return startOffset(set)
  return keepsPlaces(inForce.names.length, slots.length) ? inForce.offset : otherOffset(inForce.offset)
}
