import type { Frontend, FrontendKey } from '../../model/frontend.ts'
import type { EndpointSlice, Family, ServiceKey } from '../../model/objects.ts'
import type { Snapshot, SnapshotChange } from '../../model/snapshot.ts'

/** A change of a Service that is not wholly in force. */
interface Waiting {
  endpoints: boolean
  readonly triggers: Trigger[]
  readonly frontends: Set<FrontendKey>
}

/** When what caused a change of endpoints happened (annotation endpoints.kubernetes.io/last-change-trigger-time). */
export interface Trigger {
  readonly family: Family
  /** ms since the epoch */
  readonly at: number
}

export interface PendingServicesOptions {
  /** triggers before it are not told: they waited for this process to start; ms since the epoch */
  readonly startedAt: number
  /** the endpoints that these triggers brought are in force */
  readonly onProgrammed: (triggers: readonly Trigger[]) => void
}

type Plans = ReadonlyMap<FrontendKey, Pick<Frontend, 'service'> | null>

/** Follows each change of a Service until the last of its frontends is in force. Holds what is pending and nothing else. */
export class PendingServices {
  readonly #options: PendingServicesOptions
  readonly #waiting = new Map<ServiceKey, Waiting>()
  readonly #serviceOf = new Map<FrontendKey, ServiceKey>()
  /** slices whose trigger was told; a slice that changes is another record */
  readonly #told = new WeakSet<EndpointSlice>()
  /** of the change that is being planned */
  #changed: readonly ServiceKey[] = []

  constructor(options: PendingServicesOptions) {
    this.#options = options
  }

  /** Services of which an endpoint change, or only another one, waits. */
  count(): { readonly endpoints: number; readonly services: number } {
    let endpoints = 0
    for (const waiting of this.#waiting.values()) if (waiting.endpoints) endpoints++
    return { endpoints, services: this.#waiting.size - endpoints }
  }

  changed(change: SnapshotChange, snapshot: Snapshot): void {
    this.#changed = [...change.services]
    for (const service of change.services) {
      const waiting = this.#waiting.get(service) ?? { endpoints: false, triggers: [], frontends: new Set() }
      this.#waiting.set(service, waiting)
      if (!(change.slicesOf?.has(service) ?? true)) continue
      waiting.endpoints = true
      waiting.triggers.push(...this.#newTriggers(snapshot.slicesOf(service)))
    }
  }

  planned(frontends: Plans, before: ReadonlyMap<FrontendKey, Pick<Frontend, 'service'>>): void {
    for (const [key, frontend] of frontends) {
      const service = (frontend ?? before.get(key))?.service
      const waiting = service === undefined ? undefined : this.#waiting.get(service)
      if (service === undefined || !waiting) continue
      this.#serviceOf.set(key, service)
      waiting.frontends.add(key)
    }
    // a change that makes no difference here is in force already
    for (const service of this.#changed) this.#settle(service)
    this.#changed = []
  }

  applied(keys: readonly FrontendKey[]): void {
    if (this.#serviceOf.size === 0) return
    for (const key of keys) {
      const service = this.#serviceOf.get(key)
      if (service === undefined) continue
      this.#serviceOf.delete(key)
      this.#waiting.get(service)?.frontends.delete(key)
      this.#settle(service)
    }
  }

  #newTriggers(slices: readonly EndpointSlice[]): Trigger[] {
    const found: Trigger[] = []
    for (const slice of slices) {
      if (slice.triggeredAt <= this.#options.startedAt || this.#told.has(slice)) continue
      this.#told.add(slice)
      found.push({ family: slice.family, at: slice.triggeredAt })
    }
    return found
  }

  #settle(service: ServiceKey): void {
    const waiting = this.#waiting.get(service)
    if (!waiting || waiting.frontends.size > 0) return
    this.#waiting.delete(service)
    if (waiting.triggers.length > 0) this.#options.onProgrammed(waiting.triggers)
  }
}
