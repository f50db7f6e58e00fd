import { canonicalAddress } from '../../../model/address.ts'
import type { Path } from '../../../sources/faults.ts'
import { isRaw, type Raw } from '../../../sources/fields.ts'
import type { Flow, LoadUnit, NodeObservation, Observation, ObservedBackend } from '../observation.ts'
import {
  type Check,
  type FieldReader,
  isFlag,
  isListOf,
  isName,
  isNumber,
  isOneOf,
  isPositive,
  isText,
  orNull,
  type Shape,
} from './fields.ts'
import { faultOfAll, faultOfCount, faultOfOdds, faultOfTimes } from './limits.ts'

const isAddress: Check = (value) =>
  typeof value === 'string' && canonicalAddress(value) !== null
    ? ''
    : `must be an IP address, not ${JSON.stringify(value)}`
const isCount =
  (unit: LoadUnit): Check =>
  (value) =>
    faultOfCount(value, unit)
const anything: Check = () => ''
/** Ours, and those of IPVS. */
const schedulers: ReadonlySet<string> = new Set(
  'random rr lc sh dh maglev sed nq wrr wlc mh lblc lblcr fo ovf twos'.split(' '),
)
const units: readonly LoadUnit[] = ['connections', 'bytes', 'requests', 'cpu']

const backendShape = (unit: LoadUnit): Shape => ({
  'name!': isName,
  'count!': isCount(unit),
  connections: isCount('connections'),
  opened: isCount('connections'),
  address: isAddress,
  node: isName,
  zone: isText,
  startedAt: isNumber,
  ready: isFlag,
  terminating: isFlag,
  expectedOdds: isPositive,
  weight: isPositive,
})

const nodeShape: Shape = {
  'node!': isName,
  zone: isText,
  'counts!': isListOf(isCount('connections')),
  odds: orNull(isListOf(isPositive)),
  scheduler: isText,
  since: isNumber,
}

export const flowShape: Shape = {
  'client!': isName,
  'backend!': isName,
  node: isName,
  openedAt: isNumber,
  closedAt: orNull(isNumber),
  bytes: isCount('bytes'),
  requests: isCount('requests'),
  cpu: isCount('cpu'),
  protocol: isOneOf('TCP', 'UDP', 'SCTP'),
  http2: isFlag,
  bypassed: isFlag,
}

const factsShape: Shape = {
  scheduler: isText,
  affinity: isOneOf('None', 'ClientIP'),
  internalTrafficPolicy: isOneOf('Cluster', 'Local'),
  externalTrafficPolicy: isOneOf('Cluster', 'Local'),
  topologyHints: isFlag,
  headless: isFlag,
  since: isNumber,
  at: isNumber,
  counted: isOneOf('opened', 'open'),
  bypassed: isListOf(isCount('connections')),
  sharedAddresses: isListOf(isText),
}

const observationShape: Shape = {
  service: orNull(isName),
  unit: isOneOf(...units),
  'backends!': anything,
  nodes: anything,
  flows: anything,
  facts: anything,
}

/** An observation as docs/skew.md has it; null where it has faults, which `fields` then holds. */
export const observationIn = (
  value: unknown,
  path: Path,
  fields: FieldReader,
  unit: LoadUnit | undefined,
): Observation | null => {
  const before = fields.faults.length
  const raw = fields.map(value, path, observationShape)
  if (raw === null) return null
  const said = units.find((one) => one === raw['unit'])
  if (said !== undefined && unit !== undefined && said !== unit)
    fields.fault([...path, 'unit'], `is ${said}, while --weight asks for ${unit}`)
  const counted = said ?? unit ?? 'connections'
  const backends = all<ObservedBackend>(raw, path, 'backends', backendShape(counted), fields)
  const fault = fields.faults.length === before ? faultOfAll(backends) : ''
  if (fault !== '') fields.fault([...path, 'backends'], fault)
  const names = new Set(backends.map(({ name }) => name))
  const nodes = all<NodeObservation>(raw, path, 'nodes', nodeShape, fields)
  const flows = all<Flow>(raw, path, 'flows', flowShape, fields)
  const facts = raw['facts'] === undefined ? {} : fields.map(raw['facts'], [...path, 'facts'], factsShape)
  checkLengths(raw, path, backends.length, fields)
  for (const [scheduler, at] of [
    [facts?.['scheduler'], ['facts', 'scheduler']] as const,
    ...nodes.map((node, i) => [node.scheduler, ['nodes', i, 'scheduler']] as const),
  ])
    if (typeof scheduler === 'string' && !schedulers.has(scheduler))
      fields.warn([...path, ...at], `${JSON.stringify(scheduler)} is none that is known: ${[...schedulers].join(', ')}`)
  flows.forEach((flow, i) => {
    const order = faultOfTimes(flow)
    if (order !== '') fields.fault([...path, 'flows', i, 'closedAt'], order)
  })
  if (fields.faults.length === before)
    contradictions({ backends, nodes, flows, unit: counted, facts: facts ?? {} }, path, fields)
  const strangers = flows.filter(({ backend }) => !names.has(backend)).length
  if (strangers > 0)
    fields.warn([...path, 'flows'], `${strangers} go to backends that are not listed, and are left out`)
  if (fields.faults.length > before) return null
  return {
    service: typeof raw['service'] === 'string' ? raw['service'] : null,
    unit: counted,
    backends,
    ...(nodes.length === 0 ? {} : { nodes: nodes.map((node) => ({ ...node, odds: node.odds ?? null })) }),
    ...(flows.length === strangers ? {} : { flows: flows.filter(({ backend }) => names.has(backend)) }),
    facts: facts ?? {},
  }
}

type Parts = Pick<Observation, 'backends' | 'unit' | 'facts'> & Required<Pick<Observation, 'nodes' | 'flows'>>

/** Parts of which not all can be true. */
const contradictions = ({ backends, nodes, flows, unit, facts }: Parts, path: Path, fields: FieldReader): void => {
  const fault = faultOfOdds(backends)
  if (fault !== '') fields.fault([...path, 'backends'], fault)
  nodes.forEach(({ counts, odds }, i) => {
    if (odds?.every((p) => p === 0) && counts.some((count) => count > 0))
      fields.fault(
        [...path, 'nodes', i, 'odds'],
        'are all 0, but it has counted: leave them out where they are not known',
      )
  })
  const without = backends.find(({ connections }) => connections === undefined)
  if (unit !== 'connections' && without !== undefined && backends.some(({ connections }) => connections !== undefined))
    fields.fault(
      [...path, 'backends'],
      `tell the connections behind some, but not of ${without.name}: of all, or of none`,
    )
  if (unit !== 'connections') return
  const open = new Map<string, number>()
  for (const { backend, closedAt } of flows)
    if (typeof closedAt !== 'number') open.set(backend, (open.get(backend) ?? 0) + 1)
  backends.forEach(({ name, count }, i) => {
    const sent = nodes.reduce((sum, { counts }) => sum + (counts[i] ?? 0), 0)
    if (sent > count && facts.counted !== 'open')
      fields.warn([...path, 'backends', i, 'count'], `is ${count}, but nodes counted ${sent}: are both of one time?`)
    const listed = open.get(name) ?? 0
    if (listed > count)
      fields.warn(
        [...path, 'backends', i, 'count'],
        `is ${count}, but ${listed} of flows go to ${name}: are both of one moment?`,
      )
  })
}

/** Every field was checked against the shape, which is why the cast holds. */
const all = <T>(raw: Raw, path: Path, key: string, shape: Shape, fields: FieldReader): readonly T[] =>
  fields.list(raw, path, key).flatMap(([one, at]) => {
    const read = fields.map(one, at, shape)
    return read === null ? [] : [read as T]
  })

const checkLengths = (raw: Raw, path: Path, size: number, fields: FieldReader): void => {
  const check = (value: unknown, at: Path): void => {
    if (Array.isArray(value) && value.length !== size)
      fields.fault(at, `has ${value.length} values, but there are ${size} backends`)
  }
  for (const [node, at] of fields.list(raw, path, 'nodes'))
    if (isRaw(node)) for (const key of ['counts', 'odds']) check(node[key], [...at, key])
  if (isRaw(raw['facts'])) check(raw['facts']['bypassed'], [...path, 'facts', 'bypassed'])
}
