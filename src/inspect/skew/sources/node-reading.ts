import type { BackendCounter } from '../../../dataplane/plane.ts'
import { formatEndpoint } from '../../../model/address.ts'
import type { ConntrackEntry } from '../../dumps/conntrack.ts'
import { formatKey, type IpvsService } from '../../dumps/ipvs/model.ts'
import type { ClusterNames } from '../../dumps/names.ts'
import type { NodeRules } from '../../dumps/node.ts'
import { faultOfCount } from './limits.ts'
import { type FrontendReading, readFrontends } from './frontend-reading.ts'

/** One node as it was read at one moment. */
export interface NodeSource {
  /** '' where only one node is described and nobody named it */
  readonly node: string
  readonly rules: NodeRules
  /** what an agent of ours says it has counted; it knows of elements that were replaced since */
  readonly counters?: readonly BackendCounter[]
}

/** What a node's rules and counters say of one Service port. Backends are `address:port`. */
export interface ServiceOnNode {
  readonly frontends: readonly FrontendShare[]
  /** new connections by backend; null: nothing on this node counts them */
  readonly opened: ReadonlyMap<string, number> | null
  /** open connections as IPVS lists them; null: it does not serve this */
  readonly active: ReadonlyMap<string, number> | null
  /** bytes as IPVS counts them */
  readonly bytes: ReadonlyMap<string, number> | null
  /** as IPVS lists them; null: not listed */
  readonly weights: ReadonlyMap<string, number> | null
  readonly scheduler: string | null
  readonly affinity: boolean
  /** what was not understood on the way; then the odds are left out */
  readonly unknown: readonly string[]
}

export interface FrontendShare {
  readonly frontend: string
  readonly odds: ReadonlyMap<string, number>
  /** new connections that came to it; null: not counted */
  readonly came: number | null
}

export interface NodeReading {
  readonly node: string
  readonly services: ReadonlyMap<string, ServiceOnNode>
  /** frontend → Service */
  readonly frontends: ReadonlyMap<string, string>
  readonly addresses: ReadonlySet<string>
  /** null: no listing of connections was given */
  readonly connections: readonly ConntrackEntry[] | null
  /** there are rules or virtual services; else only connections are known */
  readonly hasRules: boolean
  /** counters of chains that lead to each other do not add up: some rules were written anew, and count from then */
  readonly countersOff: boolean
}

export interface ReadNodeOptions {
  /** whose packets are asked for, default somebody outside */
  readonly client?: string
  /** Services that are wanted, by frontend and name; default all */
  readonly wanted?: (frontend: string, service: string) => boolean
}

/** What a Service port is called: by the objects (a port of a node's own address is a node port), else by the rules, else by its frontend. */
export const serviceNamer = (
  { services, nodes }: Pick<ClusterNames, 'services' | 'nodes'>,
  addresses: ReadonlySet<string>,
): ((frontend: string, title: string) => string) => {
  const own = new Set([...addresses, ...[...nodes.values()].flatMap((node) => node.addresses)])
  const asNodePort = (frontend: string): string => {
    const [, endpoint = '', port = ''] = /^(.*):(\d+\/\w+)$/.exec(frontend) ?? []
    const address = endpoint.replace(/^\[|\]$/g, '')
    return own.has(address) ? `${address.includes(':') ? 'node6' : 'node'}:${port}` : frontend
  }
  return (frontend, title) =>
    services.get(frontend) ?? services.get(asNodePort(frontend)) ?? (title === '' ? frontend : title)
}

export const readNode = (
  { node, rules, counters }: NodeSource,
  names: Pick<ClusterNames, 'services' | 'nodes'>,
  { client, wanted = () => true }: ReadNodeOptions = {},
): NodeReading => {
  const nameOf = serviceNamer(names, rules.addresses)
  const byService = new Map<string, FrontendReading[]>()
  const frontends = new Map<string, string>()
  const found = readFrontends(rules, {
    ...(client === undefined ? {} : { client }),
    wanted: (frontend, title) => wanted(frontend, nameOf(frontend, title)),
  })
  /** rules that count → whose they are */
  const owners = new Map<string, string>()
  for (const reading of found) {
    const named = nameOf(reading.frontend, reading.title)
    const shared = reading.tallies.map(({ id }) => owners.get(id)).find((owner) => owner !== undefined)
    // frontends that nobody names and that lead to the same rules are of one Service
    const service = named === reading.frontend ? (shared ?? named) : named
    for (const { id } of reading.tallies) owners.set(id, service)
    frontends.set(reading.frontend, service)
    byService.set(service, [...(byService.get(service) ?? []), reading])
  }
  for (const frontend of new Set((counters ?? []).map((one) => one.frontend))) {
    const service = nameOf(frontend, '')
    if (frontends.has(frontend) || !wanted(frontend, service)) continue
    frontends.set(frontend, service)
    byService.set(service, [...(byService.get(service) ?? []), withoutRules(frontend)])
  }
  const ipvs = new Map((rules.ipvs?.services ?? []).map((one) => [formatKey(one.key), one]))
  const agent = Map.groupBy(counters ?? [], ({ frontend }) => frontend)
  const services = new Map(
    Array.from(byService, ([service, readings]) => [service, serviceOf(readings, ipvs, agent)] as const),
  )
  const hasRules = rules.tables.length > 0
  const countersOff = rules.problems.some(({ text }) => text.includes('counters from different moments'))
  return { node, services, frontends, addresses: rules.addresses, connections: rules.conntrack, hasRules, countersOff }
}

/** A frontend that an agent has counted, of a node whose rules were not given. */
const withoutRules = (frontend: string): FrontendReading => ({
  frontend,
  title: '',
  odds: new Map(),
  tallies: [],
  came: null,
  scheduler: null,
  affinity: false,
  unknown: [],
})

const serviceOf = (
  readings: readonly FrontendReading[],
  ipvs: ReadonlyMap<string, IpvsService>,
  agent: ReadonlyMap<string, readonly BackendCounter[]>,
): ServiceOnNode => {
  const virtual = readings.flatMap(({ frontend }) => ipvs.get(frontend) ?? [])
  return {
    frontends: readings.map((reading) => ({
      frontend: reading.frontend,
      odds: longRunOdds(ipvs.get(reading.frontend)) ?? reading.odds,
      came: cameTo(reading, ipvs, agent),
    })),
    opened: openedOf(readings, virtual, agent),
    active: summed(virtual, ({ active, inactive }) => (active === null ? null : active + (inactive ?? 0))),
    bytes: summed(virtual, ({ bytes }) => bytes ?? null),
    weights: weightsOf(virtual),
    // a listing without schedulers (ipvsadm --stats) leaves it open
    scheduler: virtual[0]
      ? virtual[0].scheduler
      : (readings.find(({ scheduler }) => scheduler !== null)?.scheduler ?? null),
    affinity: readings.some(({ affinity }) => affinity),
    unknown: [...new Set(readings.flatMap(({ unknown }) => unknown))],
  }
}

/** Schedulers that look at how busy servers are: who is next says nothing of who gets how much. */
const byLoad: ReadonlySet<string | null> = new Set(['lc', 'wlc', 'sed', 'nq'])

/** By weight (lc knows none); null: what the trace says holds. */
const longRunOdds = (service: IpvsService | undefined): ReadonlyMap<string, number> | null => {
  if (service === undefined || !byLoad.has(service.scheduler)) return null
  const alive = service.destinations.filter(({ weight }) => weight !== 0)
  return new Map(
    alive.map(({ address, port, weight }) => [
      formatEndpoint(address, port),
      service.scheduler === 'lc' ? 1 : (weight ?? 1),
    ]),
  )
}

/** Those that may be chosen; of several virtual services the first counts. */
const weightsOf = (virtual: readonly IpvsService[]): ReadonlyMap<string, number> | null => {
  const listed = virtual[0]?.destinations.flatMap(({ address, port, weight }) =>
    weight === null || weight === 0 ? [] : [[formatEndpoint(address, port), weight] as const],
  )
  return listed === undefined || listed.length === 0 ? null : new Map(listed)
}

/** An agent's counts of a frontend stand for what its rules count now. */
const openedOf = (
  readings: readonly FrontendReading[],
  virtual: readonly IpvsService[],
  agent: ReadonlyMap<string, readonly BackendCounter[]>,
): ReadonlyMap<string, number> | null => {
  const told = readings.flatMap(({ frontend }) => agent.get(frontend) ?? [])
  if (told.length > 0)
    return added(told.map(({ address, port, connections }) => [formatEndpoint(address, port), connections]))
  const scheduled = summed(virtual, ({ connections }) => connections ?? null)
  if (scheduled !== null) return scheduled
  const tallies = new Map(readings.flatMap((reading) => reading.tallies.map((tally) => [tally.id, tally])))
  if (tallies.size === 0) return null
  return added(Array.from(tallies.values(), ({ backend, packets }) => [backend, packets]))
}

const cameTo = (
  { frontend, came }: FrontendReading,
  ipvs: ReadonlyMap<string, IpvsService>,
  agent: ReadonlyMap<string, readonly BackendCounter[]>,
): number | null => {
  const service = ipvs.get(frontend)
  if (service === undefined) {
    const told = agent.get(frontend)
    return came ?? told?.reduce((sum, { connections }) => sum + connections, 0) ?? null
  }
  const counts = service.destinations.map(({ connections }) => connections)
  return counts.some((count) => count === undefined) ? null : counts.reduce<number>((sum, one) => sum + (one ?? 0), 0)
}

/** null where no destination says it */
const summed = (
  services: readonly IpvsService[],
  valueOf: (destination: IpvsService['destinations'][number]) => number | null,
): ReadonlyMap<string, number> | null => {
  const values = services.flatMap(({ destinations, file }) =>
    destinations.flatMap((one): readonly (readonly [string, number])[] => {
      const value = valueOf(one)
      const fault = value === null ? '' : faultOfCount(value, 'connections')
      if (fault !== '') throw new Error(`${file}:${one.line}: ${fault}`)
      return value === null ? [] : [[formatEndpoint(one.address, one.port), value]]
    }),
  )
  return values.length === 0 ? null : added(values)
}

const added = (values: readonly (readonly [string, number])[]): ReadonlyMap<string, number> => {
  const sums = new Map<string, number>()
  for (const [key, value] of values) sums.set(key, (sums.get(key) ?? 0) + value)
  return sums
}
