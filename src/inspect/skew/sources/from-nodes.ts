import type { ClusterNames } from '../../dumps/names.ts'
import type { Flow, LoadUnit, NodeObservation, ObservedBackend } from '../observation.ts'
import { type Connection, connectionsOf } from './connections.ts'
import { mixture, type Part } from './mixture.ts'
import { addressIn, backendNamer, byName } from './names.ts'
import { factsOfRules, sharedClients } from './node-facts.ts'
import { notesOf } from './node-notes.ts'
import type { NodeReading, ServiceOnNode } from './node-reading.ts'
import type { Observed } from './observed.ts'
import { asksForOpen } from './telling-measure.ts'

/** opened: new connections since counting began (counters). open: those that are listed now (conntrack, IPVS). */
export type Measure = 'opened' | 'open'

export interface FromNodesOptions {
  readonly unit: LoadUnit
  /** default: what was counted, else what is open */
  readonly measure?: Measure
  /** the reading is compared with another one, which only counters can be; default false */
  readonly compared?: boolean
  /** moment of the reading, seconds since the epoch; null: not known */
  readonly at: number | null
}

/** Every Service that the nodes' rules lead to, or their connections went to, with what each backend got. Sorted by name. */
export const observeNodes = (
  nodes: readonly NodeReading[],
  names: ClusterNames,
  options: FromNodesOptions,
): readonly Observed[] => {
  const seen = connectionsOf(nodes, names)
  const byService = Map.groupBy(seen.connections, ({ service }) => service)
  const services = new Set([...nodes.flatMap((node) => [...node.services.keys()]), ...byService.keys()])
  return [...services].sort(byName).map((service) => {
    const seenHere = { connections: byService.get(service) ?? [], unclear: seen.unclear.get(service) ?? 0 }
    return new ServiceReading(service, nodes, seenHere, names).observe(options)
  })
}

interface SeenHere {
  readonly connections: readonly Connection[]
  readonly unclear: number
}

class ServiceReading {
  readonly #service: string
  readonly #nodes: readonly NodeReading[]
  readonly #seen: SeenHere
  readonly #connections: readonly Connection[]
  readonly #names: ClusterNames
  readonly #nameOf: (endpoint: string) => string
  /** names of backends, sorted */
  readonly #backends: readonly string[]
  readonly #place: ReadonlyMap<string, number>
  /** a backend's first `address:port` */
  readonly #endpoints: ReadonlyMap<string, string>
  /** every `address:port` → name */
  readonly #named: ReadonlyMap<string, string>

  constructor(service: string, nodes: readonly NodeReading[], seen: SeenHere, names: ClusterNames) {
    this.#service = service
    this.#nodes = nodes
    this.#seen = seen
    this.#connections = seen.connections
    this.#names = names
    this.#nameOf = backendNamer(names)
    this.#named = new Map(this.#known().map((endpoint) => [endpoint, this.#nameOf(endpoint)]))
    const endpoints = new Map<string, string>()
    for (const [endpoint, name] of this.#named) if (!endpoints.has(name)) endpoints.set(name, endpoint)
    this.#endpoints = endpoints
    this.#backends = [...endpoints.keys()].sort(byName)
    this.#place = new Map(this.#backends.map((name, index) => [name, index]))
  }

  observe({ unit, measure, at, compared = false }: FromNodesOptions): Observed {
    const taken = measure ?? this.#telling(compared)
    const opened = this.#openedAll()
    const nodes = this.#nodes.map((node) => this.#onNode(node, taken))
    const counts = this.#counts(taken, nodes)
    const loads = unit === 'bytes' ? this.#bytes() : counts
    const odds = mixture(
      nodes.map(({ odds: its, counts: had }): Part => ({ odds: its, weight: this.#sum(had) })),
      this.#backends.length,
    )
    const flows = this.#flows(at)
    const bypassed = this.#byBackend(
      this.#connections.filter(({ frontend }) => frontend === null).map(({ backend }) => [backend, 1]),
    )
    const backends = this.#backends.map((name, i): ObservedBackend => {
      const address = addressIn(this.#endpoints.get(name) ?? '')
      return {
        name,
        count: loads[i] ?? 0,
        ...(unit === 'connections' ? {} : { connections: counts[i] ?? 0 }),
        ...(taken === 'open' && this.#counted() ? { opened: opened[i] ?? 0 } : {}),
        ...(address === null ? {} : { address }),
        ...(odds === null ? {} : { expectedOdds: odds[i] ?? 0 }),
        ...this.#weight(this.#endpoints.get(name) ?? ''),
      }
    })
    const many = this.#nodes.length > 1 || this.#nodes.some(({ node }) => node !== '')
    return {
      observation: {
        service: this.#service,
        unit,
        backends,
        ...(many ? { nodes } : {}),
        ...(flows.length === 0 ? {} : { flows }),
        facts: {
          ...factsOfRules(this.#serving()),
          counted: taken,
          ...(at === null ? {} : { at }),
          ...(taken === 'open' && this.#sum(bypassed) > 0 ? { bypassed } : {}),
          ...sharedClients(this.#connections, this.#nodes, this.#names),
        },
      },
      measure: taken,
      frontends: [...new Set(this.#serving().flatMap(({ frontends }) => frontends.map(({ frontend }) => frontend)))],
      endpoints: this.#named,
      notes: notesOf({
        service: this.#service,
        nodes: this.#nodes,
        measure: taken,
        gone: this.#gone(taken),
        unclear: this.#seen.unclear,
        withoutBytes: unit === 'bytes' ? this.#withoutBytes() : 0,
      }),
    }
  }

  /** What was counted, else what is open; of round robin what is open where only that is uneven. */
  #telling(compared: boolean): Measure {
    const opened = this.#openedAll()
    if (!this.#listsOpen()) return 'opened'
    if (this.#sum(opened) === 0) return 'open'
    const [scheduler = null, another] = new Set(this.#serving().map((one) => one.scheduler))
    if (compared || another !== undefined || this.#serving().length !== 1) return 'opened'
    const nodes = this.#nodes.map((node) => this.#onNode(node, 'open'))
    const open = this.#counts('open', nodes)
    const odds = nodes.find((one) => one.odds !== null)?.odds ?? null
    return asksForOpen({ scheduler, opened, open, odds }) ? 'open' : 'opened'
  }

  #serving(): readonly ServiceOnNode[] {
    return this.#nodes.flatMap((node) => node.services.get(this.#service) ?? [])
  }

  /** Every `address:port` that rules lead to or slices have; where nothing says that, those that have connections. */
  #known(): readonly string[] {
    const ruled = this.#serving().flatMap(({ frontends }) => frontends.flatMap(({ odds }) => [...odds.keys()]))
    const counted = (['opened', 'open'] as const).flatMap((measure) => [...this.#everCounted(measure)])
    const had = counted.filter(([backend, count]) => count > 0 && (ruled.length === 0 || this.#isObject(backend)))
    return [...new Set([...ruled, ...had.map(([backend]) => backend)])]
  }

  *#everCounted(measure: Measure): Generator<readonly [endpoint: string, connections: number]> {
    for (const { opened, active } of this.#serving()) yield* (measure === 'opened' ? opened : active) ?? []
    if (measure === 'open') for (const { backend } of this.#connections) yield [backend, 1]
  }

  #gone(measure: Measure): ReadonlyMap<string, number> {
    const gone = new Map<string, number>()
    for (const [backend, count] of this.#everCounted(measure))
      if (count > 0 && !this.#named.has(backend)) gone.set(backend, (gone.get(backend) ?? 0) + count)
    return gone
  }

  #isObject(backend: string): boolean {
    const address = addressIn(backend) ?? ''
    return this.#names.pods.has(address) || this.#inSlices(address)
  }

  #inSlices(address: string): boolean {
    const [key = ''] = this.#service.split(':')
    return (this.#names.slices.get(key) ?? []).some(({ endpoints }) => endpoints.some((one) => one.address === address))
  }

  #byBackend(values: Iterable<readonly [endpoint: string, value: number]>): readonly number[] {
    const sums = this.#backends.map(() => 0)
    for (const [endpoint, value] of values) {
      const at = this.#place.get(this.#nameOf(endpoint))
      if (at !== undefined) sums[at] = (sums[at] ?? 0) + value
    }
    return sums
  }

  #sum(values: readonly number[]): number {
    return values.reduce((sum, value) => sum + value, 0)
  }

  #counted(): boolean {
    return this.#serving().some(({ opened }) => opened !== null)
  }

  #listsOpen(): boolean {
    return (
      this.#nodes.some(({ connections }) => connections !== null) ||
      this.#serving().some(({ active }) => active !== null)
    )
  }

  #openedAll(): readonly number[] {
    return this.#byBackend(this.#serving().flatMap(({ opened }) => [...(opened ?? [])]))
  }

  /** Of open connections those that went to the backends themselves belong to no node's rules. */
  #counts(measure: Measure, nodes: readonly NodeObservation[]): readonly number[] {
    const direct = this.#connections.filter(({ frontend }) => frontend === null)
    const extra = measure === 'open' ? this.#byBackend(direct.map(({ backend }) => [backend, 1])) : []
    return this.#backends.map((_, i) => this.#sum(nodes.map(({ counts }) => counts[i] ?? 0)) + (extra[i] ?? 0))
  }

  #listsBytes(): boolean {
    return this.#serving().some(({ bytes }) => bytes !== null)
  }

  #withoutBytes(): number {
    return this.#listsBytes() ? 0 : this.#connections.filter(({ entry }) => entry.bytes === undefined).length
  }

  #bytes(): readonly number[] {
    if (this.#listsBytes()) return this.#byBackend(this.#serving().flatMap(({ bytes }) => [...(bytes ?? [])]))
    const { length } = this.#connections
    const isListed = this.#nodes.some(({ connections }) => connections !== null)
    if (!isListed || (length > 0 && this.#withoutBytes() === length))
      throw new Error(
        `${this.#service}: nothing counts bytes: give ipvsadm -Ln --stats, or conntrack -L of a node with net.netfilter.nf_conntrack_acct=1`,
      )
    return this.#byBackend(this.#connections.map(({ backend, entry }) => [backend, entry.bytes ?? 0]))
  }

  #weight(endpoint: string): { readonly weight?: number } {
    const weight = this.#serving()
      .map(({ weights }) => weights?.get(endpoint))
      .find((one) => one !== undefined)
    return weight === undefined ? {} : { weight }
  }

  #onNode(node: NodeReading, measure: Measure): NodeObservation {
    const service = node.services.get(this.#service)
    const counts = this.#countsOn(node, service, measure)
    const parts = (service?.frontends ?? []).map(({ frontend, odds, came }): Part => {
      const own = this.#connections.filter((one) => one.node === node.node && one.frontend === frontend).length
      return { odds: this.#byBackend(odds), weight: measure === 'open' ? own : (came ?? 0) }
    })
    const trusted = service !== undefined && service.unknown.length === 0
    const zone = this.#names.nodes.get(node.node)?.labels['topology.kubernetes.io/zone']
    return {
      node: node.node,
      ...(zone === undefined ? {} : { zone }),
      counts,
      odds: trusted ? mixture(parts, this.#backends.length) : null,
      ...(service?.scheduler ? { scheduler: service.scheduler } : {}),
    }
  }

  #countsOn(node: NodeReading, service: ServiceOnNode | undefined, measure: Measure): readonly number[] {
    if (measure === 'opened') return this.#byBackend(service?.opened ?? [])
    if (node.connections === null) return this.#byBackend(service?.active ?? [])
    const own = this.#connections.filter((one) => one.node === node.node && one.frontend !== null)
    return this.#byBackend(own.map(({ backend }) => [backend, 1]))
  }

  #flows(at: number | null): readonly Flow[] {
    return this.#connections.flatMap(({ node, client, backend, frontend, entry }): readonly Flow[] => {
      const name = this.#nameOf(backend)
      if (!this.#place.has(name)) return []
      const openedAt = entry.openedAt ?? (entry.age === undefined ? undefined : (at ?? 0) - entry.age)
      return [
        {
          client,
          backend: name,
          ...(node === '' ? {} : { node }),
          ...(openedAt === undefined ? {} : { openedAt }),
          ...(entry.bytes === undefined ? {} : { bytes: entry.bytes }),
          protocol: entry.protocol,
          ...(frontend === null ? { bypassed: true } : {}),
        },
      ]
    })
  }
}
