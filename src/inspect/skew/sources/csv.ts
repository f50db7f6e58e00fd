import { CsvError, type Info, parse } from 'csv-parse/sync'
import type { LoadUnit } from '../observation.ts'
import { faultOfCount, faultOfName, faultOfTimes } from './limits.ts'
import { isMillicores, millicores } from './quantity.ts'
import type { FlowRow, LoadRow, ReadRows, Row } from './rows.ts'

type Column =
  | LoadUnit
  | 'service'
  | 'backend'
  | 'node'
  | 'zone'
  | 'expected'
  | 'client'
  | 'openedAt'
  | 'closedAt'
  | 'protocol'
  | 'http2'
  | 'bypassed'

/** Names that people give to columns, in small letters. */
const columnNames: Readonly<Record<string, Column>> = {
  service: 'service',
  backend: 'backend',
  pod: 'backend',
  name: 'backend',
  endpoint: 'backend',
  address: 'backend',
  instance: 'backend',
  count: 'connections',
  connections: 'connections',
  conns: 'connections',
  bytes: 'bytes',
  requests: 'requests',
  cpu: 'cpu',
  node: 'node',
  zone: 'zone',
  expected: 'expected',
  odds: 'expected',
  weight: 'expected',
  client: 'client',
  source: 'client',
  openedat: 'openedAt',
  opened: 'openedAt',
  closedat: 'closedAt',
  closed: 'closedAt',
  protocol: 'protocol',
  http2: 'http2',
  bypassed: 'bypassed',
  direct: 'bypassed',
}

/** Does a file begin as a table of counts or connections does? Asked only of what is no dump and no JSON. */
export const isCsv = (text: string): boolean => {
  const [line = ''] = text.split('\n', 100).filter((one) => one.trim() !== '' && !one.startsWith('#'))
  const cells = line.split(/[,;\t]/)
  if (cells.length < 2) return false
  return cells.some((cell) => columnOf(cell) !== undefined) || isCountLine(cells)
}

const columnOf = (cell: string): Column | undefined =>
  columnNames[cell.trim().replace(/^"|"$/g, '').toLowerCase().replace(/[ _-]/g, '')]

/** `web-1,38`: a table without a header */
const isCountLine = (cells: readonly string[]): boolean =>
  cells.length === 2 && /^\s*"?-?[\d.]+(?:e[+-]?\d+)?"?\s*$/i.test(cells[1] ?? '')

/**
 * Counts (a line for each backend) or connections (a line for each, known by its column `client`), separated by commas, semicolons or tabs, quoted
 * as RFC 4180 says. Throws for what cannot be read, with line and column.
 */
export const readCsv = (text: string, file: string): ReadRows => {
  const table = tableOf(text, file)
  const [first] = table
  if (first === undefined) throw new Error(`${file}: is empty`)
  const named = first.record.some((cell) => columnOf(cell) !== undefined)
  const columns: readonly (Column | undefined)[] = named ? first.record.map(columnOf) : ['backend', 'connections']
  const doubled = columns.find((column, i) => column !== undefined && columns.indexOf(column) !== i)
  if (doubled !== undefined) throw new Error(`${file}:1: has two columns of ${doubled}`)
  if (!columns.includes('backend'))
    throw new Error(`${file}:1: has no column of backends (pod, backend, name or address)`)
  const unused = named ? first.record.filter((cell) => columnOf(cell) === undefined) : []
  const lines = named ? table.slice(1) : table
  const cpu = columns.indexOf('cpu')
  const layout = { columns, file, quantities: lines.some(({ record }) => isMillicores(record[cpu] ?? '')) }
  const rows = lines.map((line) => rowOf(line, layout))
  if (rows.length === 0) throw new Error(`${file}: has a header, but no counts`)
  return { rows, warnings: unused.length === 0 ? [] : [`${file}: columns that are not used: ${unused.join(', ')}`] }
}

interface Line {
  readonly record: readonly string[]
  readonly line: number
}

const tableOf = (text: string, file: string): readonly Line[] => {
  try {
    const parsed = parse(text, {
      bom: true,
      comment: '#',
      comment_no_infix: true,
      delimiter: [',', ';', '\t'],
      info: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as readonly { readonly record: string[]; readonly info: Info }[]
    return parsed.map(({ record, info }) => ({ record, line: info.lines }))
  } catch (error) {
    if (error instanceof CsvError) throw new Error(`${file}: is no table: ${error.message}`, { cause: error })
    throw error
  }
}

interface Layout {
  readonly columns: readonly (Column | undefined)[]
  readonly file: string
  /** CPU is as Kubernetes writes it: `20m`, and then `1` is a core */
  readonly quantities: boolean
}

const rowOf = ({ record, line }: Line, { columns, file, quantities }: Layout): Row => {
  const where = `${file}:${line}`
  const cell = (column: Column): string => record[columns.indexOf(column)] ?? ''
  const number = (column: Column, unit: LoadUnit = 'cpu'): number | undefined => {
    const text = cell(column)
    if (text === '') return undefined
    const cpu = column === 'cpu' && quantities ? millicores(text) : null
    if (cpu !== null) return cpu
    if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text))
      throw new Error(`${where}: ${column}: must be a number, not ${JSON.stringify(text.slice(0, 60))}`)
    const fault = faultOfCount(Number(text), unit)
    if (fault !== '') throw new Error(`${where}: ${column}: ${fault}`)
    return Number(text)
  }
  if (cell('backend') === '') throw new Error(`${where}: names no backend`)
  for (const column of ['service', 'backend', 'node', 'zone', 'client'] as const) {
    const fault = faultOfName(cell(column))
    if (fault !== '') throw new Error(`${where}: ${column}: ${fault}`)
  }
  const common = {
    service: cell('service') || null,
    backend: cell('backend'),
    ...(cell('node') === '' ? {} : { node: cell('node') }),
    where,
  }
  return columns.includes('client') ? flowOf(common, cell, number) : loadOf(common, cell, number)
}

type Common = Pick<LoadRow, 'service' | 'backend' | 'node' | 'where'>
type NumberIn = (column: Column, unit?: LoadUnit) => number | undefined

const loadOf = (common: Common, cell: (column: Column) => string, number: NumberIn): LoadRow => {
  const values: Partial<Record<LoadUnit, number>> = {}
  for (const unit of ['connections', 'bytes', 'requests', 'cpu'] as const) {
    const value = number(unit, unit)
    if (value !== undefined) values[unit] = value
  }
  if (Object.keys(values).length === 0) throw new Error(`${common.where}: has no count`)
  const expected = number('expected')
  return {
    kind: 'load',
    ...common,
    values,
    ...(cell('zone') === '' ? {} : { zone: cell('zone') }),
    ...(expected === undefined ? {} : { expected }),
  }
}

const flowOf = (common: Common, cell: (column: Column) => string, number: NumberIn): FlowRow => {
  if (cell('client') === '') throw new Error(`${common.where}: names no client`)
  const protocol = (['TCP', 'UDP', 'SCTP'] as const).find((name) => name === cell('protocol').toUpperCase())
  const times = {
    ...defined('openedAt', timeIn(cell('openedAt'), `${common.where}: openedAt`)),
    ...defined('closedAt', timeIn(cell('closedAt'), `${common.where}: closedAt`)),
  }
  const order = faultOfTimes(times)
  if (order !== '') throw new Error(`${common.where}: closedAt: ${order}`)
  return {
    kind: 'flow',
    ...common,
    client: cell('client'),
    ...times,
    ...defined('bytes', number('bytes', 'bytes')),
    ...defined('requests', number('requests', 'requests')),
    ...defined('cpu', number('cpu', 'cpu')),
    ...kindOf(cell('protocol')),
    ...flagged('http2', cell('http2'), common.where),
    ...flagged('bypassed', cell('bypassed'), common.where),
    ...(protocol === undefined ? {} : { protocol }),
  }
}

/** `HTTP/2`, `h2` and `grpc` are of many requests at once, other versions of HTTP are not. */
const kindOf = (protocol: string): Pick<FlowRow, 'http2'> => {
  if (/^(?:http\/?2(?:\.0)?|h2c?|grpc)$/i.test(protocol)) return { http2: true }
  return /^http(?:s|\/?1(?:\.[01])?)?$/i.test(protocol) ? { http2: false } : {}
}

const flagged = <K extends 'http2' | 'bypassed'>(
  key: K,
  text: string,
  where: string,
): { readonly [k in K]?: boolean } => {
  if (text === '') return {}
  const yes = /^(?:true|yes|1)$/i.test(text)
  if (!yes && !/^(?:false|no|0)$/i.test(text))
    throw new Error(`${where}: ${key}: must be true or false, not ${JSON.stringify(text.slice(0, 60))}`)
  return { [key]: yes } as { readonly [k in K]: boolean }
}

const defined = <K extends string>(key: K, value: number | undefined): { readonly [k in K]?: number } =>
  value === undefined ? {} : ({ [key]: value } as { readonly [k in K]: number })

/** Seconds since the epoch, as a number or as RFC 3339 writes it. */
const timeIn = (text: string, where: string): number | undefined => {
  if (text === '') return undefined
  const seconds = /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : Date.parse(text) / 1000
  if (Number.isFinite(seconds)) return seconds
  throw new Error(
    `${where}: must be a time (seconds since the epoch, or 2026-03-01T12:00:00Z), not ${JSON.stringify(text.slice(0, 60))}`,
  )
}
