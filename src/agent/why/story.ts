import type { FrontendKey } from '../../model/frontend.ts'
import type { EndpointStates } from './endpoint-states.ts'
import type { ChangeTimes, EndpointChange, TrailEntry } from './trail.ts'

/** Changes of one Service that are remembered, and endpoints listed in each. */
const LONGEST = 16
const LISTED = 16

/** A change that the kernel may not have acknowledged yet. */
export class Change implements ChangeTimes {
  readonly said: number
  readonly planned: number
  acknowledged: number | null
  readonly frontends: readonly FrontendKey[]
  readonly #waiting: Set<FrontendKey>

  constructor(said: number, planned: number, frontends: readonly FrontendKey[]) {
    this.said = said
    this.planned = planned
    this.frontends = frontends
    this.#waiting = new Set(frontends)
    this.acknowledged = frontends.length === 0 ? null : 0
  }

  /** The frontend is in force as last planned. */
  applied(key: FrontendKey, wall: number): void {
    if (this.#waiting.delete(key) && this.#waiting.size === 0) this.acknowledged = wall
  }
}

interface Entry {
  readonly change: Change
  readonly endpoints: readonly EndpointChange[]
  readonly more: number
}

/** What is remembered of one Service. */
export class Story {
  readonly knownSince: number
  readonly states: EndpointStates<Change> = new Map()
  /** of the newest slice when it was last looked at: a later one tells when a change was said */
  triggeredAt = 0
  readonly #entries: Entry[] = []
  #size = 0

  constructor(knownSince: number) {
    this.knownSince = knownSince
  }

  /** How much it holds: endpoints, changes, frontends. */
  get size(): number {
    return 4 + this.states.size + this.#size
  }

  add(change: Change, endpoints: readonly EndpointChange[]): void {
    const entry = { change, endpoints: endpoints.slice(0, LISTED), more: Math.max(0, endpoints.length - LISTED) }
    this.#entries.push(entry)
    this.#size += sizeOf(entry)
    if (this.#entries.length <= LONGEST) return
    const oldest = this.#entries.shift()
    if (oldest) this.#size -= sizeOf(oldest)
  }

  applied(key: FrontendKey, wall: number): void {
    for (const { change } of this.#entries) change.applied(key, wall)
  }

  /** ms since the epoch, 0: nothing was ever listed */
  get lastChange(): number {
    return this.#entries.at(-1)?.change.planned ?? 0
  }

  /** Latest last. */
  trail(): TrailEntry[] {
    return this.#entries.map(({ change: { said, planned, acknowledged, frontends }, endpoints, more }) => ({
      said,
      planned,
      acknowledged,
      frontends,
      endpoints,
      more,
    }))
  }
}

const sizeOf = ({ change, endpoints }: Entry): number => 1 + change.frontends.length + endpoints.length
