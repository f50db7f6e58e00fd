/** ms from a foreign change to its repair, so that a burst costs one */
const AFTER = 50
/** ms between repairs: more where somebody keeps changing our objects */
const EVERY = { least: 1_000, most: 10_000 }

/** When to repair what others changed: at once, but a quarrel slows down. */
export class RepairPace {
  #last = Number.NEGATIVE_INFINITY
  #every = EVERY.least

  /** ms on the same clock as `now` */
  next(now: number): number {
    if (now - this.#last > 4 * this.#every) this.#every = EVERY.least
    const soonest = now + AFTER
    const at = Math.max(soonest, this.#last + this.#every)
    if (at > soonest) this.#every = Math.min(EVERY.most, this.#every * 2)
    this.#last = at
    return at
  }
}
