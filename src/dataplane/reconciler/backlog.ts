import type { FrontendKey } from '../../model/frontend.ts'

/** A frontend whose plan is not yet in the kernel. */
export interface Pending {
  readonly key: FrontendKey
  /** ms since the epoch */
  readonly since: number
  /** when what is still to be tried was queued, ms since the epoch: later than `since` after a plan that failed by itself */
  queuedAt: number
  /** failures of its own */
  attempts: number
  /** of the last failure, '' none */
  reason: string
  /** ms on the clock's `now` */
  notBefore: number
  /** the plan changed again while an attempt was in flight */
  version: number
}

/** What is waiting to be applied. A frontend that failed by itself is tried by itself, so that it holds up nobody. */
export class Backlog {
  readonly #pending = new Map<FrontendKey, Pending>()

  get size(): number {
    return this.#pending.size
  }

  get(key: FrontendKey): Pending | undefined {
    return this.#pending.get(key)
  }

  [Symbol.iterator](): IterableIterator<Pending> {
    return this.#pending.values()
  }

  /** A new plan for the frontend: due at once, also if an older plan failed. */
  add(key: FrontendKey, wall: number): void {
    const known = this.#pending.get(key)
    if (known) {
      if (known.attempts > 0) known.queuedAt = wall
      known.attempts = 0
      known.notBefore = 0
      known.version++
      return
    }
    this.#pending.set(key, { key, since: wall, queuedAt: wall, attempts: 0, reason: '', notBefore: 0, version: 0 })
  }

  done(key: FrontendKey): void {
    this.#pending.delete(key)
  }

  /** Those to try now together, and those to try one by one. */
  due(now: number, held: (key: FrontendKey) => boolean): { together: Pending[]; alone: Pending[] } {
    const together: Pending[] = []
    const alone: Pending[] = []
    for (const pending of this.#pending.values()) {
      if (pending.notBefore > now || held(pending.key)) continue
      ;(pending.attempts > 0 ? alone : together).push(pending)
    }
    return { together, alone }
  }

  /** Those to try now together, but for the `taken`, to which they are added. */
  joining(taken: Set<Pending>, now: number, held: (key: FrontendKey) => boolean): Pending[] {
    const late = this.due(now, held).together.filter((pending) => !taken.has(pending))
    for (const pending of late) taken.add(pending)
    return late
  }

  /** ms; null: nothing waits */
  nextDue(held: (key: FrontendKey) => boolean): number | null {
    let next: number | null = null
    for (const pending of this.#pending.values()) {
      if (!held(pending.key) && (next === null || pending.notBefore < next)) next = pending.notBefore
    }
    return next
  }
}
