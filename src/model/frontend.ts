import type { Family, Protocol, ServiceKey, TrafficPolicy } from './objects.ts'

/** `10.96.0.10:53/UDP`, `[fd00::1]:80/TCP`, NodePorts `node:30080/TCP` (IPv4) and `node6:30080/TCP` (IPv6). Unique on a node. */
export type FrontendKey = string

/** The family of who dials it. */
export const familyOfFrontend = (key: FrontendKey): Family =>
  key.startsWith('[') || key.startsWith('node6:') ? 'IPv6' : 'IPv4'

export type FrontendKind = 'ClusterIP' | 'NodePort' | 'ExternalIP' | 'LoadBalancer'

/** An endpoint that a frontend may use on this node. One object is shared by all frontends of a ServicePort. */
export interface Backend {
  readonly address: string
  readonly port: number
  readonly weight: number
  /** `namespace/pod`, '' unknown */
  readonly pod: string
  /** node name, '' unknown */
  readonly node: string
}

/** The backends for one class of source, ordered by address bytes, then port; no two share address and port. */
export interface BackendSet {
  readonly backends: readonly Backend[]
}

/**
 * Who sends. pods: the local detector's answer (clusterCIDR, podCIDRs or interface); node: an address of this node (`fib saddr type local`);
 * outside: everybody else. Asked in this order, as kube-proxy does.
 */
export type SourceClass = 'pods' | 'node' | 'outside'

/** What happens to one class of source. `set` names one of the frontend's sets, which is then not empty. */
export type Route =
  | { readonly to: 'backends'; readonly set: 'cluster' | 'local'; readonly masquerade: boolean }
  | { readonly to: 'reject' }
  | { readonly to: 'drop' }

export type SchedulerName = 'random' | 'rr' | 'sh' | 'dh' | 'maglev' | 'lc' | 'sed' | 'nq'

/** Where a ServicePort is dialled inside the cluster. One object for all its frontends of a family. */
export interface ClusterAccess {
  readonly address: string
  readonly port: number
  /** internalTrafficPolicy: which of the sets it leads to */
  readonly policy: TrafficPolicy
}

export interface Frontend {
  readonly key: FrontendKey
  readonly kind: FrontendKind
  readonly family: Family
  /** null for a NodePort: the port is open on the node's addresses */
  readonly address: string | null
  readonly protocol: Protocol
  readonly port: number
  readonly service: ServiceKey
  /** name of the Service's port, '' unnamed */
  readonly portName: string
  /** of its ServicePort, whose other frontends may lead to the same chains */
  readonly clusterIP: ClusterAccess
  /** of its Service: a port of the node where a balancer asks for its health; 0 none */
  readonly healthCheckNodePort: number
  /** null: the plane's default */
  readonly scheduler: SchedulerName | null
  readonly affinitySeconds: number | null
  /** LoadBalancer frontends only: who may come in, canonical CIDRs of this family; null = everybody; empty = nobody */
  readonly sourceRanges: readonly string[] | null
  /** sets that no route uses are null; where both are the same endpoints, still two sets */
  readonly sets: { readonly cluster: BackendSet | null; readonly local: BackendSet | null }
  readonly routes: { readonly [C in SourceClass]: Route }
}
