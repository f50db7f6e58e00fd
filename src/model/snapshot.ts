import type { EndpointSlice, Node, Service, ServiceCIDR, ServiceKey } from './objects.ts'

/**
 * What the sources know at one moment. A read-only view (the records are frozen, the view is valid until the next change),
 * so that a change costs the change and not a copy of the cluster.
 */
export interface Snapshot {
  /** grows by one with every change */
  readonly version: number
  service(key: ServiceKey): Service | undefined
  services(): Iterable<Service>
  slicesOf(key: ServiceKey): readonly EndpointSlice[]
  node(name: string): Node | undefined
  nodes(): Iterable<Node>
  serviceCIDRs(): readonly ServiceCIDR[]
}

/** What differs between two versions. Routing plans just this again. */
export interface SnapshotChange {
  /** Services whose own object or any slice changed */
  readonly services: ReadonlySet<ServiceKey>
  /** those of `services` of which a slice changed; of the others the own object did (of these too, perhaps) */
  readonly slicesOf?: ReadonlySet<ServiceKey>
  readonly nodes: ReadonlySet<string>
  readonly serviceCIDRs: boolean
}

/** A fault in the input: reported, never guessed around. `where` reads `file.yaml:12`, `object` `Service shop/web`, `field` `spec.ports[0].port`. */
export interface InputProblem {
  readonly where: string
  readonly object: string
  readonly field: string
  readonly message: string
}
