import type { PlaneObject } from '../plane.ts'

/** `delta` and `wanted` belong to the change that is being worked out. */
interface Entry<O> {
  object: O | null
  /** programs in force that it stands in */
  count: number
  delta: number
  /** the value that a staged program gives it, null: none does */
  wanted: O | null
}

/** What the counts of a staged change mean for the kernel. */
export interface SharedOutcome<O> {
  readonly wanted: (object: O) => void
  readonly replaced: (before: O, after: O) => void
  readonly unwanted: (object: O) => void
}

/** Counts in how many programs an object stands. A change is counted beside what is in force, and taken over or forgotten as a whole. */
export class SharedObjects<O extends PlaneObject> {
  readonly #entries = new Map<string, Entry<O>>()
  /** of the change that is being worked out: keys and their entries */
  #keys: string[] = []
  #touched: Entry<O>[] = []

  /** One program more (1), less (−1), or the same with another value (0). */
  count(object: O, by: 1 | 0 | -1): void {
    const { key } = object
    let entry = this.#entries.get(key)
    if (entry === undefined) {
      entry = { object: null, count: 0, delta: 0, wanted: null }
      this.#entries.set(key, entry)
      this.#touch(key, entry)
    } else if (entry.delta === 0 && entry.wanted === null) {
      this.#touch(key, entry)
    }
    entry.delta += by
    if (by >= 0) entry.wanted = object
  }

  settle({ wanted, replaced, unwanted }: SharedOutcome<O>, equal: (a: O, b: O) => boolean): void {
    for (const { object, count, delta, wanted: value } of this.#touched) {
      if (count + delta <= 0) {
        if (object !== null) unwanted(object)
      } else if (object === null) {
        if (value !== null) wanted(value)
      } else if (value !== null && value !== object && !equal(object, value)) {
        replaced(object, value)
      }
    }
  }

  /** The change is in force. */
  commit(): void {
    for (const entry of this.#touched) {
      entry.count += entry.delta
      entry.object = entry.wanted ?? entry.object
    }
    this.forget()
  }

  /** The change is not in force. */
  forget(): void {
    this.#touched.forEach((entry, index) => {
      entry.delta = 0
      entry.wanted = null
      if (entry.count <= 0) this.#entries.delete(this.#keys[index] ?? '')
    })
    this.#keys = []
    this.#touched = []
  }

  #touch(key: string, entry: Entry<O>): void {
    this.#keys.push(key)
    this.#touched.push(entry)
  }
}
