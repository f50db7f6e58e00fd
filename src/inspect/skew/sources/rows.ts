import type { Flow, LoadUnit } from '../observation.ts'

/** What a table (CSV, `kubectl top pods`) says of one backend. */
export interface LoadRow {
  readonly kind: 'load'
  /** null: the table does not say */
  readonly service: string | null
  /** `namespace/pod`, a pod's name alone, an address, or `address:port` */
  readonly backend: string
  readonly values: Partial<Readonly<Record<LoadUnit, number>>>
  /** where it runs; where a table has several lines for a backend: who counted */
  readonly node?: string
  /** the node whose proxy counted */
  readonly countedBy?: string
  readonly zone?: string
  /** share that it should have, in any proportion */
  readonly expected?: number
  /** `counts.csv:3` */
  readonly where: string
}

/** What a table (CSV, JSON lines, `ss`) says of one connection. Its backend is named as in a `LoadRow`. */
export interface FlowRow extends Flow {
  readonly kind: 'flow'
  readonly service: string | null
  readonly where: string
}

export type Row = LoadRow | FlowRow

export interface ReadRows {
  readonly rows: readonly Row[]
  /** what was left out of the file, and why */
  readonly warnings: readonly string[]
}
