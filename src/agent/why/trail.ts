import type { FrontendKey } from '../../model/frontend.ts'
import type { Fate } from '../../routing/explain.ts'

/** When a change was on its way into the kernel. Ms since the epoch. */
export interface ChangeTimes {
  /** when the endpoints changed as the control plane saw it (`endpoints.kubernetes.io/last-change-trigger-time`); 0: not said */
  readonly said: number
  /** when this node planned it */
  readonly planned: number
  /** when the kernel acknowledged the last of its frontends; 0: it has not yet; null: nothing in the kernel had to change */
  readonly acknowledged: number | null
}

/** What became of one endpoint. */
export interface EndpointChange {
  /** `10.1.0.4:8080` */
  readonly endpoint: string
  /** `80/TCP` */
  readonly port: string
  /** `namespace/pod`, '' unknown */
  readonly pod: string
  /** 'absent': it was no endpoint of the port; 'unknown': that or out, from before anybody looked */
  readonly before: Fate | 'absent' | 'unknown'
  readonly after: Fate | 'absent'
}

/** One change of a Service, as this node planned it. */
export interface TrailEntry extends ChangeTimes {
  /** frontends whose rules it changed, sorted */
  readonly frontends: readonly FrontendKey[]
  readonly endpoints: readonly EndpointChange[]
  /** endpoints that changed as well and are not listed */
  readonly more: number
}
