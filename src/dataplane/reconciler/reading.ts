import type { FrontendKey } from '../../model/frontend.ts'
import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import type { Retry } from './backoff.ts'
import { failureOf, reasonOf } from './failure.ts'
import type { Driver, Observed, PlaneObject } from '../plane.ts'
import { RepairPace } from './repair-pace.ts'

export interface ReadingOptions<O extends PlaneObject> {
  readonly driver: Pick<Driver<O>, 'observe' | 'remove'>
  readonly clock: Clock
  readonly log: Log
  readonly retry: Retry
}

/** What a reading of the kernel found, before it was repaired. */
export interface Verification {
  /** frontends that were not in the kernel exactly as they had been put there; '' is the node's own part */
  readonly differing: readonly FrontendKey[]
  /** objects found in our tables that no frontend can be told from */
  readonly strays: number
  /** ms since the epoch */
  readonly at: number
}

/** How well we know what the kernel holds, and when it is to be read again. */
export class Reading<O extends PlaneObject> {
  readonly #options: ReadingOptions<O>
  readonly #repairPace = new RepairPace()
  #done = false
  #fresh = false
  #doubt = false
  /** another version's objects cannot be changed in place: they are removed before the kernel is read again */
  #conflict = false
  #dueAt: number | null = 0
  #problem = ''
  #foreignChanges = 0
  #verification: Verification = { differing: [], strays: 0, at: 0 }

  constructor(options: ReadingOptions<O>) {
    this.#options = options
  }

  /** The kernel was read at least once. */
  get done(): boolean {
    return this.#done
  }

  /** It was read and nothing was changed since: what fails now is to blame. */
  get fresh(): boolean {
    return this.#fresh
  }

  /** A change may or may not be in force: nothing else is tried before the kernel was read. */
  get doubt(): boolean {
    return this.#doubt
  }

  /** ms on the clock's `now`; null: no need to read it again */
  get dueAt(): number | null {
    return this.#dueAt
  }

  isDue(now: number): boolean {
    return this.#dueAt !== null && this.#dueAt <= now
  }

  /** Why it could not be read the last time, '' if it could. */
  get problem(): string {
    return this.#problem
  }

  /** times that somebody else changed our objects */
  get foreignChanges(): number {
    return this.#foreignChanges
  }

  /** Reads the kernel; null: it could not be read, and will be tried again. A change noticed meanwhile asks for another reading. */
  async read(): Promise<Observed<O> | null> {
    const { driver, clock, log, retry } = this.#options
    this.#dueAt = null
    try {
      if (this.#conflict) await driver.remove()
      this.#conflict = false
      const observed = await driver.observe()
      retry.succeeded('observation')
      this.#problem = ''
      this.#done = true
      this.#doubt = false
      this.#fresh = true
      return observed
    } catch (error) {
      this.#problem = reasonOf(error)
      const wait = retry.delay('observation')
      this.#dueAt = clock.now() + wait
      log.warn({ error: this.#problem, retryMs: Math.round(wait) }, 'cannot read the kernel')
      return null
    }
  }

  /** How the kernel as it was read differs from what was put there. */
  found({ differing, strays }: Omit<Verification, 'at'>): void {
    const { clock, log } = this.#options
    this.#verification = { differing, strays, at: clock.wall() }
    if (differing.length + strays === 0) return
    const first = differing[0] || 'base'
    log.warn({ frontends: differing.length, first, strays }, 'the kernel differs from the plan; repairing')
  }

  /** Of the last reading. */
  get verification(): Verification {
    return this.#verification
  }

  /** To be read at once. */
  request(): void {
    this.#dueAt = 0
  }

  /** We changed it. */
  wrote(): void {
    this.#fresh = false
  }

  /** Somebody else changed our objects: it is read again, not more often than repairs may be made. */
  foreignChange(what: string): void {
    const { clock, log } = this.#options
    this.#foreignChanges++
    if (this.#dueAt !== null) return
    const now = clock.now()
    this.#dueAt = this.#repairPace.next(now)
    log.warn({ what, inMs: Math.round(this.#dueAt - now) }, 'somebody else changed our rules; reading them again')
  }

  /** A change failed in a way that the kernel may not be what we believe: it is read before anybody is blamed. */
  doubtKernel(error: unknown): void {
    const { clock, log, retry } = this.#options
    const failures = retry.failures('change')
    const wait = failures === 0 ? 0 : retry.after(failures)
    retry.delay('change')
    this.#doubt = true
    this.#conflict = failureOf(error) === 'conflict'
    this.#dueAt = Math.min(this.#dueAt ?? Number.POSITIVE_INFINITY, clock.now() + wait)
    const next = this.#conflict ? 'making everything anew' : 'reading the kernel again'
    log.warn({ error: reasonOf(error), retryMs: Math.round(wait) }, `a change failed; ${next}`)
  }
}
