import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import type { BrakeSettings } from '../config/types.ts'
import type { RunningPlane } from '../plane.ts'
import type { PlanReceiver } from '../planning.ts'
import { Brake } from './brake.ts'

export interface BrakedPlane extends Disposable {
  /** where plans go */
  readonly receiver: PlanReceiver
  /** null: there is none */
  readonly brake: Brake | null
  /** To be awaited before the first plan: with a brake that is measured by what the kernel serves now. */
  ready(): Promise<void>
  /** The sources are complete and their plan was handed on. */
  complete(): void
}

/** The plane with a brake before it where one is configured. Without, plans go straight to the plane and nothing is looked at. */
export const behindBrake = (
  plane: RunningPlane,
  { config, clock, log }: { readonly config: BrakeSettings; readonly clock: Clock; readonly log: Log },
): BrakedPlane => {
  const { reconciler } = plane
  if (config.maxEmptiedPercent === 0) {
    return {
      receiver: plane,
      brake: null,
      ready: async () => {},
      complete: () => reconciler.sourcesComplete(),
      [Symbol.dispose]: () => {},
    }
  }
  const brake = new Brake({ config, clock, log, onRelease: (plan) => plane.hand(plan) })
  return {
    receiver: { setNode: (node) => plane.setNode(node), hand: (plan) => plane.hand(brake.admit(plan)) },
    brake,
    ready: async () => brake.begin(await reconciler.serving()),
    complete: () => reconciler.sourcesComplete(brake.heldKeys()),
    [Symbol.dispose]: () => brake[Symbol.dispose](),
  }
}
