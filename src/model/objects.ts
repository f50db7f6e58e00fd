/**
 * Kubernetes facts as this program needs them: small frozen records, parsed once in `sources/`.
 * Addresses are canonical text (`formatAddress`), so equal addresses are equal strings.
 */

export type Family = 'IPv4' | 'IPv6'
export type Protocol = 'TCP' | 'UDP' | 'SCTP'
export type TrafficPolicy = 'Cluster' | 'Local'

/** `namespace/name` */
export type ServiceKey = string

export interface ServicePort {
  /** '' for the only, unnamed port */
  readonly name: string
  readonly protocol: Protocol
  readonly port: number
  /** 0 when there is none */
  readonly nodePort: number
}

/** `status.loadBalancer.ingress[]` with an `ip`; entries with only a hostname carry no traffic and are left out. */
export interface LoadBalancerIngress {
  readonly ip: string
  /** KEP-1860: `Proxy` means the balancer itself must see the traffic, so no rule is made for the address. */
  readonly ipMode: 'VIP' | 'Proxy'
}

export interface Service {
  readonly namespace: string
  readonly name: string
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName'
  /** clusterIP `None`: nothing is routed */
  readonly headless: boolean
  readonly clusterIPs: readonly string[]
  readonly ports: readonly ServicePort[]
  readonly externalIPs: readonly string[]
  readonly loadBalancerIngress: readonly LoadBalancerIngress[]
  /** canonical CIDRs of both families; empty = everybody */
  readonly loadBalancerSourceRanges: readonly string[]
  readonly internalTrafficPolicy: TrafficPolicy
  readonly externalTrafficPolicy: TrafficPolicy
  /** sessionAffinity ClientIP: its timeout in seconds (API default 10800); null = None */
  readonly affinitySeconds: number | null
  /** 0 when there is none */
  readonly healthCheckNodePort: number
  /** label `service.kubernetes.io/service-proxy-name`; '' = the cluster's default proxy */
  readonly proxyName: string
  /** annotation `evenkeel.io/scheduler`, as written; '' = the plane's default */
  readonly scheduler: string
  /** annotation `evenkeel.io/weights`: pod name or address → weight; null = all 1 */
  readonly weights: Weights | null
  /** metadata.creationTimestamp in ms since the epoch, 0 unknown: of two Services that claim one frontend the older keeps it */
  readonly createdAt: number
}

/** pod name or canonical address → integer weight, 0 … 65535 (0: gets no new connections) */
export type Weights = Readonly<Record<string, number>>

export interface EndpointPort {
  readonly name: string
  readonly protocol: Protocol
  readonly port: number
}

/** One entry of `EndpointSlice.endpoints` with the API's defaults applied: `ready` unset means true, and so on. */
export interface Endpoint {
  /** the first address counts (the others are unused by definition of the API) */
  readonly address: string
  readonly ready: boolean
  readonly serving: boolean
  readonly terminating: boolean
  readonly nodeName: string
  readonly zone: string
  /** `hints.forZones[].name`; null = no hint */
  readonly hintZones: readonly string[] | null
  /** `hints.forNodes[].name` (KEP-3015); null = no hint */
  readonly hintNodes: readonly string[] | null
  /** targetRef of kind Pod: its name, else '' */
  readonly pod: string
}

export interface EndpointSlice {
  readonly namespace: string
  readonly name: string
  /** the Service it belongs to (label `kubernetes.io/service-name`), as `namespace/name` */
  readonly service: ServiceKey
  readonly family: Family
  readonly ports: readonly EndpointPort[]
  readonly endpoints: readonly Endpoint[]
  /** annotation `evenkeel.io/weights` on the slice; wins over the Service's */
  readonly weights: Weights | null
  /** annotation `endpoints.kubernetes.io/last-change-trigger-time`, ms since the epoch, 0 none: says when, so another one is no change */
  readonly triggeredAt: number
}

export interface Node {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** status.addresses of type InternalIP, then ExternalIP, in order; hostnames left out */
  readonly addresses: readonly string[]
  readonly podCIDRs: readonly string[]
  /** is being deleted, or the cluster autoscaler is about to: it must get no more traffic */
  readonly leaving: boolean
}

export interface ServiceCIDR {
  readonly name: string
  readonly cidrs: readonly string[]
}

export const serviceKey = (object: { readonly namespace: string; readonly name: string }): ServiceKey =>
  `${object.namespace}/${object.name}`
