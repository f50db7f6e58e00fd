/** ms before the first retry, and at most */
const [first, most] = [800, 30_000]
/** Nothing failed for so long: all is well (client-go's reflectors have the same three). */
const forgottenAfter = 120_000

/** How long to wait after failures in a row: doubling, half of it by chance, so that nodes do not come back in step. */
export class Pace {
  readonly #random: () => number
  #failures = 0
  #lastAt = Number.NEGATIVE_INFINITY

  /** `random` in [0, 1) */
  constructor(random: () => number) {
    this.#random = random
  }

  /** One more failure, at `now` of a monotonic clock: ms to wait. */
  delay(now: number): number {
    if (now - this.#lastAt > forgottenAfter) this.#failures = 0
    const full = Math.min(most, first * 2 ** Math.min(this.#failures++, 10))
    const wait = full * (0.5 + this.#random() / 2)
    this.#lastAt = now + wait
    return wait
  }

  succeeded(): void {
    this.#failures = 0
  }
}
