import type { Clock } from '../../util/clock.ts'
import type { Change, Driver, PlaneObject } from '../plane.ts'

export interface TransactionsOptions<O extends PlaneObject> {
  readonly driver: Pick<Driver<O>, 'apply'>
  readonly clock: Clock
  /** one is in force */
  readonly onSent: () => void
}

/** What was sent to the kernel, counted. */
export class Transactions<O extends PlaneObject> {
  readonly #options: TransactionsOptions<O>
  #count = 0
  #refusals = 0
  #last = 0

  constructor(options: TransactionsOptions<O>) {
    this.#options = options
  }

  /** in force */
  get count(): number {
    return this.#count
  }

  /** that the kernel refused */
  get refusals(): number {
    return this.#refusals
  }

  /** ms since the epoch when the last one came into force; 0: none did */
  get last(): number {
    return this.#last
  }

  /** Throws what the driver throws. */
  async send(change: Change<O>): Promise<void> {
    const { driver, clock, onSent } = this.#options
    try {
      await driver.apply(change)
    } catch (error) {
      this.#refusals++
      throw error
    }
    this.#count++
    this.#last = clock.wall()
    onSent()
  }
}
