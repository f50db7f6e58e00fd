import type { Frontend, FrontendKey } from '../model/frontend.ts'
import type { NodeView } from '../model/node-view.ts'
import type { ServiceKey } from '../model/objects.ts'
import { serviceKey } from '../model/objects.ts'
import type { InputProblem, Snapshot, SnapshotChange } from '../model/snapshot.ts'
import { Claims } from './claims.ts'
import { equalFrontends } from './equal.ts'
import type { HealthCheck } from './health.ts'
import { affectedBy } from './node-change.ts'
import { planService, type ServicePlan } from './plan.ts'
import { staleFlows, udpPortsOf, type StaleFlow, type UdpPort } from './stale-flows.ts'

/** What a change of the snapshot means for this node. */
export interface PlanChange {
  /** null: gone */
  readonly frontends: ReadonlyMap<FrontendKey, Frontend | null>
  /** who held each of `frontends` until now; those that are new are not in it */
  readonly before: ReadonlyMap<FrontendKey, Frontend>
  /** null: gone */
  readonly healthChecks: ReadonlyMap<ServiceKey, HealthCheck | null>
  /** to be deleted from conntrack once `frontends` is in force; empty after the first plan: a restart deletes nothing */
  readonly staleFlows: readonly StaleFlow[]
}

interface Planned extends ServicePlan {
  readonly createdAt: number
  readonly udp: readonly UdpPort[]
}

/** Services; small, so that the plane has work soon */
const FIRST_PART = 600
/** A plane has a price for each part that grows with all before it, so parts are few. */
const PART_GROWTH = 4

const nothing: Planned = { frontends: [], healthCheck: null, problems: [], createdAt: 0, udp: [] }

/**
 * All frontends of this node, kept up to date at the cost of the change. What a change leaves as it was keeps its identity:
 * an unchanged frontend is the same object.
 */
export class Planner {
  readonly #plans = new Map<ServiceKey, Planned>()
  readonly #claims = new Claims((service) => this.#plans.get(service)?.createdAt ?? 0)
  #node: NodeView
  #started = false

  constructor(node: NodeView) {
    this.#node = node
  }

  get node(): NodeView {
    return this.#node
  }

  /** A live view: valid until the next call of `sync` or `update`. */
  get frontends(): ReadonlyMap<FrontendKey, Frontend> {
    return this.#claims.held
  }

  /** Everything that is wrong now, by object, field and message. */
  problems(): readonly InputProblem[] {
    const own = [...this.#plans.values()].flatMap(({ problems }) => problems)
    return [...own, ...this.#claims.problems()].sort(byObject)
  }

  /** Plans everything: the first full list, or after changes were missed. */
  sync(snapshot: Snapshot, node: NodeView = this.#node): PlanChange {
    this.#node = node
    const services = new Set(this.#plans.keys())
    for (const service of snapshot.services()) services.add(serviceKey(service))
    const plan = this.#replan(snapshot, services)
    this.#started = true
    return plan
  }

  /**
   * The same as `sync` in parts, for a plane that can begin with the first while the others are made; the store may change
   * between them. Older Services come first, so that a contested frontend is not given away in one part and taken back in a later.
   */
  *syncInParts(snapshot: Snapshot, node: NodeView = this.#node, firstPart = FIRST_PART): Generator<PlanChange> {
    this.#node = node
    const byAge = [...snapshot.services()].sort((a, b) => (a.createdAt || Infinity) - (b.createdAt || Infinity) || 0)
    const services = new Set(this.#plans.keys())
    for (const service of byAge) services.add(serviceKey(service))
    const keys = [...services]
    for (let from = 0, size = firstPart; from < keys.length; from += size, size *= PART_GROWTH)
      yield this.#replan(snapshot, new Set(keys.slice(from, from + size)))
    this.#started = true
  }

  /** Plans what `change` and the difference to the last `node` concern. */
  update(snapshot: Snapshot, change: SnapshotChange, node: NodeView = this.#node): PlanChange {
    const affected = affectedBy(this.#node, node)
    this.#node = node
    if (affected === null) return this.#replan(snapshot, change.services)
    const services = new Set(change.services)
    for (const service of snapshot.services()) {
      const key = serviceKey(service)
      if (affected(service, snapshot.slicesOf(key))) services.add(key)
    }
    return this.#replan(snapshot, services)
  }

  #replan(snapshot: Snapshot, services: ReadonlySet<ServiceKey>): PlanChange {
    const touched = new Map<FrontendKey, Frontend | undefined>()
    const healthChecks = new Map<ServiceKey, HealthCheck | null>()
    const stale: StaleFlow[] = []
    for (const key of services) {
      const before = this.#plans.get(key) ?? nothing
      const after = this.#plan(snapshot, key, before)
      if (after.frontends.length === 0 && after.problems.length === 0) this.#plans.delete(key)
      else this.#plans.set(key, after)
      this.#claim(key, before, after, touched)
      if (!equalChecks(before.healthCheck, after.healthCheck)) healthChecks.set(key, after.healthCheck)
      if (this.#started || before !== nothing) stale.push(...staleFlows(before.udp, after.udp))
    }
    return { ...this.#changedSince(touched), healthChecks, staleFlows: stale }
  }

  #plan(snapshot: Snapshot, key: ServiceKey, before: Planned): Planned {
    const service = snapshot.service(key)
    if (service === undefined) return nothing
    const slices = snapshot.slicesOf(key)
    const plan = planService(service, slices, this.#node)
    const frontends = keepEqual(before.frontends, plan.frontends)
    const udp = udpPortsOf(service, slices, frontends, this.#node)
    return { ...plan, frontends, createdAt: service.createdAt, udp }
  }

  /** Takes over what changed in a Service's claims; remembers in `touched` who held each frontend at first. */
  #claim(key: ServiceKey, before: Planned, after: Planned, touched: Map<FrontendKey, Frontend | undefined>): void {
    if (before.frontends.length === 0) {
      for (const frontend of after.frontends) this.#setClaim(key, frontend.key, frontend, touched)
      return
    }
    const kept = new Set(before.createdAt === after.createdAt ? before.frontends : [])
    const claimed = new Set<FrontendKey>()
    for (const frontend of after.frontends) {
      claimed.add(frontend.key)
      if (!kept.has(frontend)) this.#setClaim(key, frontend.key, frontend, touched)
    }
    for (const frontend of before.frontends) {
      if (!claimed.has(frontend.key)) this.#setClaim(key, frontend.key, null, touched)
    }
  }

  #setClaim(
    service: ServiceKey,
    key: FrontendKey,
    frontend: Frontend | null,
    touched: Map<FrontendKey, Frontend | undefined>,
  ): void {
    if (!touched.has(key)) touched.set(key, this.#claims.held.get(key))
    this.#claims.set(key, service, frontend)
  }

  #changedSince(touched: ReadonlyMap<FrontendKey, Frontend | undefined>): Pick<PlanChange, 'frontends' | 'before'> {
    const frontends = new Map<FrontendKey, Frontend | null>()
    const before = new Map<FrontendKey, Frontend>()
    for (const [key, held] of touched) {
      const after = this.#claims.held.get(key)
      if (after === held) continue
      frontends.set(key, after ?? null)
      if (held !== undefined) before.set(key, held)
    }
    return { frontends, before }
  }
}

/** `after`, with the objects of `before` where they say the same. */
const keepEqual = (before: readonly Frontend[], after: readonly Frontend[]): readonly Frontend[] => {
  if (before.length === 0) return after
  const old = new Map(before.map((frontend) => [frontend.key, frontend]))
  return after.map((frontend) => {
    const one = old.get(frontend.key)
    return one !== undefined && equalFrontends(one, frontend) ? one : frontend
  })
}

const equalChecks = (a: HealthCheck | null, b: HealthCheck | null): boolean =>
  a?.port === b?.port && a?.localEndpoints === b?.localEndpoints

const byObject = (a: InputProblem, b: InputProblem): number =>
  byText(a.object, b.object) || byText(a.field, b.field) || byText(a.message, b.message)

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
