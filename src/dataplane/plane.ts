import type { Frontend, FrontendKey, SchedulerName } from '../model/frontend.ts'
import type { NodeView } from '../model/node-view.ts'
import type { Packet, Trace } from '../model/packet.ts'
import type { Log } from '../util/log.ts'

/** Every plane that the project knows, in this version (registry.ts) or a later one. */
export const knownPlanes = ['nftables', 'iptables', 'ipvs', 'ebpf', 'userspace'] as const

export type PlaneName = (typeof knownPlanes)[number]

/** What a plane can do, by name: an absent capability is refused with its name, never imitated. */
export interface Capabilities {
  readonly schedulers: readonly SchedulerName[]
  /** for a frontend that names none, and instead of one that it cannot have; one of `schedulers` */
  readonly defaultScheduler: SchedulerName
  /** a backend's share goes by `Backend.weight`, under the default scheduler at least */
  readonly weights: boolean
  /** `Frontend.affinitySeconds`: a client comes back to its backend */
  readonly affinity: boolean
  readonly sctp: boolean
  /** works beside another Service proxy (`service-proxy-name`) */
  readonly beside: boolean
  /** new connections per backend from the kernel */
  readonly counters: boolean
  /** node ports on IPv4 loopback addresses */
  readonly localhostNodePorts: boolean
}

/**
 * A piece of a plane's compiled form: plain data, equal keys mean equal values.
 * `key` is unique on the node within the plane, e.g. `chain ip f-…` or `element ip services …`.
 */
export interface PlaneObject {
  readonly key: string
}

/** The compiled form of one frontend, or of the node (`base`). Some objects may stand in several programs (`Plane.shared`). */
export interface Program<O extends PlaneObject> {
  readonly objects: readonly O[]
  /** what this plane could not do for the frontend: named capabilities and limits; empty when all is served */
  readonly refused: readonly string[]
}

/** What a kernel holds: grouped by frontend where that can be told (so slots keep their places); the rest apart, shared objects all. */
export interface Observed<O extends PlaneObject> {
  readonly frontends: ReadonlyMap<FrontendKey, readonly O[]>
  readonly other: readonly O[]
}

/** One transaction. `replace` holds objects whose key is in the kernel with another value. */
export interface Change<O extends PlaneObject> {
  readonly add: readonly O[]
  readonly replace: readonly { readonly before: O; readonly after: O }[]
  readonly remove: readonly O[]
}

/** New connections since the driver (or, where the kernel keeps them, the object) began, by frontend and backend. */
export interface BackendCounter {
  readonly frontend: FrontendKey
  readonly address: string
  readonly port: number
  readonly connections: number
}

export interface CountersOptions {
  /** default true */
  readonly backends?: boolean
  /** default false */
  readonly dialled?: boolean
}

export interface Counters {
  readonly backends: readonly BackendCounter[]
  /** packets that found no backend in their slot and took the fallback, since the driver began; 0 but for a race */
  readonly fallbacks: number
  /** packets that the fallback did not save: dropped, so that the client tries again */
  readonly missed: number
}

/** What stands in the kernel was made by another version and cannot be changed in place: it must be made anew. */
export class LayoutConflict extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'LayoutConflict'
  }
}

export interface DriverOptions {
  readonly log: Log
}

/** What a plane's rules depend on and only the running kernel knows. */
export type KernelFacts = Pick<NodeView, 'tcpBeLiberal' | 'nfacct'>

export interface KernelFactsOptions {
  readonly log: Log
  /** what is missing is made; without it only what is there counts */
  readonly make: boolean
}

export interface Driver<O extends PlaneObject> extends AsyncDisposable {
  /** tells drivers of a plane apart where its objects may stand in several places, e.g. `iptables-legacy`; default: there is one */
  readonly place?: string
  /** a transaction has a price whatever its size: a large change is not cut up, and what comes meanwhile gathers; default false */
  readonly indivisible?: boolean
  /** what of ours the kernel holds, compiled by whatever version; throws KernelError */
  observe(signal?: AbortSignal): Promise<Observed<O>>
  /** one atomic transaction where the kernel offers one; throws KernelError or LayoutConflict, and then nothing of it is in force */
  apply(change: Change<O>, signal?: AbortSignal): Promise<void>
  /** `backends: false`: only what has no backend; `dialled`: frontends without any connection are left out */
  counters(options?: CountersOptions): Promise<Counters>
  /** what `remove` would take away, one line each, sorted */
  owned(): Promise<readonly string[]>
  /** leaves the node as it was found, also where nothing of ours is there; throws KernelError */
  remove(): Promise<void>
  /** calls back when somebody else changed our objects (or when that may have been missed) */
  onForeignChange(listener: (what: string) => void): void
}

export interface Plane<O extends PlaneObject> {
  readonly name: PlaneName
  readonly capabilities: Capabilities
  /** pure: the objects that no frontend owns */
  base(node: NodeView): Program<O>
  /** pure, one frontend at a time; `before` (its objects in force) keeps slots where they are */
  compile(frontend: Frontend, node: NodeView, before?: readonly O[]): Program<O>
  /** pure: every possible backend with its exact odds. The programs are read once, then any number of packets is traced */
  trace(programs: Iterable<Program<O>>, node: NodeView): (packet: Packet) => Trace
  /** may stand in several programs: counted by the reconciler. As observed, so compiled: told from the object alone */
  shared(object: O): boolean
  /** of two objects with one key: would the kernel hold the same? One may be as it was read back */
  equal(a: O, b: O): boolean
  /** a packet in flight may still look it up: removed only after a pause */
  lingers(object: O): boolean
  /** do a frontend's own objects, as compiled or read back, lead anybody to backends? absent: taken for true */
  serves?(objects: readonly O[]): boolean
  /** frontends with the same number are cheapest for the kernel in one transaction; absent: it makes no difference */
  neighbourhood?(frontend: Frontend): number
  /** rules that the kernel holds for it, where they are measured; absent: each object is one */
  ruleCount?(object: O): number
}
