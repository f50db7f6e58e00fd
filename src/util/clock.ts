/** Time is injected, so that tests own it. Milliseconds; `now` is monotonic, `wall` since the epoch. */
export interface Clock {
  now(): number
  wall(): number
  /** calls once after `ms`; the answer cancels */
  after(ms: number, run: () => void): () => void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}
