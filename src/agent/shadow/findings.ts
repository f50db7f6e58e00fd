import type { Difference, FrontendComparison } from '../../inspect/compare-frontend.ts'
import type { FrontendKey } from '../../model/frontend.ts'
import type { Packet } from '../../model/packet.ts'
import type { ShadowDifference } from './status.ts'

interface Open {
  readonly difference: Difference
  /** monotonic ms: it differs at all, it differs in this way */
  readonly since: number
  readonly sameSince: number
  /** wall ms of `since` */
  readonly at: number
  readonly reported: boolean
}

export interface Now {
  /** monotonic ms */
  readonly now: number
  /** ms since the epoch */
  readonly wall: number
}

/** One whose plan or rules keep changing may never differ in one way for so long: after so many times `settle` it is told all the same. */
const RESTLESS = 6

/** What differs now, and since when. A difference is news once it has stayed the same for `settle` ms. */
export class Findings {
  readonly #settle: number
  readonly #open = new Map<FrontendKey, Open>()
  readonly #unsure = new Map<FrontendKey, { readonly packet: Packet; readonly why: string }>()

  constructor(settle: number) {
    this.#settle = settle
  }

  /** Frontends that were not the same when they were last compared: they are compared again whenever something changes. */
  *open(): Generator<FrontendKey> {
    yield* this.#open.keys()
    for (const key of this.#unsure.keys()) if (!this.#open.has(key)) yield key
  }

  isOpen(key: FrontendKey): boolean {
    return this.#open.has(key) || this.#unsure.has(key)
  }

  /** Answers the difference that had been reported, and is over. */
  note(key: FrontendKey, found: FrontendComparison, { now, wall }: Now): Difference | null {
    const before = this.#open.get(key)
    if (found.is === 'unsure') this.#unsure.set(key, { packet: found.packet, why: found.why })
    else this.#unsure.delete(key)
    if (found.is !== 'different') {
      this.#open.delete(key)
      return before?.reported ? before.difference : null
    }
    const { difference } = found
    const same = before !== undefined && isSame(before.difference, difference)
    this.#open.set(key, {
      difference,
      since: before?.since ?? now,
      at: before?.at ?? wall,
      sameSince: same ? before.sameSince : now,
      // in another way now: told again when that has stayed
      reported: same && before.reported,
    })
    return null
  }

  /** What has become news: each is answered once. `asOf`: up to when (monotonic ms) the rules are known, for what they did later nobody saw. */
  settled(asOf: number): readonly Difference[] {
    const news: Difference[] = []
    for (const [key, open] of this.#open) {
      if (open.reported || !this.#stays(open, asOf)) continue
      this.#open.set(key, { ...open, reported: true })
      news.push(open.difference)
    }
    return news.sort(byFrontend)
  }

  reported(): readonly ShadowDifference[] {
    const reported = [...this.#open.values()].filter((open) => open.reported)
    return reported.map(({ difference, at }) => ({ ...difference, since: at })).sort(byFrontend)
  }

  settling(): number {
    let count = 0
    for (const { reported } of this.#open.values()) if (!reported) count++
    return count
  }

  unsure(): readonly { readonly frontend: FrontendKey; readonly packet: Packet; readonly why: string }[] {
    return Array.from(this.#unsure, ([frontend, rest]) => ({ frontend, ...rest })).sort(byFrontend)
  }

  #stays({ since, sameSince }: Open, asOf: number): boolean {
    return asOf - sameSince >= this.#settle || asOf - since >= RESTLESS * this.#settle
  }
}

const isSame = (a: Difference, b: Difference): boolean =>
  a.kind === b.kind && a.planned === b.planned && a.found === b.found && a.packet.name === b.packet.name

const byFrontend = (a: { readonly frontend: FrontendKey }, b: { readonly frontend: FrontendKey }): number =>
  a.frontend < b.frontend ? -1 : a.frontend > b.frontend ? 1 : 0
