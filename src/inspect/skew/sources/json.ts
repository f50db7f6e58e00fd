import type { BackendCounter } from '../../../dataplane/plane.ts'
import type { Where } from '../../../sources/faults.ts'
import { isRaw, type Raw } from '../../../sources/fields.ts'
import { parseJson } from '../../../sources/json.ts'
import { topKeys } from '../../../sources/json-text.ts'
import type { LoadUnit, Observation } from '../observation.ts'
import { type Check, FieldReader, isName, MOST_TOLD, type Shape } from './fields.ts'
import { flowShape, observationIn } from './json-observation.ts'
import { faultOfAll, faultOfCount, faultOfName, faultOfTimes } from './limits.ts'
import type { FlowRow, Row } from './rows.ts'

/** What an agent says it has counted, as `evenkeel status --counters -o json` prints it. */
export interface AgentCounters {
  readonly node: string
  readonly counters: readonly BackendCounter[]
}

export interface ReadJson {
  readonly observations: readonly Observation[]
  readonly rows: readonly Row[]
  readonly agents: readonly AgentCounters[]
  readonly warnings: readonly string[]
}

/** JSON of ours, not of nft, ip or kubectl: those are dumps. Cheap, however large the file. */
export const isOurJson = (text: string): boolean =>
  /^\s*[{[]/.test(text) && !/^\s*[{[][\s{]*"(?:nftables|ifindex|apiVersion|kind|metadata|items)"/.test(text)

/**
 * The shapes of docs/skew.md: observations (one, a list, or `{services}`), `{"pod": count}`, JSON lines of connections, and what `status --counters`
 * prints. Throws with every fault that was found, each with file, line and field.
 */
export const readJson = (text: string, file: string, unit: LoadUnit | undefined): ReadJson => {
  const whole = parseJson(text, () => false)
  if (whole.ok) {
    const where: Where = (path) => `${file}:${whole.lineOf(path)}`
    return readValue(whole.value, { text, where, at: (line) => `${file}:${line}` }, unit)
  }
  const lines = text.split('\n')
  if (lines.filter((line) => line.trim() !== '').every((line) => line.trimStart().startsWith('{')) && lines.length > 1)
    return joined(lines.flatMap((line, i) => readLine(line, i, file, unit)))
  throw new Error(`${file}:${whole.line}: is not JSON: ${whole.message}`)
}

const nothing: ReadJson = { observations: [], rows: [], agents: [], warnings: [] }

const readLine = (line: string, index: number, file: string, unit: LoadUnit | undefined): readonly ReadJson[] => {
  if (line.trim() === '') return []
  const parsed = parseJson(line, () => false)
  if (!parsed.ok) throw new Error(`${file}:${index + 1}: is not JSON: ${parsed.message}`)
  const where = (): string => `${file}:${index + 1}`
  return [readValue(parsed.value, { text: line, where, at: where }, unit)]
}

const joined = (all: readonly ReadJson[]): ReadJson => ({
  observations: all.flatMap(({ observations }) => observations),
  rows: all.flatMap(({ rows }) => rows),
  agents: all.flatMap(({ agents }) => agents),
  warnings: all.flatMap(({ warnings }) => warnings),
})

/** A value as it is written. */
interface Written {
  readonly text: string
  readonly where: Where
  /** a line of the text, by its number */
  readonly at: (line: number) => string
}

const readValue = (value: unknown, written: Written, unit: LoadUnit | undefined): ReadJson => {
  const fields = new FieldReader(written.where)
  const read = shapeOf(value, fields, written, unit)
  if (fields.faults.length > 0) throw new Error(summary(fields.faults))
  return { ...read, warnings: [...read.warnings, ...fields.warnings] }
}

const summary = (faults: readonly string[]): string => {
  const more = faults.length - MOST_TOLD
  return [...faults.slice(0, MOST_TOLD), ...(more > 0 ? [`… and ${more} more`] : [])].join('\n')
}

const shapeOf = (value: unknown, fields: FieldReader, written: Written, unit: LoadUnit | undefined): ReadJson => {
  if (Array.isArray(value)) return { ...nothing, observations: listOf(value, [], fields, unit) }
  if (!isRaw(value)) {
    fields.fault([], 'must be an object or a list')
    return nothing
  }
  if (isListOrMap(value['planes'])) return statusOf(value, fields)
  if (Array.isArray(value['services']))
    return { ...nothing, observations: listOf(value['services'], ['services'], fields, unit) }
  if (isRaw(value['services'])) {
    fields.fault(['services'], 'must be a list, not a map')
    return nothing
  }
  if (typeof value['client'] === 'string' || typeof value['backend'] === 'string')
    return { ...nothing, rows: flowOf(value, fields, written.where([])) }
  if ('backends' in value || 'service' in value || 'facts' in value)
    return { ...nothing, observations: listOf([value], null, fields, unit) }
  return mapOf(value, fields, written, unit)
}

const isListOrMap = (value: unknown): boolean => typeof value === 'object' && value !== null

const listOf = (
  values: readonly unknown[],
  path: readonly string[] | null,
  fields: FieldReader,
  unit: LoadUnit | undefined,
): readonly Observation[] => {
  if (values.length === 0) fields.fault(path ?? [], 'is empty')
  return values.flatMap((one, index) => observationIn(one, path === null ? [] : [...path, index], fields, unit) ?? [])
}

/** `{"web-1": 38, "web-2": 35}` */
const mapOf = (value: Raw, fields: FieldReader, { text, at }: Written, unit: LoadUnit | undefined): ReadJson => {
  const counted = unit ?? 'connections'
  // JSON.parse keeps the last of a key that comes twice
  const backends = Array.from(topKeys(text), ({ key, line }) => {
    const fault = faultOfName(key) || faultOfCount(value[key], counted)
    if (fault !== '') fields.fault([key], fault)
    return { name: key, count: Number(value[key]), where: at(line) }
  })
  const fault = faultOfAll(backends)
  if (fault !== '') fields.fault([], fault)
  const rows = backends.map(({ name, count, where }): Row => {
    return { kind: 'load', service: null, backend: name, values: { [counted]: count }, where }
  })
  return { ...nothing, rows }
}

const flowRowShape: Shape = { ...flowShape, service: isName }

const flowOf = (value: Raw, fields: FieldReader, where: string): readonly FlowRow[] => {
  const flow = fields.map(value, [], flowRowShape)
  const order = flow === null ? '' : faultOfTimes(flow)
  if (order !== '') fields.fault(['closedAt'], order)
  if (flow === null || fields.faults.length > 0) return []
  return [{ kind: 'flow', service: null, ...flow, where } as FlowRow]
}

const isEndpointCount: Check = (value) =>
  isRaw(value) && typeof value['frontend'] === 'string' && typeof value['address'] === 'string'
    ? faultOfCount(value['connections'], 'connections')
    : 'must be {frontend, address, port, connections}'

const statusOf = (value: Raw, fields: FieldReader): ReadJson => {
  const counters: BackendCounter[] = []
  for (const [plane, path] of fields.list(value, [], 'planes')) {
    const report = isRaw(plane) ? plane['counters'] : undefined
    if (!isRaw(report)) {
      fields.fault([...path, 'counters'], 'is missing: ask with `evenkeel status --counters -o json`')
      continue
    }
    for (const [one, at] of fields.list(report, [...path, 'counters'], 'backends')) {
      const fault = isEndpointCount(one)
      if (fault === '') counters.push(one as BackendCounter)
      else fields.fault(at, fault)
    }
  }
  const node = typeof value['node'] === 'string' ? value['node'] : ''
  return { ...nothing, agents: [{ node, counters }] }
}
