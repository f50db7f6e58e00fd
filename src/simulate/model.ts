export type { Band, Outcome, PodOutcome, PodRun, RunOutcome, Series, WideBand } from './results.ts'

/**
 * A cluster that does not exist yet: who opens connections, to which pods, through which rules, and what happens meanwhile.
 * Normalized: every default is filled in (src/simulate/defaults.ts). Times are seconds; 0 is the end of the warm-up.
 */
export interface Scenario {
  readonly name: string
  /** how long is watched, from 0; > 0 */
  readonly seconds: number
  /** simulated before 0 and not counted; ≥ 0. Pods and clients that start at −Infinity are there from its beginning */
  readonly warmUpSeconds: number
  /** a sample at 0, sampleSeconds, … and at `seconds`; > 0 */
  readonly sampleSeconds: number
  /** what the shares over time are shares of */
  readonly measure: Measure
  /** even: max/mean at or below this from some sample to the end; > 1. Default 1.25 */
  readonly evenLimit: number
  readonly nodes: readonly NodeSpec[]
  readonly pods: readonly PodSpec[]
  readonly clients: readonly ClientGroup[]
  readonly events: readonly ScenarioEvent[]
  readonly policy: Policy
}

/**
 * open: connections open at the moment (L7: requests in flight). opened: connections since 0. requests and bytes: since 0.
 * work: Σ requests × the pod's `cost` since 0, e.g. CPU milliseconds.
 */
export const measures = ['open', 'opened', 'requests', 'bytes', 'work'] as const
export type Measure = (typeof measures)[number]

/**
 * A random time in seconds. lognormal: `median`, and `sigma` of the logarithm. forever: never ends.
 * mixture: one of them with odds in proportion to `weight`. cycle: each in turn, counted per client group (a node's or pod's own draws:
 * the first), so [long, short, short, short] makes every fourth connection of the group long.
 */
export type Duration =
  | { readonly kind: 'fixed'; readonly seconds: number }
  | { readonly kind: 'uniform'; readonly low: number; readonly high: number }
  | { readonly kind: 'exponential'; readonly mean: number }
  | { readonly kind: 'lognormal'; readonly median: number; readonly sigma: number }
  | { readonly kind: 'forever' }
  | { readonly kind: 'mixture'; readonly of: readonly { readonly weight: number; readonly duration: Duration }[] }
  | { readonly kind: 'cycle'; readonly of: readonly Duration[] }

export interface NodeSpec {
  readonly name: string
  /** null: not in a zone */
  readonly zone: string | null
  /** from a change of the endpoints until it is in this node's rules, drawn per change; changes keep their order. Default fixed 0 */
  readonly lag: Duration
}

/** What pods of one template have in common; rolling updates and scale-ups bring their own. */
export interface PodTemplate {
  /** 0 … 65,535: for schedulers that honour weights. Default 1 */
  readonly weight: number
  /** most connections it holds at once; further ones are refused. Default Infinity */
  readonly capacity: number
  /** work of one request. Default 1 */
  readonly cost: number
  /** from its start until it accepts connections. Default fixed 0 */
  readonly startup: Duration
  /** null: in the rules from its start to its deletion, whatever it does */
  readonly probe: Probe | null
  /** from its deletion: still accepts for so long (a preStop sleep). Default 0 */
  readonly lameDuckSeconds: number
  /** from its deletion until it is gone, at least lameDuckSeconds. Default 30 */
  readonly graceSeconds: number
  /**
   * What becomes of open connections at deletion. close: ended in good order, evenly between lameDuckSeconds and graceSeconds;
   * cut: those still open at graceSeconds are broken. Default cut
   */
  readonly drain: 'close' | 'cut'
}

/** A readiness probe; its phase is drawn. Kubernetes' defaults: 10, 1, 3. */
export interface Probe {
  readonly periodSeconds: number
  readonly successThreshold: number
  readonly failureThreshold: number
}

export interface PodSpec extends PodTemplate {
  readonly name: string
  /** index into nodes */
  readonly node: number
  /** IPv4, for schedulers that hash. Default 10.244.<node>.<n> */
  readonly address: string
  /** −Infinity (default): long before, ready, and known to every node */
  readonly startsAt: number
}

/** Clients that behave alike. A heavy one is a group of its own. */
export interface ClientGroup {
  readonly name: string
  /** ≥ 1 */
  readonly count: number
  /** indexes into nodes: client i is on nodes[i mod length]; empty: outside of the cluster, comes through policy.loadBalancer */
  readonly nodes: readonly number[]
  /** so many clients share a source address (NAT), ≥ 1; addresses count up from `address`. Default 1 */
  readonly clientsPerAddress: number
  /** IPv4 of the first; '' (default): 10.100.0.1 for the first such group, each further one from the next /16 on */
  readonly address: string
  readonly traffic: Traffic
  readonly requests: Requests
  /** clients come at a random moment in startsAt … startsAt + startSpreadSeconds (arrivals: at startsAt). Defaults −Infinity and 0 */
  readonly startsAt: number
  readonly startSpreadSeconds: number
  /** then they close what they have open. Default Infinity */
  readonly stopsAt: number
}

/**
 * pool: each client keeps `connections` open; one that ended comes back after `reconnect` (closed loop), one that was refused after
 * `reconnect` too, but not before a second. Clients that are there since −Infinity begin somewhere within the life of a connection.
 * http2: the same with ⌈concurrency/streams⌉ connections: one carries up to `streams` requests at a time.
 * arrivals: the group opens `perSecond` × count connections a second, whatever is open: poisson from clients at random, steady from
 * each in turn.
 * `life`: how long the client keeps a connection.
 */
export type Traffic =
  | { readonly kind: 'pool'; readonly connections: number; readonly life: Duration; readonly reconnect: Duration }
  | {
      readonly kind: 'http2'
      readonly concurrency: number
      readonly streams: number
      readonly life: Duration
      readonly reconnect: Duration
    }
  | {
      readonly kind: 'arrivals'
      readonly perSecond: number
      readonly spacing: 'poisson' | 'steady'
      readonly life: Duration
    }

export interface Requests {
  /** of one client over all its connections, evenly (pool and http2; 0 with arrivals). Default 1 */
  readonly perSecond: number
  /** at each connection's opening besides. Default 0 with pool and http2, 1 with arrivals */
  readonly perConnection: number
  /** steady: evenly spaced; poisson: memoryless. Matters for policy.maxRequests only. Default poisson */
  readonly spacing: 'steady' | 'poisson'
  /** of one request. Default 1 */
  readonly bytes: number
  /** how long one takes: L7 schedulers only. Default exponential 0.01 */
  readonly duration: Duration
}

export type ScenarioEvent =
  /** replaces all pods by ones of `template`, as a Deployment does; maxSurge and maxUnavailable are pods, not both 0 */
  | {
      readonly kind: 'rolling-update'
      readonly at: number
      readonly maxSurge: number
      readonly maxUnavailable: number
      /** ready for so long before it counts as available. Default 0 */
      readonly minReadySeconds: number
      readonly template: PodTemplate
    }
  /** to so many pods; down: the youngest first */
  | { readonly kind: 'scale'; readonly at: number; readonly replicas: number; readonly template: PodTemplate }
  /** the containers of these pods (indexes into pods) crash: connections break, they start again after `downSeconds` and startup */
  | { readonly kind: 'restart'; readonly at: number; readonly pods: readonly number[]; readonly downSeconds: number }
  /** they answer nothing for so long: new connections are refused, open ones stay; out of the rules if a probe sees it */
  | { readonly kind: 'fail'; readonly at: number; readonly pods: readonly number[]; readonly seconds: number }
  /** these nodes (indexes into nodes) take no changes of the rules for so long, then all at once */
  | { readonly kind: 'node-stall'; readonly at: number; readonly nodes: readonly number[]; readonly seconds: number }
  /** the pods of this node are deleted and come again on other nodes (not at all while there are none); it takes no more */
  | { readonly kind: 'drain'; readonly at: number; readonly node: number; readonly template: PodTemplate }
  /** each open connection of these groups (indexes into clients) is closed with this probability and comes back */
  | { readonly kind: 'reconnect'; readonly at: number; readonly clients: readonly number[]; readonly fraction: number }

/**
 * iptables-random: kube-proxy's chain of rules with its exact odds. nft-random: `numgen random mod n`. nft-rr, nft-sh, maglev:
 * this project's slot tables (src/scheduling); they and nft-random honour weights but for the hashes.
 * ipvs-*: the kernel's (net/netfilter/ipvs). p2c: the less loaded of two picked at random. lc: the least loaded, ties at random.
 * l7-*: a proxy that picks for each request; least-request is Envoy's (of two).
 */
export const schedulers = [
  'iptables-random',
  'nft-random',
  'nft-rr',
  'nft-sh',
  'maglev',
  'ipvs-rr',
  'ipvs-wrr',
  'ipvs-lc',
  'ipvs-wlc',
  'ipvs-dh',
  'ipvs-sh',
  'ipvs-sed',
  'ipvs-nq',
  'ipvs-mh',
  'p2c',
  'lc',
  'l7-rr',
  'l7-random',
  'l7-least-request',
] as const
export type Scheduler = (typeof schedulers)[number]

/** How connections find pods: everything that `--compare` may vary. */
export interface Policy {
  /** for people */
  readonly name: string
  readonly scheduler: Scheduler
  /**
   * ipvs-*: all nodes add pods in the same order, or each in a drawn order of its own. kube-proxy sorted them (`sets.String.List`), newer
   * ones take them as a Go map gives them (`UnsortedList`), which is shuffled. Default fixed
   */
  readonly order: 'fixed' | 'shuffled'
  /** who counts connections, turns and requests: each node for itself, or all together. Default node */
  readonly counts: 'node' | 'shared'
  /** sessionAffinity ClientIP; null: none */
  readonly affinitySeconds: number | null
  /** null: connections live as long as clients want; else the pod ends them at this age, each drawn within ± maxAgeJitter of it */
  readonly maxAgeSeconds: number | null
  /** 0 … 1. Default 0.1 (gRPC's) */
  readonly maxAgeJitter: number
  /** the client comes anew after so many requests; null: never */
  readonly maxRequests: number | null
  /** a new pod's weight grows linearly from 0.1 to 1 over this time; not with hashes and ipvs. Default 0 */
  readonly slowStartSeconds: number
  /** clients in the cluster: pods of their own node only. Default Cluster */
  readonly internalTrafficPolicy: 'Cluster' | 'Local'
  /** prefer pods of the node or zone where there are any. Default null */
  readonly trafficDistribution: 'PreferSameZone' | 'PreferSameNode' | null
  /** how clients outside come in; null: there are none */
  readonly loadBalancer: LoadBalancer | null
}

export interface LoadBalancer {
  /** instance: to a node's NodePort, whose rules pick a pod; ip: straight to a pod */
  readonly mode: 'instance' | 'ip'
  readonly scheduler: 'rr' | 'random' | 'least-connections' | 'source'
  /** instance mode. Local: only nodes with ready pods, which pick among their own */
  readonly externalTrafficPolicy: 'Cluster' | 'Local'
  /** independent processes, each with its own turn and counts; ≥ 1. Default 1 */
  readonly instances: number
  /** false: nodes see the balancer's address (affinity and sh then see one client per instance) */
  readonly keepsSource: boolean
  /** until it learns of a change (health checks). Default fixed 0 */
  readonly lag: Duration
}

export interface SimulateOptions {
  /** ≥ 1; run r draws from `seed` and r alone. Default 1,000 */
  readonly runs?: number
  /** default '1' */
  readonly seed?: string
  /** worker threads; 0: in this thread. Default: one per processor, fewer for little work. Never changes the outcome */
  readonly threads?: number
  readonly signal?: AbortSignal
  /** of one run, warm-up included: a RangeError says when it got there. Default 1,000,000,000; at most 4,000,000,000 */
  readonly maxEvents?: number
  /** after each batch */
  readonly onProgress?: (done: number, runs: number) => void
}
