import type { Clock } from '../../src/util/clock.ts'

interface Timer {
  readonly at: number
  readonly run: () => void
}

/** Time that passes only when a test says so. */
export class ManualClock implements Clock {
  #now = 0
  readonly #timers = new Set<Timer>()

  now(): number {
    return this.#now
  }

  wall(): number {
    return 1_700_000_000_000 + this.#now
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Lets everything that can happen without time happen, then `ms` pass, timer by timer. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await quiet()
    for (let next = this.#earliest(end); next; next = this.#earliest(end)) {
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.run()
      await quiet()
    }
    this.#now = end
  }

  /** Passes time until the promise settles; throws after `limitMs` of it. */
  async until<T>(promise: Promise<T>, limitMs = 3_600_000): Promise<T> {
    let settled = false
    const done = (): void => {
      settled = true
    }
    promise.then(done, done)
    const end = this.#now + limitMs
    await quiet()
    while (!settled) {
      const next = this.#earliest(end)
      if (!next) throw new Error(`nothing more happens within ${limitMs} ms, and it is not settled`)
      await this.advance(next.at - this.#now)
    }
    return promise
  }

  #earliest(end: number): Timer | undefined {
    let earliest: Timer | undefined
    for (const timer of this.#timers) if (timer.at <= end && (!earliest || timer.at < earliest.at)) earliest = timer
    return earliest
  }
}

/** Every promise that can settle has. */
const quiet = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
