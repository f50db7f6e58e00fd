import { type ReconcilerOptions } from '../../src/dataplane/reconciler/options.ts'
import { Reconciler } from '../../src/dataplane/reconciler/reconciler.ts'
import type { PlaneObject } from '../../src/dataplane/plane.ts'
import type { Frontend, FrontendKey } from '../../src/model/frontend.ts'
import { silent } from '../../src/util/log.ts'
import { seededRandom } from '../../src/util/random.ts'
import { someNode } from './frontends.ts'
import { ManualClock } from './manual-clock.ts'

/** A reconciler whose time passes only when a test says so. */
export interface Reconciling<O extends PlaneObject> {
  readonly clock: ManualClock
  readonly reconciler: Reconciler<O>
  /** passes time until it is settled */
  readonly settled: () => Promise<void>
}

type Given<O extends PlaneObject> = Pick<ReconcilerOptions<O>, 'plane' | 'driver'> & Partial<ReconcilerOptions<O>>

/** `node`: default `someNode`. */
export const reconciling = <O extends PlaneObject>(given: Given<O>): Reconciling<O> => {
  const clock = new ManualClock()
  const random = seededRandom('jitter')
  const reconciler = new Reconciler({
    nextTurn: () => Promise.resolve(),
    node: someNode,
    clock,
    log: silent,
    random: () => random() / 2 ** 32,
    ...given,
  })
  return { clock, reconciler, settled: () => clock.until(reconciler.settled()) }
}

/** As `Reconciler.update` takes them. */
export const planOf = (...frontends: readonly Frontend[]): Map<FrontendKey, Frontend> =>
  new Map(frontends.map((one) => [one.key, one]))
