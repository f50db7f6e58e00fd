import type { PlaneName } from '../../dataplane/plane.ts'
import type { Frontend, FrontendKey, FrontendKind, SourceClass } from '../../model/frontend.ts'
import type { Family, Protocol, ServiceKey } from '../../model/objects.ts'
import type { Fate } from '../../routing/explain.ts'
import type { SourceReport } from '../status/status.ts'
import type { ChangeTimes, TrailEntry } from './trail.ts'

/** What `evenkeel why -o json` prints (docs/json.md). Times are ms since the epoch. */
export interface WhyReport {
  readonly node: string
  readonly plane: PlaneName
  /** `Service shop/web`, `Pod shop/web-a` */
  readonly asked: string
  readonly source: SourceReport
  /** the source was read once and the plan handed on; before, the kernel stays as it was found */
  readonly planned: boolean
  /** sorted; empty: the answer is in `notes` */
  readonly services: readonly ServiceReasons[]
  /** what else explains the answer, in words */
  readonly notes: readonly string[]
  /** nothing is wrong with what was asked for: every frontend in force as planned, and traffic wherever there should be some */
  readonly fine: boolean
}

export interface ServiceReasons {
  readonly service: ServiceKey
  /** why this node has no frontends of it; null: it has */
  readonly notServed: string | null
  /** nothing is known of what came before */
  readonly knownSince: number
  readonly frontends: readonly FrontendReasons[]
  readonly endpoints: readonly EndpointReasons[]
  /** what changed, latest last */
  readonly trail: readonly TrailEntry[]
}

/**
 * `in-force`: as planned. `pending`: on its way into the kernel. `failing`: the kernel refuses it. `held`: the brake keeps what it had.
 * `kept`: as it was found in the kernel. `contested`: another Service has it. `refused`: the plane cannot serve it as it is asked for.
 */
export type FrontendState = 'in-force' | 'pending' | 'failing' | 'held' | 'kept' | 'contested' | 'refused'

export interface FrontendReasons {
  readonly frontend: FrontendKey
  readonly kind: FrontendKind
  readonly state: FrontendState
  /** in words; '' when it is in force and all is served */
  readonly reason: string
  /** since when it is so, ms since the epoch; 0: not known */
  readonly since: number
  readonly attempts: number
  readonly routes: Frontend['routes']
}

/** Why an endpoint gets no traffic, or only some: its fate in the plan, or what became of the plan. */
export type EndpointReason =
  | Fate
  | 'not-served'
  | 'contested'
  | 'refused'
  | 'pending'
  | 'failing'
  | 'held'
  | 'kept'
  | 'policy'

export interface EndpointReasons {
  readonly endpoint: string
  readonly address: string
  /** 0: its slice does not have the Service's port */
  readonly port: number
  readonly servicePort: number
  readonly portName: string
  readonly protocol: Protocol
  readonly family: Family
  readonly pod: string
  readonly node: string
  readonly zone: string
  readonly weight: number
  /** `some`: through some frontends, or for some clients only */
  readonly traffic: 'yes' | 'some' | 'no'
  readonly reason: EndpointReason
  /** in the plan, under the two traffic policies */
  readonly cluster: Fate
  readonly local: Fate
  /** who is led to it, by frontend; frontends that lead nobody to it are left out */
  readonly through: readonly { readonly frontend: FrontendKey; readonly clients: readonly SourceClass[] }[]
  /** the change that made it so; null: it has been so since before `knownSince` */
  readonly since: ChangeTimes | null
}
