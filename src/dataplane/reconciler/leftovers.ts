import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import type { Retry } from './backoff.ts'
import { reasonOf } from './failure.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { narrow } from './applying/narrow.ts'
import type { Plane, PlaneObject } from '../plane.ts'

/** ms between removals, so that a storm of changes costs few of them */
const EVERY = 250

export interface LeftoversOptions<O extends PlaneObject> {
  readonly plane: Pick<Plane<O>, 'lingers'>
  readonly ledger: Ledger<O>
  readonly clock: Clock
  readonly log: Log
  readonly retry: Retry
  /** one transaction */
  readonly remove: (objects: readonly O[]) => Promise<void>
  readonly onFailed?: (() => void) | undefined
}

/** Removes what no frontend needs any more: what has lingered long enough, and strays. */
export class Leftovers<O extends PlaneObject> {
  readonly #options: LeftoversOptions<O>
  #sweepAt = 0
  #straysAt = 0

  constructor(options: LeftoversOptions<O>) {
    this.#options = options
  }

  /** ms; null: nothing to wait for */
  nextDue(withStrays: boolean): number | null {
    const { ledger } = this.#options
    const sweep = ledger.nextDue === null ? null : Math.max(ledger.nextDue, this.#sweepAt)
    if (!withStrays || ledger.strays === 0) return sweep
    return sweep === null ? this.#straysAt : Math.min(sweep, this.#straysAt)
  }

  /** The kernel was read: strays may be others now. */
  look(): void {
    this.#straysAt = 0
  }

  /** What has lingered long enough; false: nothing has. Throws when the failure says that the kernel must be read. */
  async sweep(ends: (error: unknown) => boolean): Promise<boolean> {
    const { clock, ledger } = this.#options
    const now = clock.now()
    const due = this.#sweepAt <= now ? ledger.dueObjects(now) : []
    if (due.length === 0) return false
    this.#sweepAt = now + EVERY
    await this.#remove(due, ends)
    return true
  }

  /**
   * Objects that the kernel was found to hold and that are in no program. `needed`: keys that a frontend which is not in force yet may
   * still want; null: cannot be told. `waitUntil`: when that may change.
   */
  async removeStrays(
    needed: () => ReadonlySet<string> | null,
    waitUntil: number,
    ends: (error: unknown) => boolean,
  ): Promise<boolean> {
    const { clock, ledger, plane } = this.#options
    const now = clock.now()
    if (ledger.strays === 0 || this.#straysAt > now) return false
    this.#straysAt = Math.max(now + EVERY, waitUntil)
    const keep = needed()
    const strays = keep ? ledger.strayObjects(keep) : []
    ledger.linger(
      strays.filter((object) => plane.lingers(object)),
      now,
    )
    const rest = strays.filter((object) => !plane.lingers(object))
    if (rest.length > 0) await this.#remove(rest, ends)
    return strays.length > 0
  }

  async #remove(objects: readonly O[], ends: (error: unknown) => boolean): Promise<void> {
    const { clock, ledger, log, retry } = this.#options
    const apply = async (part: readonly O[]): Promise<void> => {
      await this.#options.remove(part)
      ledger.forget(part)
    }
    const result = await narrow(objects, apply, { ends })
    if (result.ended) throw result.error
    const left = [...result.failed.map(({ item }) => item), ...result.putOff]
    if (left.length === 0) return retry.succeeded('removal')
    ledger.stray(left)
    this.#straysAt = clock.now() + retry.delay('removal')
    const error = reasonOf(result.error ?? result.failed[0]?.error)
    log.warn({ error, objects: left.length, first: left[0]?.key }, 'cannot remove what is no longer needed')
    this.#options.onFailed?.()
  }
}
