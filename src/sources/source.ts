import type { InputProblem } from '../model/snapshot.ts'
import type { Clock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'
import type { Store } from './store.ts'

/** Where Services come from. It keeps a `Store` at what it says from its opening until it is disposed, which takes nothing away. */
export interface Source extends AsyncDisposable {
  /** `manifests:DIR`, `kubernetes:https://10.96.0.1:443` */
  readonly name: string
  /** Everything was read once and is in the store. Rejects when the source ends before, or can never begin. */
  readonly synced: Promise<void>
  status(): SourceStatus
}

export interface SourceStatus {
  readonly synced: boolean
  /** cut off from what it reads: what is in force may be out of date */
  readonly stale: boolean
  /** when all was last known to be up to date, ms since the epoch, 0 never; the present while it is not stale */
  readonly since: number
  /** when the newest of what is in the store was written, whole ms since the epoch, 0 unknown */
  readonly modified: number
  /** one line: what is wrong with the source as a whole, and the cure */
  readonly problem?: string
}

export interface SourceContext {
  readonly log: Log
  /** hears everything that is wrong with the objects now, whenever that changes; an empty list when all is well again */
  onProblems(problems: readonly InputProblem[]): void
  readonly clock: Clock
  /** uniform in 0 … 1, for jitter */
  readonly random: () => number
  /** ends the opening; an open source is ended by disposing it */
  readonly signal?: AbortSignal | undefined
}

/** Begins to keep `store`; does not wait for the first full read. Rejects where that can never come (a broken kubeconfig). */
export type OpenSource = (store: Store, context: SourceContext) => Promise<Source>
