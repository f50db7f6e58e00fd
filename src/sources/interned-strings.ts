/**
 * One string for equal strings, so that 100,000 endpoints share their node and zone names. Names of Services and Nodes that are gone
 * must not stay for ever: there are two generations of at most `limit()` strings, and one that nobody asked for while the younger
 * generation filled up goes with the older.
 */
export class InternedStrings {
  readonly #limit: () => number
  #young = new Map<string, string>()
  #old = new Map<string, string>()

  constructor(limit: () => number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  one(text: string): string {
    const known = this.#young.get(text)
    if (known !== undefined) return known
    const kept = this.#old.get(text) ?? text
    if (this.#young.size >= this.#limit()) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(kept, kept)
    return kept
  }
}
