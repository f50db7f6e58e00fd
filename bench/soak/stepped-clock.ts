import type { Clock } from '../../src/util/clock.ts'

/**
 * Simulated time over a real kernel: work takes none of it. `pass` lets timers fire in order; what they start runs in real time, so
 * whoever steps waits for the work to be done before time goes on.
 */
export class SteppedClock implements Clock {
  #now = 0
  readonly #timers = new Set<{ readonly at: number; readonly run: () => void }>()

  now(): number {
    return this.#now
  }

  wall(): number {
    return 1_800_000_000_000 + this.#now
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, ms), run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Timers that have not fired yet. */
  get pending(): number {
    return this.#timers.size
  }

  /** `ms` pass; `idle` is awaited before and after each moment at which something is due. */
  async pass(ms: number, idle: () => Promise<void>): Promise<void> {
    const end = this.#now + ms
    await idle()
    for (let at = this.#next(end); at !== null; at = this.#next(end)) {
      this.#now = Math.max(this.#now, at)
      for (const timer of Array.from(this.#timers)) {
        if (timer.at > this.#now || !this.#timers.delete(timer)) continue
        timer.run()
      }
      await idle()
    }
    this.#now = end
  }

  #next(end: number): number | null {
    let next: number | null = null
    for (const { at } of this.#timers) if (at <= end && (next === null || at < next)) next = at
    return next
  }
}
