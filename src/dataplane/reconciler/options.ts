import type { Frontend, FrontendKey } from '../../model/frontend.ts'
import type { NodeView } from '../../model/node-view.ts'
import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import type { Backoff } from './backoff.ts'
import type { Driver, Plane, PlaneObject } from '../plane.ts'

/** One round over everything that was due together. */
export interface SyncRound {
  /** frontends that were tried; '' is the node's own part */
  readonly keys: readonly FrontendKey[]
  /** everything that is planned: the first round, and those after a reading of the kernel */
  readonly full: boolean
  readonly ms: number
  /** transactions that the kernel refused */
  readonly failures: number
}

/** A frontend (`''`: the node's own part) that could not be put in force by itself. */
export interface SyncFailure {
  readonly frontend: FrontendKey
  readonly reason: string
  readonly attempts: number
}

export interface ReconcilerOptions<O extends PlaneObject> {
  readonly plane: Plane<O>
  readonly driver: Driver<O>
  readonly node: NodeView
  readonly clock: Clock
  readonly log: Log
  /** [0, 1), for the jitter of retries */
  readonly random: () => number
  readonly backoff?: Backoff
  /** ms that removed objects stay for packets in flight, default 1,000 */
  readonly lingerMs?: number
  /** a turn of the event loop between parts of long work, default setImmediate */
  readonly nextTurn?: () => Promise<unknown>
  /** these frontends are now in force as last planned (or gone) */
  readonly onApplied?: (keys: readonly FrontendKey[]) => void
  /** these frontends are in force now, and nothing of them was before: they are new, or others had taken them away */
  readonly onBegun?: (frontends: readonly Frontend[]) => void
  readonly onFailed?: (failure: SyncFailure) => void
  readonly onRound?: (round: SyncRound) => void
  /** a transaction that removes what nothing needs any more was refused */
  readonly onCleanupFailed?: () => void
}
