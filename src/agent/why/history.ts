import type { Frontend, FrontendKey } from '../../model/frontend.ts'
import type { NodeView } from '../../model/node-view.ts'
import type { ServiceKey } from '../../model/objects.ts'
import type { Snapshot, SnapshotChange } from '../../model/snapshot.ts'
import { explainService } from '../../routing/explain.ts'
import type { PlanChange } from '../../routing/planner.ts'
import type { Clock } from '../../util/clock.ts'
import type { AgentObserver } from '../observer.ts'
import { lookAgain, servedBy } from './endpoint-states.ts'
import { Change, Story } from './story.ts'
import type { ChangeTimes, TrailEntry } from './trail.ts'

/** What all stories together may hold: endpoints, changes and frontends, about 200 bytes each. */
const CAPACITY = 16_384

export interface HistoryOptions {
  readonly snapshot: Snapshot
  readonly node: () => NodeView
  readonly clock: Clock
  /** what all stories together may hold, default 16,384 (about 3 MiB) */
  readonly capacity?: number
}

/** What is known of one Service's past. */
export interface ServiceHistory {
  /** ms since the epoch: nothing is known of what came before */
  readonly knownSince: number
  /** latest last */
  readonly trail: readonly TrailEntry[]
  /** since when an endpoint is as it is, by `endpointId`; null or absent: since before `knownSince` */
  readonly changes: ReadonlyMap<string, ChangeTimes | null>
}

interface Noted {
  /** ms since the epoch */
  readonly planned: number
  readonly before: Map<FrontendKey, Frontend>
  readonly after: Map<FrontendKey, Frontend | null>
}

/**
 * Remembers what became of the endpoints of Services that changed, within a bound for the whole cluster: the Service that changed longest
 * ago is forgotten first. In the agent's own turn a change is only noted; it is looked at when the agent waits for the kernel.
 */
export class History implements AgentObserver {
  readonly #options: HistoryOptions
  readonly #capacity: number
  /** the one that changed longest ago first */
  readonly #stories = new Map<ServiceKey, Story>()
  readonly #noted = new Map<ServiceKey, Noted>()
  /** stories with a change that waits for the kernel, by frontend */
  readonly #waiting = new Map<FrontendKey, Set<Story>>()
  #size = 0
  /** ms since the epoch: what has no story has not changed since */
  #knownSince: number
  #touched: ReadonlySet<ServiceKey> = new Set()
  #cancelLook: (() => void) | null = null

  constructor(options: HistoryOptions) {
    this.#options = options
    this.#capacity = options.capacity ?? CAPACITY
    this.#knownSince = options.clock.wall()
  }

  changed({ services }: SnapshotChange): void {
    this.#touched = services
  }

  planned(plan: PlanChange, first: boolean): void {
    if (first) return
    for (const service of this.#touched) this.#note(service)
    for (const [key, after] of plan.frontends) {
      const before = plan.before.get(key)
      if (before) this.#noteBefore(key, before)
      if (after) this.#note(after.service).after.set(key, after)
      else if (before) this.#note(before.service).after.set(key, null)
    }
    this.#touched = new Set()
    if (this.#noted.size > 0) this.#cancelLook ??= this.#options.clock.after(0, () => this.look())
  }

  applied(keys: readonly FrontendKey[]): void {
    if (this.#waiting.size === 0 && this.#noted.size === 0) return
    // the kernel may answer before anybody looked
    this.look()
    const wall = this.#options.clock.wall()
    for (const key of keys) {
      for (const story of this.#waiting.get(key) ?? []) story.applied(key, wall)
      this.#waiting.delete(key)
    }
  }

  of(service: ServiceKey): ServiceHistory {
    this.look()
    const story = this.#stories.get(service)
    if (!story) return { knownSince: this.#knownSince, trail: [], changes: new Map() }
    const changes = new Map(Array.from(story.states, ([id, { change }]) => [id, change]))
    return { knownSince: story.knownSince, trail: story.trail(), changes }
  }

  /** Services that a pod was an endpoint of, as far as is remembered. */
  servicesOf(pod: string): ServiceKey[] {
    this.look()
    const mentions = (story: Story): boolean =>
      story.trail().some(({ endpoints }) => endpoints.some((endpoint) => endpoint.pod === pod))
    return [...this.#stories].flatMap(([service, story]) => (mentions(story) ? [service] : []))
  }

  [Symbol.dispose](): void {
    this.#cancelLook?.()
  }

  /** Looks at what was noted. Called by itself, and before anybody is answered. */
  look(): void {
    this.#cancelLook?.()
    this.#cancelLook = null
    for (const [service, noted] of this.#noted) this.#lookAt(service, noted)
    this.#noted.clear()
    for (const [service, story] of this.#stories) {
      if (this.#size <= this.#capacity) return
      this.#forget(service, story)
    }
  }

  #note(service: ServiceKey): Noted {
    let noted = this.#noted.get(service)
    if (noted === undefined) {
      noted = { planned: this.#options.clock.wall(), before: new Map(), after: new Map() }
      this.#noted.set(service, noted)
    }
    return noted
  }

  /** Of several changes that are looked at together the first says how it was. */
  #noteBefore(key: FrontendKey, frontend: Frontend): void {
    const { before, after } = this.#note(frontend.service)
    if (!after.has(key)) before.set(key, frontend)
  }

  #lookAt(service: ServiceKey, noted: Noted): void {
    const { snapshot, node } = this.#options
    const known = this.#stories.get(service)
    const story = known ?? new Story(this.#knownSince)
    const sizeBefore = known ? known.size : 0
    const object = snapshot.service(service)
    const slices = snapshot.slicesOf(service)
    const triggeredAt = Math.max(0, ...slices.map((slice) => slice.triggeredAt))
    const frontends = [...noted.after.keys()].sort()
    const change = new Change(triggeredAt > story.triggeredAt ? triggeredAt : 0, noted.planned, frontends)
    const endpoints = lookAgain(story.states, {
      service: object,
      explained: object ? explainService(object, slices, node()) : [],
      before: servedBy(noted.before.values()),
      after: servedBy([...noted.after.values()].filter((frontend) => frontend !== null)),
      isFirst: !known,
      change,
    })
    story.triggeredAt = triggeredAt
    if (endpoints.length > 0 || frontends.length > 0) story.add(change, endpoints)
    for (const key of frontends) this.#waitFor(key, story)
    // the one that changed last stands last
    this.#stories.delete(service)
    this.#stories.set(service, story)
    this.#size += story.size - sizeBefore
  }

  #waitFor(key: FrontendKey, story: Story): void {
    const stories = this.#waiting.get(key)
    if (stories) stories.add(story)
    else this.#waiting.set(key, new Set([story]))
  }

  #forget(service: ServiceKey, story: Story): void {
    this.#stories.delete(service)
    this.#size -= story.size
    this.#knownSince = Math.max(this.#knownSince, story.lastChange)
    for (const key of new Set(story.trail().flatMap(({ frontends }) => frontends))) {
      const stories = this.#waiting.get(key)
      stories?.delete(story)
      if (stories?.size === 0) this.#waiting.delete(key)
    }
  }
}
