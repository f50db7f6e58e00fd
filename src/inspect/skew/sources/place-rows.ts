import type { LoadUnit, NodeObservation, Observation, ObservedBackend } from '../observation.ts'
import { addressIn } from './names.ts'
import type { Observed } from './observed.ts'
import type { FlowRow, LoadRow, Row } from './rows.ts'
import { connectionsOf, counterOf, flowOf, inNoOrder, nodeOf, nodesThatCounted, valueOf } from './table-observation.ts'

export interface PlacedRows {
  /** Services of which rows say something */
  readonly observed: readonly Observed[]
  readonly warnings: readonly string[]
}

/**
 * Lays tables of counts upon Services whose backends (and odds) rules or objects have told. A row finds its Services by its backend: `address:port`,
 * pod or address. Connections of a backend without a row are none; CPU of one is not known, so it is left out.
 */
export const placeRows = (rows: readonly Row[], services: readonly Observed[], unit: LoadUnit): PlacedRows => {
  const finder = new BackendFinder(services)
  const placed = new Map<Observed, Map<string, Row[]>>()
  const strangers: Row[] = []
  for (const row of rows) {
    const found = finder.find(row)
    if (found.length === 0) strangers.push(row)
    for (const { service, name } of found) {
      const backends = placed.get(service) ?? new Map<string, Row[]>()
      placed.set(service, backends.set(name, [...(backends.get(name) ?? []), row]))
    }
  }
  const [first] = strangers
  const more = strangers.length > 1 ? ` (and ${strangers.length - 1} more)` : ''
  return {
    observed: services.flatMap((service) => {
      const its = placed.get(service)
      return its === undefined ? [] : [withRows(service, its, unit)]
    }),
    warnings:
      first === undefined
        ? []
        : [`${first.where}: ${first.backend}${more}: no Service of the rules or objects has such a backend: left out`],
  }
}

/** Backends by every name that a table may give them. */
class BackendFinder {
  readonly #found = new Map<string, { readonly service: Observed; readonly name: string }[]>()

  constructor(services: readonly Observed[]) {
    for (const service of services) {
      for (const [endpoint, name] of service.endpoints) this.#add(endpoint, service, name)
      for (const { name, address } of service.observation.backends) {
        const [, short] = name.split('/')
        for (const alias of new Set([name, short, address])) if (alias !== undefined) this.#add(alias, service, name)
      }
    }
  }

  find({ backend, service }: Row): readonly { readonly service: Observed; readonly name: string }[] {
    const found = this.#found.get(backend) ?? this.#found.get(addressIn(backend) ?? '') ?? []
    if (service === null) return found
    return found.filter(({ service: { observation } }) => {
      const own = observation.service ?? ''
      return own === service || own.split(':')[0] === service || own.split(':')[0]?.split('/')[1] === service
    })
  }

  #add(alias: string, service: Observed, name: string): void {
    const known = this.#found.get(alias)
    if (known === undefined) this.#found.set(alias, [{ service, name }])
    else if (!known.some((one) => one.service === service)) known.push({ service, name })
  }
}

const withRows = (service: Observed, rows: ReadonlyMap<string, readonly Row[]>, unit: LoadUnit): Observed => {
  const { observation, notes } = service
  const told = ({ name }: ObservedBackend): boolean => (rows.get(name) ?? []).some((row) => valueOf(row, unit) !== null)
  const missing = observation.backends.filter((backend) => !told(backend)).map(({ name }) => name)
  const kept = unit === 'cpu' ? observation.backends.filter(told) : observation.backends
  const flows = inNoOrder(
    [...rows].flatMap(([name, its]) =>
      its.filter((row): row is FlowRow => row.kind === 'flow').map((row) => ({ ...flowOf(row), backend: name })),
    ),
  )
  const backends = kept.map((backend) => backendOf(backend, rows.get(backend.name) ?? [], unit, observation.unit))
  const counters = unit === 'connections' && observation.nodes === undefined ? nodesOf(kept, rows) : []
  const next: Observation = {
    ...observation,
    unit,
    backends,
    ...(counters.length === 0 ? {} : { nodes: counters }),
    ...(flows.length === 0 ? {} : { flows }),
  }
  return {
    ...service,
    observation: kept.length === observation.backends.length ? next : withoutLists(next),
    notes: missing.length === 0 ? notes : [...notes, missingNote(missing, unit)],
  }
}

/** Where several nodes have counted, what each sent; a backend that a node has no line of got nothing from it. */
const nodesOf = (
  backends: readonly ObservedBackend[],
  rows: ReadonlyMap<string, readonly Row[]>,
): readonly NodeObservation[] => {
  const loads = backends.flatMap(({ name }) =>
    (rows.get(name) ?? []).flatMap((row) => (row.kind === 'load' ? [{ ...row, backend: name }] : [])),
  )
  const names = backends.map(({ name }) => name)
  return nodesThatCounted(loads).map((node) => nodeOf(node, loads, names, 'connections'))
}

/** Without what goes by the order of backends, of which some are left out. */
const withoutLists = ({ nodes: _nodes, facts, ...observation }: Observation): Observation => {
  const { bypassed: _bypassed, ...others } = facts
  return { ...observation, facts: others }
}

const backendOf = (
  { count, ...backend }: ObservedBackend,
  rows: readonly Row[],
  unit: LoadUnit,
  before: LoadUnit,
): ObservedBackend => {
  const loads = rows.filter((row): row is LoadRow => row.kind === 'load')
  const expected = loads.flatMap((row) => row.expected ?? [])
  const byCounter = new Map(loads.map((row) => [counterOf(row), row]))
  const again = loads.find((row) => byCounter.get(counterOf(row)) !== row)
  if (again !== undefined) {
    const other = byCounter.get(counterOf(again)) ?? again
    throw new Error(`${other.where}: ${other.backend} is there twice (see ${again.where}): which count is right?`)
  }
  const counted = loads.length === 0 ? rows : loads
  const behind = connectionsOf(loads) ?? (before === 'connections' && count > 0 ? count : undefined)
  const connections = unit === 'connections' || behind === undefined ? {} : { connections: behind }
  return {
    ...backend,
    count: counted.reduce((sum, row) => sum + (valueOf(row, unit) ?? 0), 0),
    ...connections,
    ...(expected.length === 0 ? {} : { expectedOdds: expected.reduce((sum, one) => sum + one, 0) }),
  }
}

const missingNote = (missing: readonly string[], unit: LoadUnit): string => {
  const named = missing.slice(0, 3).join(', ') + (missing.length > 3 ? ` and ${missing.length - 3} more` : '')
  return unit === 'cpu' ? `no CPU is given of ${named}: left out` : `no ${unit} are given of ${named}: taken as 0`
}
