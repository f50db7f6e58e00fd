import type { FrontendKey } from '../model/frontend.ts'
import type { NodeView } from '../model/node-view.ts'
import type { Clock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'
import type { Backoff } from './backoff.ts'
import type { Driver, Plane, PlaneObject } from './plane.ts'

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
  /** these frontends are now in force as last planned (or gone) */
  readonly onApplied?: (keys: readonly FrontendKey[]) => void
}
