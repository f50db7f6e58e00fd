/** One at a time, in order: replies on a netlink socket belong to whoever asked last. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()
  #taken = 0

  /** Begins at once, before it returns, when nobody else is at work: the kernel should not wait for the caller's turn to end. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#taken === 0 ? begin(work) : this.#last.then(work, work)
    this.#taken++
    const release = (): void => void this.#taken--
    this.#last = turn.then(release, release)
    return turn
  }
}

/** What is thrown becomes a rejection. */
const begin = async <T>(work: () => Promise<T>): Promise<T> => work()
