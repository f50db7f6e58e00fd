import type { Frontend, FrontendKey } from '../../model/frontend.ts'
import type { ServiceKey } from '../../model/objects.ts'
import type { HealthCheck } from '../../routing/health.ts'
import type { PlanChange } from '../../routing/planner.ts'
import type { StaleFlow } from '../../routing/stale-flows.ts'
import { frontendsOf, isStaleAfterRecovery } from './flows.ts'
import type { HeldFrontend } from './status.ts'

interface Held {
  /** what stays in force; null: as it was found in the kernel */
  readonly kept: Frontend | null
  /** what the plan wants; null: it goes */
  readonly planned: Frontend | null
  /** ms since the epoch */
  readonly since: number
}

/** Frontends that keep what they have, and everything that a plan says of them meanwhile: rules, flows, health checks. */
export class HeldFrontends {
  readonly #held = new Map<FrontendKey, Held>()
  /** stale once their frontends are let go; by what they say, so that a flapping endpoint does not add up */
  readonly #flows = new Map<string, StaleFlow>()
  /** of Services with a held frontend: a balancer must not drain the node for what is held back */
  readonly #checks = new Map<ServiceKey, HealthCheck | null>()

  get size(): number {
    return this.#held.size
  }

  has(key: FrontendKey): boolean {
    return this.#held.has(key)
  }

  keys(): Iterable<FrontendKey> {
    return this.#held.keys()
  }

  /** What is in force for it; null: what was found in the kernel; undefined: it is not held. */
  kept(key: FrontendKey): Frontend | null | undefined {
    return this.#held.get(key)?.kept
  }

  /** `kept` counts for one that is not held yet. */
  hold(key: FrontendKey, kept: Frontend | null, planned: Frontend | null, wall: number): void {
    const known = this.#held.get(key)
    this.#held.set(key, known ? { ...known, planned } : { kept, planned, since: wall })
  }

  /** The plan but for what is held; `recovered` were held until now and serve again. */
  withhold(plan: PlanChange, recovered: ReadonlyMap<FrontendKey, Frontend>): PlanChange {
    for (const key of recovered.keys()) this.#held.delete(key)
    const frontends = new Map([...plan.frontends].filter(([key]) => !this.#held.has(key)))
    return {
      frontends,
      before: plan.before,
      healthChecks: this.#withholdChecks(plan.healthChecks),
      staleFlows: this.#withholdFlows(plan.staleFlows, recovered),
    }
  }

  /** Everything that was held back, as last planned. */
  release(): PlanChange {
    const plan: PlanChange = {
      frontends: new Map(Array.from(this.#held, ([key, { planned }]) => [key, planned])),
      before: new Map(Array.from(this.#held).flatMap(([key, { kept }]) => (kept ? [[key, kept]] : []))),
      healthChecks: new Map(this.#checks),
      staleFlows: [...this.#flows.values()],
    }
    this.#held.clear()
    this.#checks.clear()
    this.#flows.clear()
    return plan
  }

  /** Sorted by frontend. */
  report(): HeldFrontend[] {
    return Array.from(this.#held, ([frontend, { kept, planned, since }]) => ({
      frontend,
      service: (planned ?? kept)?.service ?? '',
      planned: planned ? ('empty' as const) : ('gone' as const),
      since,
    })).sort((a, b) => (a.frontend < b.frontend ? -1 : 1))
  }

  #withholdChecks(checks: PlanChange['healthChecks']): PlanChange['healthChecks'] {
    if (checks.size === 0 && this.#checks.size === 0) return checks
    const services = new Set<ServiceKey>()
    for (const { kept, planned } of this.#held.values()) services.add((kept ?? planned)?.service ?? '')
    for (const [service, check] of checks) this.#checks.set(service, check)
    const passed = new Map<ServiceKey, HealthCheck | null>()
    for (const [service, check] of this.#checks) {
      if (services.has(service)) continue
      passed.set(service, check)
      this.#checks.delete(service)
    }
    return passed
  }

  #withholdFlows(flows: readonly StaleFlow[], recovered: ReadonlyMap<FrontendKey, Frontend>): readonly StaleFlow[] {
    const passed: StaleFlow[] = []
    const late: StaleFlow[] = []
    for (const flow of flows) {
      const keys = frontendsOf(flow)
      if (keys.some((key) => this.#held.has(key))) this.#flows.set(JSON.stringify(flow), flow)
      else (keys.some((key) => recovered.has(key)) ? late : passed).push(flow)
    }
    for (const [text, flow] of recovered.size > 0 ? this.#flows : []) {
      if (frontendsOf(flow).some((key) => this.#held.has(key))) continue
      this.#flows.delete(text)
      late.push(flow)
    }
    for (const flow of late) {
      const frontend = frontendsOf(flow)
        .map((key) => recovered.get(key))
        .find((one) => one !== undefined)
      if (frontend && isStaleAfterRecovery(flow, frontend)) passed.push(flow)
    }
    return passed
  }
}
