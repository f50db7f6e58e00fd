import type { Backend, BackendSet, SchedulerName } from '../model/frontend.ts'

/**
 * A slot table makes schedulers one idea across planes: an array of slots, each naming a backend, and a picker.
 * next: a counter (exact rotation); random: uniform; hash-source / hash-flow: of the source address / of the 5-tuple.
 */
export interface SlotTable {
  readonly pick: 'next' | 'random' | 'hash-source' | 'hash-flow'
  /** never empty */
  readonly slots: readonly Backend[]
  /** hash pickers only: the same on every node */
  readonly hashSeed: number
}

/** `address:port`, what a slot of a table that was read back from a kernel names. */
export type SlotName = string

export interface SlotRequest {
  readonly scheduler: SchedulerName
  readonly set: BackendSet
  /** node name and frontend: every node starts elsewhere. Not used by hash pickers */
  readonly seed: string
  /** the most slots the plane takes, e.g. 16384 */
  readonly cap: number
  /** the table in force, so that slots stay where they are; empty at first. Not used by hash pickers */
  readonly before: readonly SlotName[]
}

/** refused: by name and with the reason, e.g. `maglev: 9,000 backends need 900,001 slots, this plane has 16,384`. */
export type SlotResult =
  | { readonly ok: true; readonly table: SlotTable; readonly left: readonly Backend[]; readonly note: string }
  | { readonly ok: false; readonly reason: string }
