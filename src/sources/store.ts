import type { EndpointSlice, Node, Service, ServiceCIDR, ServiceKey } from '../model/objects.ts'
import type { Snapshot, SnapshotChange } from '../model/snapshot.ts'
import { saysTheSame } from './equal.ts'
import { InternedStrings } from './interned-strings.ts'
import type { Intern } from './metadata.ts'
import { type ClusterKind, type ClusterObject, type ObjectId, objectId } from './objects.ts'

export type SnapshotListener = (change: SnapshotChange) => void

interface Records {
  readonly Service: Map<ServiceKey, Service>
  readonly EndpointSlice: Map<string, EndpointSlice>
  readonly Node: Map<string, Node>
  readonly ServiceCIDR: Map<string, ServiceCIDR>
}

interface PendingChange {
  readonly services: Set<ServiceKey>
  readonly slicesOf: Set<ServiceKey>
  readonly nodes: Set<string>
  serviceCIDRs: boolean
}

const noSlices: readonly EndpointSlice[] = Object.freeze([])

/**
 * What the sources know, indexed for routing. A change costs the change: slices are indexed by Service, a record that says
 * the same changes nothing, and a batch tells its listeners once. Listeners run before `batch` (or a lone `put`) returns.
 */
export class Store {
  /** Always the present: it reads what the store holds now. */
  readonly snapshot: Snapshot

  readonly #records: Records = { Service: new Map(), EndpointSlice: new Map(), Node: new Map(), ServiceCIDR: new Map() }
  /** ordered by slice name, so that the order of events leaves no trace */
  readonly #slicesOf = new Map<ServiceKey, readonly EndpointSlice[]>()
  readonly #strings = new InternedStrings(() => this.#stringLimit())
  readonly #listeners = new Set<SnapshotListener>()
  readonly #changes = { Service: 0, EndpointSlice: 0, Node: 0, ServiceCIDR: 0 }
  #version = 0
  #depth = 0
  #pending: PendingChange | null = null

  constructor() {
    const records = this.#records
    const slicesOf = this.#slicesOf
    const version = (): number => this.#version
    this.snapshot = {
      get version() {
        return version()
      },
      service: (key) => records.Service.get(key),
      services: () => records.Service.values(),
      slicesOf: (key) => slicesOf.get(key) ?? noSlices,
      node: (name) => records.Node.get(name),
      nodes: () => records.Node.values(),
      serviceCIDRs: () => [...records.ServiceCIDR.values()].sort(byName),
    }
  }

  /** For `parseObject`: names that many records repeat are kept once. */
  readonly intern: Intern = (text) => this.#strings.one(text)

  /** Records that came, changed or went, by kind, since the beginning. */
  get changes(): Readonly<Record<ClusterKind, number>> {
    return this.#changes
  }

  /** Adds the record, or replaces the one of its kind, namespace and name. */
  put(object: ClusterObject): void {
    this.#set(object.kind, splitId(objectId(object))[1], object.value)
  }

  /** Takes the record away; nothing happens when there is none. */
  remove(id: ObjectId): void {
    const [kind, key] = splitId(id)
    if (Object.hasOwn(this.#records, kind)) this.#set(kind, key, undefined)
  }

  /** Whether a record is there that says the same. */
  holds(object: ClusterObject): boolean {
    const [kind, key] = splitId(objectId(object))
    return saysTheSame((this.#records[kind] as Map<string, ClusterObject['value']>).get(key), object.value)
  }

  /** The ids of all records of a kind. */
  *ids(kind: ClusterKind): Generator<ObjectId> {
    for (const key of this.#records[kind].keys()) yield `${kind} ${key}`
  }

  /** What `run` puts and removes is one change. Also when it throws: what it had done by then is told. */
  batch<T>(run: () => T): T {
    this.#depth++
    try {
      return run()
    } finally {
      this.#depth--
      this.#tell()
    }
  }

  /** Answers what ends the subscription. A listener hears of changes after this call. */
  subscribe(listener: SnapshotListener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Twice what could be there if every record had a name of its own. */
  #stringLimit(): number {
    const { Service, EndpointSlice, Node, ServiceCIDR } = this.#records
    return 1_024 + 2 * (Service.size + EndpointSlice.size + Node.size + ServiceCIDR.size)
  }

  #set(kind: ClusterKind, key: string, after: ClusterObject['value'] | undefined): void {
    const records = this.#records[kind] as Map<string, ClusterObject['value']>
    const before = records.get(key)
    if (saysTheSame(before, after)) return
    this.#changes[kind]++
    if (after === undefined) records.delete(key)
    else records.set(key, after)
    if (this.#pending === null) {
      this.#pending = { services: new Set(), slicesOf: new Set(), nodes: new Set(), serviceCIDRs: false }
      this.#version++
    }
    switch (kind) {
      case 'Service':
        this.#pending.services.add(key)
        break
      case 'EndpointSlice':
        this.#reindex(before as EndpointSlice | undefined, after as EndpointSlice | undefined, this.#pending)
        break
      case 'Node':
        this.#pending.nodes.add(key)
        break
      case 'ServiceCIDR':
        this.#pending.serviceCIDRs = true
        break
    }
    this.#tell()
  }

  #reindex(before: EndpointSlice | undefined, after: EndpointSlice | undefined, change: PendingChange): void {
    if (before !== undefined) {
      const rest = this.snapshot.slicesOf(before.service).filter((slice) => slice !== before)
      if (rest.length > 0) this.#slicesOf.set(before.service, rest)
      else this.#slicesOf.delete(before.service)
      change.services.add(before.service)
      change.slicesOf.add(before.service)
    }
    if (after !== undefined) {
      this.#slicesOf.set(after.service, [...this.snapshot.slicesOf(after.service), after].sort(byName))
      change.services.add(after.service)
      change.slicesOf.add(after.service)
    }
  }

  /** A listener may change the store again: the next round tells of that. One that throws keeps no other from hearing. */
  #tell(): void {
    const failures: unknown[] = []
    while (this.#depth === 0 && this.#pending !== null) {
      const change = this.#pending
      this.#pending = null
      this.#depth++
      for (const listener of this.#listeners) {
        try {
          listener(change)
        } catch (error) {
          failures.push(error)
        }
      }
      this.#depth--
    }
    if (failures.length > 0) throw new AggregateError(failures, 'a listener of the store failed')
  }
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1)

const splitId = (id: ObjectId): readonly [ClusterKind, string] => {
  const space = id.indexOf(' ')
  return [id.slice(0, space) as ClusterKind, id.slice(space + 1)]
}
