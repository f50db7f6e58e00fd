import { shuffle } from '../../../util/random.ts'
import type { Flow, LoadUnit, NodeObservation, Observation } from '../observation.ts'
import { faultOfAll, faultOfOdds } from './limits.ts'
import { byName } from './names.ts'
import type { Observed } from './observed.ts'
import type { FlowRow, LoadRow, Row } from './rows.ts'

/** What the rows count: the unit that was asked for, else connections, else the only one they have. */
export const unitOf = (rows: readonly Row[], asked: LoadUnit | undefined): LoadUnit => {
  const has = new Set<LoadUnit>()
  for (const row of rows) {
    if (row.kind === 'flow') has.add('connections')
    const values = row.kind === 'load' ? row.values : row
    for (const unit of ['connections', 'bytes', 'requests', 'cpu'] as const) if (unit in values) has.add(unit)
  }
  const [first] = rows
  if (asked !== undefined && !has.has(asked))
    throw new Error(`${first?.where ?? ''}: has no ${asked}, only ${[...has].join(', ')}`)
  if (asked !== undefined || has.has('connections')) return asked ?? 'connections'
  return [...has][0] ?? 'connections'
}

/** What one row adds to its backend; null: the row does not say. */
export const valueOf = (row: Row, unit: LoadUnit): number | null => {
  if (row.kind === 'load') return row.values[unit] ?? null
  return unit === 'connections' ? 1 : (row[unit] ?? null)
}

/** Tables alone: one observation for each Service that they name, or one for all. */
export const observeTables = (rows: readonly Row[], unit: LoadUnit): readonly Observed[] =>
  Array.from(
    Map.groupBy(rows, ({ service }) => service),
    ([service, its]): Observed => ({
      observation: observationOf(service, its, unit),
      frontends: [],
      endpoints: new Map(),
      notes: [],
    }),
  ).sort((a, b) => byName(a.observation.service ?? '', b.observation.service ?? ''))

const observationOf = (service: string | null, rows: readonly Row[], unit: LoadUnit): Observation => {
  const loads = rows.filter((row) => row.kind === 'load')
  const flows = rows.filter((row) => row.kind === 'flow')
  const counted = loads.length > 0 ? loads : flows
  const byBackend = Map.groupBy<string, Row>(counted, ({ backend }) => backend)
  const counters = nodesThatCounted(loads)
  const names = [...byBackend.keys()].sort(byName)
  const connections = names.map((name) => connectionsOf(byBackend.get(name) ?? []))
  const counts = unit !== 'connections' && connections.every((count) => count !== undefined)
  const backends = names.map((name, i) => {
    const its = byBackend.get(name) ?? []
    const [first] = its
    const value = its.reduce((sum, row) => sum + required(row, unit), 0)
    const expected = its.flatMap((row) => (row.kind === 'load' && row.expected !== undefined ? [row.expected] : []))
    return {
      name,
      count: value,
      ...(first?.kind === 'load' ? ownFields(first, counters.length > 0) : {}),
      ...(counts ? { connections: connections[i] ?? 0 } : {}),
      ...(expected.length === 0 ? {} : { expectedOdds: expected.reduce((sum, one) => sum + one, 0) }),
    }
  })
  const fault = faultOfAll(backends)
  if (fault !== '') throw new Error(`${rows[0]?.where ?? ''}: ${service ?? 'the table'} ${fault}`)
  const odds = faultOfOdds(backends)
  if (odds !== '') throw new Error(`${rows[0]?.where ?? ''}: the lines of ${service ?? 'the table'} ${odds}`)
  const known = new Set(names)
  const listed = inNoOrder(flows.filter(({ backend }) => known.has(backend)).map(flowOf))
  return {
    service,
    unit,
    backends,
    ...(counters.length === 0 ? {} : { nodes: counters.map((node) => nodeOf(node, loads, names, unit)) }),
    ...(listed.length === 0 ? {} : { flows: listed }),
    facts: {},
  }
}

/** How many connections are behind a load; undefined where not all rows say. */
export const connectionsOf = (rows: readonly Row[]): number | undefined => {
  const listed = rows.map((row) => (row.kind === 'load' ? row.values.connections : undefined))
  const known = listed.length > 0 && listed.every((count) => count !== undefined)
  return known ? listed.reduce((sum, count) => sum + count, 0) : undefined
}

const required = (row: Row, unit: LoadUnit): number => {
  const value = valueOf(row, unit)
  if (value === null) throw new Error(`${row.where}: ${row.backend} has no ${unit}`)
  return value
}

const ownFields = ({ node, zone, countedBy }: LoadRow, told: boolean): object => ({
  ...(node === undefined || (told && countedBy === undefined) ? {} : { node }),
  ...(zone === undefined ? {} : { zone }),
})

/** Who counted a line: said outright, or, where a backend has a line for each of several nodes, that node. */
export const counterOf = ({ countedBy, node }: LoadRow): string => countedBy ?? node ?? ''

/** The nodes that counted; none where that is not told apart. A backend that is there twice without is a contradiction. */
export const nodesThatCounted = (rows: readonly LoadRow[]): readonly string[] => {
  const seen = new Map<string, LoadRow>()
  const backends = new Set<string>()
  let told = rows.some(({ countedBy }) => countedBy !== undefined)
  for (const row of rows) {
    const key = `${row.backend}\n${counterOf(row)}`
    const before = seen.get(key)
    if (before !== undefined)
      throw new Error(`${row.where}: ${row.backend} is there twice (see ${before.where}): which count is right?`)
    seen.set(key, row)
    told ||= backends.has(row.backend)
    backends.add(row.backend)
  }
  return told ? [...new Set(rows.map(counterOf))].sort(byName) : []
}

/** What one of the nodes that counted has of each backend, by the names that rows give them. */
export const nodeOf = (
  node: string,
  rows: readonly LoadRow[],
  names: readonly string[],
  unit: LoadUnit,
): NodeObservation => {
  const own = new Map(rows.filter((row) => counterOf(row) === node).map((row) => [row.backend, row]))
  const expected = names.map((name) => own.get(name)?.expected)
  const odds = expected.some((one) => one !== undefined) ? expected.map((one) => one ?? 0) : null
  return {
    node,
    counts: names.map((name) => {
      const row = own.get(name)
      return row === undefined ? 0 : required(row, unit)
    }),
    odds: odds?.some((one) => one > 0) ? odds : null,
  }
}

export const flowOf = ({ kind: _kind, service: _service, where: _where, ...flow }: FlowRow): Flow => flow

/** Without times the order of a listing (pod after pod) is not the order in which connections were opened, and must not look like it. */
export const inNoOrder = (flows: readonly Flow[]): readonly Flow[] =>
  flows.some(({ openedAt }) => openedAt !== undefined) ? flows : shuffle(flows, 'flows')
