import type { Protocol, TrafficPolicy } from '../../model/objects.ts'

/** What was counted. Only connections (and, with affinity or a hash, clients) are drawn; the others are load that connections carry. */
export type LoadUnit = 'connections' | 'bytes' | 'requests' | 'cpu'

/** Who got how much of one Service, and all that is known about why. What is absent is not known, never assumed. */
export interface Observation {
  /** `namespace/name`, null when only counts were given */
  readonly service: string | null
  readonly unit: LoadUnit
  readonly backends: readonly ObservedBackend[]
  /** what each node's own rules say and counted; the nodes need not cover all that `backends` counted */
  readonly nodes?: readonly NodeObservation[]
  /** connections one by one, each once; a sample is fine */
  readonly flows?: readonly Flow[]
  readonly facts: ServiceFacts
}

/** All times are seconds on one clock of the observation, whatever its zero. */
export interface ObservedBackend {
  /** `namespace/pod` or `address:port`; unique, flows refer to it */
  readonly name: string
  /** in the observation's unit, finite and not negative; CPU in any unit, as `kubectl top` millicores */
  readonly count: number
  /** connections behind `count`, where the unit is another one */
  readonly connections?: number
  /** connections opened to it since counting began, where `count` is of those still open */
  readonly opened?: number
  readonly address?: string
  readonly node?: string
  readonly zone?: string
  /** when it came into the rules (its pod became ready) */
  readonly startedAt?: number
  readonly ready?: boolean
  readonly terminating?: boolean
  /** its share as the rules of the nodes say, in any proportion; absent for all: uniform */
  readonly expectedOdds?: number
  /** as configured; weights that the rules follow are in the odds too */
  readonly weight?: number
}

/** One node's proxy. `counts` and `odds` are in the order of the observation's backends. */
export interface NodeObservation {
  readonly node: string
  readonly zone?: string
  /** connections that this node sent to each backend */
  readonly counts: readonly number[]
  /** by its rules, in any proportion; null where they are not known */
  readonly odds: readonly number[] | null
  /** `rr`, `lc`, `random` … where it differs from the Service's, or is known for the node only */
  readonly scheduler?: string
  /** when its counters began */
  readonly since?: number
}

export interface Flow {
  /** source address as the backend's side of the translation knows it; the same text for the same client */
  readonly client: string
  /** name of an observed backend; flows to others (pods that are gone) are left out */
  readonly backend: string
  readonly node?: string
  readonly openedAt?: number
  /** null: still open */
  readonly closedAt?: number | null
  readonly bytes?: number
  readonly requests?: number
  readonly cpu?: number
  readonly protocol?: Protocol
  /** many requests share the connection at once: HTTP/2, gRPC */
  readonly http2?: boolean
  /** it did not go to a Service address: headless, a mesh, the pod's own address */
  readonly bypassed?: boolean
}

export interface ServiceFacts {
  /** a scheduler's name, those of `ipvsadm` too (`wrr`, `mh` …) */
  readonly scheduler?: string
  readonly affinity?: 'None' | 'ClientIP'
  readonly internalTrafficPolicy?: TrafficPolicy
  readonly externalTrafficPolicy?: TrafficPolicy
  /** the slices carry zone hints, and the proxies follow them */
  readonly topologyHints?: boolean
  /** `clusterIP: None`: no rules at all, DNS gives pods' addresses */
  readonly headless?: boolean
  /** what `count` is of: connections opened since counting began, or those open at the moment; absent: told from the flows where it can be */
  readonly counted?: 'opened' | 'open'
  /** when counting began */
  readonly since?: number
  /** moment of the observation */
  readonly at?: number
  /** connections of each backend, in order, that did not come through the rules; they are part of `count` */
  readonly bypassed?: readonly number[]
  /** client addresses that stand for many clients: nodes that masquerade, NAT gateways, load balancers */
  readonly sharedAddresses?: readonly string[]
}
