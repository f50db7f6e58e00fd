import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import type { BrakeSettings } from '../config/types.ts'
import type { RunningPlane } from '../plane.ts'
import type { BrakeAnswer } from '../control.ts'
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
  /** Lets go what is held, and holds nothing for so many ms. */
  release(suspendMs: number): BrakeAnswer
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
      release: () => ({ released: null, suspendedUntil: 0 }),
      [Symbol.dispose]: () => {},
    }
  }
  const brake = new Brake({ config, clock, log, onRelease: (plan) => plane.hand(plan) })
  return {
    receiver: { setNode: (node) => plane.setNode(node), hand: (plan) => plane.hand(brake.admit(plan)) },
    brake,
    ready: async () => brake.begin(await reconciler.serving()),
    complete: () => reconciler.sourcesComplete(brake.heldKeys()),
    release: (suspendMs) => {
      const released = brake.release(suspendMs)
      return { released, suspendedUntil: brake.status().suspendedUntil }
    },
    [Symbol.dispose]: () => brake[Symbol.dispose](),
  }
}
