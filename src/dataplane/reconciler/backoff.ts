export interface Backoff {
  /** ms before the first retry, default 200 */
  readonly baseMs: number
  /** ms, the longest wait, default 60,000 */
  readonly capMs: number
}

export const defaultBackoff: Backoff = { baseMs: 200, capMs: 60_000 }

/** ms before retry number `attempts` (1 …): doubles, half of it by chance, so that nodes do not retry in step. `random` in [0, 1). */
const retryDelay = (attempts: number, random: () => number, { baseMs, capMs }: Backoff): number =>
  Math.min(capMs, baseMs * 2 ** Math.min(attempts - 1, 30)) * (0.5 + random() / 2)

export type Retried = 'observation' | 'change' | 'removal'

/** Failures in a row, by what failed. */
export class Retry {
  readonly #failures = { observation: 0, change: 0, removal: 0 }
  readonly #random: () => number
  readonly #backoff: Backoff

  constructor(random: () => number, backoff: Backoff) {
    this.#random = random
    this.#backoff = backoff
  }

  failures(what: Retried): number {
    return this.#failures[what]
  }

  succeeded(what: Retried): void {
    this.#failures[what] = 0
  }

  /** One more failure: ms to wait. */
  delay(what: Retried): number {
    return retryDelay(++this.#failures[what], this.#random, this.#backoff)
  }

  /** ms to wait after `attempts` failures of something that is counted elsewhere */
  after(attempts: number): number {
    return retryDelay(attempts, this.#random, this.#backoff)
  }
}
