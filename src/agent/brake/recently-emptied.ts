import type { FrontendKey } from '../../model/frontend.ts'

/** Frontends that lost all their backends within the last window, so that a trickle counts as what it adds up to. */
export class RecentlyEmptied {
  readonly #windowMs: number
  /** when, in ms; in this order */
  readonly #at = new Map<FrontendKey, number>()

  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  get size(): number {
    return this.#at.size
  }

  add(key: FrontendKey, now: number): void {
    this.#at.delete(key)
    this.#at.set(key, now)
  }

  /** It has backends again. */
  delete(key: FrontendKey): void {
    this.#at.delete(key)
  }

  clear(): void {
    this.#at.clear()
  }

  expire(now: number): void {
    for (const [key, at] of this.#at) {
      if (at + this.#windowMs > now) return
      this.#at.delete(key)
    }
  }
}
