import type { BackendCounter } from '../../dataplane/plane.ts'
import { formatEndpoint } from '../../model/address.ts'
import type { BackendSet, Frontend, FrontendKey } from '../../model/frontend.ts'
import type { ServiceKey } from '../../model/objects.ts'

/** One backend of one frontend. */
export interface BackendSeries {
  readonly frontend: Frontend
  /** `address:port` */
  readonly backend: string
  /** `namespace/pod`, '' unknown */
  readonly pod: string
  /** '' unknown */
  readonly node: string
  /** new connections */
  readonly connections: number
  /** those it would have had if the backends in the plan had got their shares by weight; null: no such share exists */
  readonly expected: number | null
}

export interface BackendReading {
  readonly series: readonly BackendSeries[]
  /** what the limit left out */
  readonly dropped: { readonly services: number; readonly series: number }
}

/** What is known of one frontend, by backend. */
type Known = ReadonlyMap<string, { readonly connections: number; readonly expected: number }>

interface Dialled {
  readonly frontend: Frontend
  readonly counts: ReadonlyMap<string, number>
  readonly connections: number
  readonly size: number
}

/**
 * Connections by backend, of the frontends that were dialled, at most `maxSeries` time series: Services with the most connections come
 * first. Between two readings the connections of a frontend are also spread over its backends by weight: what each should have had.
 * Remembers the frontends it told of, and no others.
 */
export class BackendConnections {
  readonly #maxSeries: number
  #known: ReadonlyMap<FrontendKey, Known> = new Map()

  constructor(maxSeries: number) {
    this.#maxSeries = maxSeries
  }

  read(counters: readonly BackendCounter[], frontends: ReadonlyMap<FrontendKey, Frontend>): BackendReading {
    const byService = dialled(counters, frontends)
    const { kept, dropped } = mostDialled(byService, this.#maxSeries)
    const known = new Map<FrontendKey, Known>()
    const series: BackendSeries[] = []
    for (const one of kept) {
      const told = this.#tell(one)
      known.set(
        one.frontend.key,
        new Map(told.map((each) => [each.backend, { ...each, expected: each.expected ?? 0 }])),
      )
      series.push(...told)
    }
    this.#known = known
    return { series, dropped }
  }

  #tell({ frontend, counts }: Dialled): BackendSeries[] {
    const before = this.#known.get(frontend.key)
    const shares = sharesOf(frontend)
    let fresh = 0
    const own = presentBackends(frontend).map((backend) => {
      const name = formatEndpoint(backend.address, backend.port)
      const connections = counts.get(name) ?? 0
      const past = before?.get(name)
      const since = connections - (past?.connections ?? 0)
      fresh += since >= 0 ? since : connections
      return { backend, name, connections, past }
    })
    return own.map(({ backend, name, connections, past }) => ({
      frontend,
      backend: name,
      pod: backend.pod,
      node: backend.node,
      connections,
      expected: shares && (past?.expected ?? 0) + fresh * (shares.get(name) ?? 0),
    }))
  }
}

const dialled = (
  counters: readonly BackendCounter[],
  frontends: ReadonlyMap<FrontendKey, Frontend>,
): ReadonlyMap<ServiceKey, Dialled[]> => {
  const counts = new Map<FrontendKey, Map<string, number>>()
  for (const { frontend, address, port, connections } of counters) {
    const known = counts.get(frontend) ?? new Map<string, number>()
    counts.set(frontend, known.set(formatEndpoint(address, port), connections))
  }
  const byService = new Map<ServiceKey, Dialled[]>()
  for (const [key, of] of counts) {
    const frontend = frontends.get(key)
    let connections = 0
    for (const each of of.values()) connections += each
    if (!frontend || connections === 0) continue
    const size = presentBackends(frontend).length * (sharesOf(frontend) ? 2 : 1)
    const list = byService.get(frontend.service) ?? []
    list.push({ frontend, counts: of, connections, size })
    byService.set(frontend.service, list)
  }
  return byService
}

const mostDialled = (
  byService: ReadonlyMap<ServiceKey, readonly Dialled[]>,
  limit: number,
): { readonly kept: readonly Dialled[]; readonly dropped: { services: number; series: number } } => {
  const sum = (all: readonly Dialled[], of: 'connections' | 'size'): number =>
    all.reduce((total, one) => total + one[of], 0)
  const services = Array.from(byService, ([service, all]) => ({
    service,
    all,
    connections: sum(all, 'connections'),
    size: sum(all, 'size'),
  })).sort((a, b) => b.connections - a.connections || (a.service < b.service ? -1 : 1))
  const kept: Dialled[] = []
  const dropped = { services: 0, series: 0 }
  let used = 0
  for (const { all, size } of services) {
    if (used + size > limit) {
      dropped.services++
      dropped.series += size
      continue
    }
    used += size
    kept.push(...all)
  }
  return { kept, dropped }
}

/** Every backend that a route of the frontend may lead to, once. */
const presentBackends = (frontend: Frontend): BackendSet['backends'] => {
  const [set, other] = usedSets(frontend)
  if (!set) return []
  if (!other) return set.backends
  const all = new Map(
    [...set.backends, ...other.backends].map((backend) => [formatEndpoint(backend.address, backend.port), backend]),
  )
  return [...all.values()]
}

/** null: some sources may use one set of backends and others another, so that nobody can say what each should get. */
const sharesOf = (frontend: Frontend): ReadonlyMap<string, number> | null => {
  const [set, other] = usedSets(frontend)
  if (!set || (other && !sameBackends(set, other))) return null
  const total = set.backends.reduce((sum, { weight }) => sum + weight, 0)
  if (total === 0) return null
  return new Map(set.backends.map(({ address, port, weight }) => [formatEndpoint(address, port), weight / total]))
}

const usedSets = ({ routes, sets }: Frontend): readonly BackendSet[] => {
  const names = new Set(
    [routes.pods, routes.node, routes.outside].flatMap((route) => (route.to === 'backends' ? [route.set] : [])),
  )
  return [...names].flatMap((name) => sets[name] ?? [])
}

const sameBackends = (a: BackendSet, b: BackendSet): boolean =>
  a.backends.length === b.backends.length &&
  a.backends.every(({ address, port, weight }, index) => {
    const other = b.backends[index]
    return other?.address === address && other.port === port && other.weight === weight
  })
