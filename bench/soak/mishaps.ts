import { seededRandom } from '../../src/util/random.ts'
import type { Mishap } from './api-protocol.ts'

/** How often, in simulated seconds on average. An outage lasts two minutes. */
const EVERY: Readonly<Record<Exclude<Mishap, 'open'>, number>> = {
  bookmark: 60,
  cut: 300,
  end: 600,
  compact: 1_800,
  refuse: 3_600,
}
const OUTAGE_SECONDS = 120

/** A hard life for the connection to the API server. */
export class Mishaps {
  readonly counts: Record<Mishap, number> = { bookmark: 0, cut: 0, end: 0, compact: 0, refuse: 0, open: 0 }
  readonly #random: () => number
  readonly #tickSeconds: number
  /** ticks until the API server is there again; 0: it is */
  #away = 0

  constructor(seed: string, tickSeconds: number) {
    this.#random = seededRandom(`mishaps ${seed}`)
    this.#tickSeconds = tickSeconds
  }

  get outage(): boolean {
    return this.#away > 0
  }

  /** What happens at the next tick. */
  next(): readonly Mishap[] {
    if (this.#away > 0) return --this.#away === 0 ? this.#count(['open']) : []
    const all = Object.keys(EVERY) as (keyof typeof EVERY)[]
    const mishaps = all.filter((one) => this.#random() / 2 ** 32 < this.#tickSeconds / EVERY[one])
    if (mishaps.includes('refuse')) this.#away = Math.ceil(OUTAGE_SECONDS / this.#tickSeconds)
    return this.#count(mishaps)
  }

  /** The round is over: everything is to work. */
  end(): readonly Mishap[] {
    const away = this.outage
    this.#away = 0
    return away ? this.#count(['open']) : []
  }

  #count(mishaps: readonly Mishap[]): readonly Mishap[] {
    for (const mishap of mishaps) this.counts[mishap]++
    return mishaps
  }
}
