import type { FrontendKey } from '../../model/frontend.ts'

/** Counts that are remembered, of all frontends together, default of `PastCounts`: about 10 MiB. */
const REMEMBERED = 100_000

/**
 * What elements had counted that are no longer there, by frontend and backend: slots move while their backend stays. Nobody may ever ask,
 * and pods come and go for months, so there is a limit: the frontend whose rules changed longest ago is forgotten first.
 */
export class PastCounts {
  readonly #limit: number
  /** in the order of their last change */
  readonly #frontends = new Map<FrontendKey, Map<string, number>>()
  #size = 0

  constructor(limit: number = REMEMBERED) {
    this.#limit = limit
  }

  /** Counts remembered. */
  get size(): number {
    return this.#size
  }

  add(frontend: FrontendKey, backend: string, packets: number): void {
    const counts = this.#frontends.get(frontend) ?? new Map<string, number>()
    this.#frontends.delete(frontend)
    this.#frontends.set(frontend, counts)
    if (!counts.has(backend)) this.#size++
    counts.set(backend, (counts.get(backend) ?? 0) + packets)
    while (this.#size > this.#limit) this.#forgetOldest()
  }

  /** Forgets every backend that is not in force any more. */
  retain(inForce: ReadonlyMap<FrontendKey, ReadonlyMap<string, unknown>>): void {
    for (const [frontend, counts] of this.#frontends) {
      const present = inForce.get(frontend)
      for (const backend of counts.keys()) if (!present?.has(backend) && counts.delete(backend)) this.#size--
      if (counts.size === 0) this.#frontends.delete(frontend)
    }
  }

  *entries(): Generator<readonly [frontend: FrontendKey, backend: string, packets: number]> {
    for (const [frontend, counts] of this.#frontends)
      for (const [backend, packets] of counts) yield [frontend, backend, packets]
  }

  #forgetOldest(): void {
    for (const [frontend, counts] of this.#frontends) {
      if (this.#frontends.size > 1) {
        this.#frontends.delete(frontend)
        this.#size -= counts.size
        return
      }
      for (const backend of counts.keys()) {
        counts.delete(backend)
        this.#size--
        return
      }
    }
  }
}
