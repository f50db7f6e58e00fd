import type { Frontend, FrontendKey } from '../../../model/frontend.ts'
import type { Clock } from '../../../util/clock.ts'
import type { Log } from '../../../util/log.ts'
import type { Backlog, Pending } from '../backlog.ts'
import type { Retry } from '../backoff.ts'
import type { Desired } from '../desired.ts'
import { failureOf, reasonOf } from '../failure.ts'
import { FOUND } from '../found.ts'
import { BASE, type Ledger, type Staged } from '../../ledger/ledger.ts'
import { narrow } from './narrow.ts'
import { applyPiecemeal } from './piecemeal.ts'
import { CUT_FROM, cutInPieces } from './pieces.ts'
import type { Change, PlaneObject, Program } from '../../plane.ts'
import type { SyncFailure } from '../options.ts'

export interface ApplyingOptions<O extends PlaneObject> {
  readonly desired: Desired<O>
  readonly ledger: Ledger<O>
  readonly backlog: Backlog
  readonly clock: Clock
  readonly log: Log
  readonly retry: Retry
  /** a turn of the event loop */
  readonly nextTurn: () => Promise<unknown>
  /** one transaction */
  readonly send: (change: Change<O>) => Promise<void>
  /** large changes are not cut up */
  readonly indivisible: boolean
  /** these are in force as last planned */
  readonly onApplied: (keys: readonly FrontendKey[]) => void
  /** these are in force, and nothing of them was before */
  readonly onBegun?: ((frontends: readonly Frontend[]) => void) | undefined
  /** this one could not be put in force by itself */
  readonly onFailed?: ((failure: SyncFailure) => void) | undefined
}

/** A frontend's plan on its way into the kernel. */
interface Attempt<O extends PlaneObject> {
  readonly pending: Pending
  readonly version: number
  readonly program: Program<O> | null
  /** nothing of it is in force yet */
  readonly begins: boolean
}

export interface ApplyOptions {
  readonly fresh: boolean
  readonly more: () => readonly Pending[]
}

/** The kernel may not be what we believe; why. It is to be read before anything else. */
export interface Doubt {
  readonly error: unknown
}

/** Brings plans into force: together where that works, else narrowed down to those that fail by themselves. */
export class Applying<O extends PlaneObject> {
  readonly #options: ApplyingOptions<O>
  readonly #refused = new Map<FrontendKey, readonly string[]>()

  constructor(options: ApplyingOptions<O>) {
    this.#options = options
  }

  /** What the plane cannot do, by frontend. */
  get refused(): ReadonlyMap<FrontendKey, readonly string[]> {
    return this.#refused
  }

  /**
   * `fresh`: the kernel was read and nothing changed since, so that what fails is itself to blame. `more`: what comes while
   * a change of many frontends is applied in pieces, and goes with it.
   */
  async apply(pending: readonly Pending[], { fresh, more }: ApplyOptions): Promise<Doubt | null> {
    const { retry, indivisible } = this.#options
    // after a failure the pieces are looked at closely
    if (pending.length >= CUT_FROM && !indivisible && retry.failures('change') === 0)
      return this.#applyInPieces(pending, more)
    const result = await narrow(this.#compile(pending), (part) => this.#attempt(part), {
      ends: (error) => isDoubtful(error, fresh, pending),
      first: ({ pending }) => isGround(pending.key),
    })
    for (const { item, error } of result.failed) this.#blame(item.pending, reasonOf(error))
    for (const { pending } of result.putOff) pending.reason = reasonOf(result.error)
    if (result.ended) return { error: result.error }
    if (result.putOff.length > 0) this.#putOff(result.putOff, result.error)
    return null
  }

  /**
   * A change of thousands of frontends goes in pieces, the next made while the kernel works on the one before. Until a piece
   * is answered the ledger takes it for done; a failure ends the run, and the kernel is read again.
   */
  async #applyInPieces(pending: readonly Pending[], more: () => readonly Pending[]): Promise<Doubt | null> {
    const { desired } = this.#options
    const error = await applyPiecemeal<Pending, Attempt<O>>(pending, {
      cut: (items) =>
        cutInPieces(items, { place: ({ key }) => desired.neighbourhood(key), first: ({ key }) => isGround(key) }),
      more,
      make: (items) => this.#compile(items),
      send: (attempts) => this.#sendEarly(this.#stage(attempts)),
      done: (attempts) => this.#succeed(attempts),
      nextTurn: this.#options.nextTurn,
    })
    return error === null ? null : { error }
  }

  /** Answers the error, null: none. */
  async #sendEarly(staged: Staged<O>): Promise<unknown> {
    const { clock, send } = this.#options
    try {
      staged.commit(clock.now())
      if (!isEmpty(staged.change)) await send(staged.change)
      return null
    } catch (error) {
      return error
    }
  }

  #compile(pending: readonly Pending[]): Attempt<O>[] {
    const { desired, ledger } = this.#options
    const attempts: Attempt<O>[] = []
    for (const one of pending) {
      try {
        const inForce = ledger.get(one.key)
        const program = desired.program(one.key, inForce?.objects)
        const begins = inForce === undefined && program !== null && program.objects.length > 0
        attempts.push({ pending: one, version: one.version, program, begins })
      } catch (error) {
        this.#blame(one, `cannot be compiled: ${reasonOf(error)}`)
      }
    }
    return attempts
  }

  #stage(attempts: readonly Attempt<O>[]): Staged<O> {
    return this.#options.ledger.stage(new Map(attempts.map(({ pending, program }) => [pending.key, program])))
  }

  async #attempt(attempts: readonly Attempt<O>[]): Promise<void> {
    const { clock, send } = this.#options
    const staged = this.#stage(attempts)
    if (!isEmpty(staged.change)) await send(staged.change)
    staged.commit(clock.now())
    this.#succeed(attempts)
  }

  #succeed(attempts: readonly Attempt<O>[]): void {
    const { desired, backlog, clock, retry, onApplied, onBegun } = this.#options
    retry.succeeded('change')
    const inForce: FrontendKey[] = []
    const begun: Frontend[] = []
    for (const { pending, version, program, begins } of attempts) {
      const { key } = pending
      const frontend = begins ? desired.frontend(key) : undefined
      if (frontend) begun.push(frontend)
      if (program && program.refused.length > 0) this.#refused.set(key, program.refused)
      else this.#refused.delete(key)
      backlog.done(key)
      if (pending.version === version) {
        desired.settled(key)
        if (!isGround(key)) inForce.push(key)
      } else {
        // planned anew while this was in flight
        backlog.add(key, clock.wall())
      }
    }
    onApplied(inForce)
    if (begun.length > 0) onBegun?.(begun)
  }

  #blame(pending: Pending, reason: string): void {
    const { clock, log, retry } = this.#options
    pending.attempts++
    pending.reason = reason
    const wait = retry.after(pending.attempts)
    pending.notBefore = clock.now() + wait
    const what = { frontend: pending.key, error: reason, attempts: pending.attempts, retryMs: Math.round(wait) }
    if (pending.key === BASE) log.error(what, 'the base rules cannot be put in place')
    else log.warn(what, 'a frontend cannot be put in place')
    this.#options.onFailed?.({ frontend: pending.key, reason, attempts: pending.attempts })
  }

  #putOff(attempts: readonly Attempt<O>[], error: unknown): void {
    const { clock, log, retry } = this.#options
    const wait = retry.delay('change')
    for (const { pending } of attempts) pending.notBefore = clock.now() + wait
    const what = { error: reasonOf(error), frontends: attempts.length, retryMs: Math.round(wait) }
    log.warn(what, 'changes failed; trying again')
  }
}

/** What no frontend can do without. */
const isGround = (key: FrontendKey): boolean => key === BASE || key === FOUND

const isEmpty = ({ add, replace, remove }: Change<PlaneObject>): boolean =>
  add.length + replace.length + remove.length === 0

/** May the failure come from a wrong belief about the kernel rather than from the change itself? */
export const isDoubtful = (error: unknown, fresh: boolean, pending: readonly Pending[]): boolean => {
  const failure = failureOf(error)
  // it failed like this when the kernel had just been read: reading it again for every retry would be a waste
  const known = pending.length === 1 && pending[0]?.reason === reasonOf(error)
  return failure === 'uncertain' || failure === 'conflict' || (failure === 'surprising' && !fresh && !known)
}
