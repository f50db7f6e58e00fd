import { formatEndpoint } from '../../../model/address.ts'
import type { ConntrackEntry, FlowTuple } from '../../dumps/conntrack.ts'
import type { ClusterNames } from '../../dumps/names.ts'
import type { NodeReading } from './node-reading.ts'

/** A connection to a backend, once however many nodes track it. */
export interface Connection {
  readonly node: string
  /** as `frontendsOf` names it: `10.96.0.10:53/UDP`, `node:30080/TCP`; null: it went to the backend itself */
  readonly frontend: string | null
  readonly service: string
  /** the source address that the rules saw */
  readonly client: string
  /** `address:port` */
  readonly backend: string
  readonly entry: ConntrackEntry
}

export interface SeenConnections {
  readonly connections: readonly Connection[]
  /** entries of connections that another node's entry stands for */
  readonly repeats: number
  /** by Service: direct ones to its backends, of which no node given says whether they came through a proxy */
  readonly unclear: ReadonlyMap<string, number>
}

/**
 * The connections of several nodes. One that passes two nodes is in both tables: as it leaves the first it comes to the second (node
 * port, then the pod's node), so the one that was translated last is the one that picked the backend, and it counts there.
 * A connection that was not translated bypassed the proxy only where it is seen on the node of the pod that opened it.
 */
export const connectionsOf = (nodes: readonly NodeReading[], names: ClusterNames): SeenConnections => {
  const all = nodes.flatMap((node) => (node.connections ?? []).map((entry) => seen(node, entry)))
  const translated = all.filter((one) => one.translated)
  const arrivals = new Map(translated.map((one) => [one.arrives, one]))
  const departures = new Map<string, Seen>()
  let repeats = 0
  for (const one of translated) {
    const next = arrivals.get(one.leaves)
    if (departures.has(one.leaves) || (next !== undefined && next.node !== one.node)) repeats += 1
    else departures.set(one.leaves, one)
  }
  const backends = backendsOf(nodes, names)
  const direct = new Direct(backends, names)
  for (const one of all) {
    if (one.translated) continue
    if (departures.has(one.arrives)) repeats += 1
    else direct.add(one)
  }
  const proxied = [...departures.values()].flatMap((one) => connectionOf(one, backends, names))
  return { connections: [...proxied, ...direct.found], repeats, unclear: direct.unclear }
}

interface Seen {
  readonly node: NodeReading
  readonly entry: ConntrackEntry
  /** both ends as it comes to the node, and as it leaves it */
  readonly arrives: string
  readonly leaves: string
  readonly translated: boolean
}

const seen = (node: NodeReading, entry: ConntrackEntry): Seen => {
  const { original, reply, protocol } = entry
  const answering: FlowTuple = {
    source: reply.destination,
    sourcePort: reply.destinationPort,
    destination: reply.source,
    destinationPort: reply.sourcePort,
  }
  return {
    node,
    entry,
    arrives: `${protocol} ${ends(original)}`,
    leaves: `${protocol} ${ends(answering)}`,
    translated: original.destination !== reply.source || original.destinationPort !== reply.sourcePort,
  }
}

const ends = ({ source, sourcePort, destination, destinationPort }: FlowTuple): string =>
  `${source} ${sourcePort} ${destination} ${destinationPort}`

const backendOf = ({ reply }: ConntrackEntry): string => formatEndpoint(reply.source, reply.sourcePort)

/**
 * backend → the Services that any node's rules lead there, else those whose slices have it; with protocol, as UDP and TCP may share a
 * port
 */
const backendsOf = (nodes: readonly NodeReading[], names: ClusterNames): ReadonlyMap<string, ReadonlySet<string>> => {
  const found = ruledBackends(nodes)
  for (const [backend, services] of slicedBackends(names)) if (!found.has(backend)) found.set(backend, services)
  return found
}

const ruledBackends = (nodes: readonly NodeReading[]): Map<string, ReadonlySet<string>> => {
  const found = new Map<string, Set<string>>()
  for (const { services } of nodes)
    for (const [service, { frontends }] of services)
      for (const { frontend, odds } of frontends) {
        const protocol = frontend.slice(frontend.lastIndexOf('/') + 1)
        for (const backend of odds.keys()) {
          const key = `${protocol} ${backend}`
          addTo(found, key, service)
        }
      }
  return found
}

/** Of Services that are dialled by an address: pods of a headless one are dialled themselves, and that bypasses nothing. */
const slicedBackends = ({ slices, serviceObjects }: ClusterNames): ReadonlyMap<string, ReadonlySet<string>> => {
  const found = new Map<string, Set<string>>()
  for (const [service, some] of slices) {
    if (serviceObjects.get(service)?.headless !== false) continue
    for (const { endpoints, ports } of some)
      for (const { name, port, protocol } of ports)
        for (const { address } of endpoints)
          addTo(found, `${protocol} ${formatEndpoint(address, port)}`, name === '' ? service : `${service}:${name}`)
  }
  return found
}

const addTo = (found: Map<string, Set<string>>, key: string, service: string): void => {
  const known = found.get(key)
  if (known === undefined) found.set(key, new Set([service]))
  else known.add(service)
}

const connectionOf = (
  { node, entry }: Seen,
  backends: ReadonlyMap<string, ReadonlySet<string>>,
  names: ClusterNames,
): readonly Connection[] => {
  const { original, protocol } = entry
  const backend = backendOf(entry)
  const address = `${formatEndpoint(original.destination, original.destinationPort)}/${protocol}`
  const port = `${original.destination.includes(':') ? 'node6' : 'node'}:${original.destinationPort}/${protocol}`
  const named = [address, port].find((one) => node.frontends.has(one) || names.services.has(one))
  const service = named === undefined ? null : (node.frontends.get(named) ?? names.services.get(named) ?? null)
  const found = service ?? only(backends.get(`${protocol} ${backend}`)) ?? (node.hasRules ? null : address)
  if (found === null) return []
  return [{ node: node.node, frontend: named ?? address, service: found, client: original.source, backend, entry }]
}

const only = (services: ReadonlySet<string> | undefined): string | null =>
  services?.size === 1 ? ([...services][0] ?? null) : null

/** Connections that no node translated. */
class Direct {
  readonly found: Connection[] = []
  readonly unclear = new Map<string, number>()
  readonly #backends: ReadonlyMap<string, ReadonlySet<string>>
  readonly #names: ClusterNames
  readonly #met = new Set<string>()

  constructor(backends: ReadonlyMap<string, ReadonlySet<string>>, names: ClusterNames) {
    this.#backends = backends
    this.#names = names
  }

  add({ node, entry, arrives }: Seen): void {
    const backend = backendOf(entry)
    const service = only(this.#backends.get(`${entry.protocol} ${backend}`))
    if (service === null || this.#met.has(arrives)) return
    const client = entry.original.source
    const from = this.#names.backends.get(client)?.node ?? ''
    if (from !== '' && from === node.node) {
      this.#met.add(arrives)
      this.found.push({ node: node.node, frontend: null, service, client, backend, entry })
    } else if (!this.#isOwn(node, client)) this.unclear.set(service, (this.unclear.get(service) ?? 0) + 1)
  }

  /** The node itself dials its pods: probes. */
  #isOwn({ node, addresses }: NodeReading, client: string): boolean {
    return addresses.has(client) || (this.#names.nodes.get(node)?.addresses.includes(client) ?? false)
  }
}
