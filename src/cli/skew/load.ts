import { askAgent } from '../../agent/control.ts'
import type { BackendCounter } from '../../dataplane/plane.ts'
import { readDumpFiles } from '../../inspect/dumps/files.ts'
import { type ClusterNames, readNames } from '../../inspect/dumps/names.ts'
import { formatDumpProblem } from '../../inspect/dumps/problem.ts'
import type { LoadUnit } from '../../inspect/skew/observation.ts'
import { enricher } from '../../inspect/skew/sources/enrich.ts'
import { type Measure, observeNodes } from '../../inspect/skew/sources/from-nodes.ts'
import { observeObjects } from '../../inspect/skew/sources/from-objects.ts'
import { faultOfAll } from '../../inspect/skew/sources/limits.ts'
import { type NodeSource, readNode } from '../../inspect/skew/sources/node-reading.ts'
import type { Observed } from '../../inspect/skew/sources/observed.ts'
import { mergeLoads } from '../../inspect/skew/sources/merge-loads.ts'
import { placeRows } from '../../inspect/skew/sources/place-rows.ts'
import { type FileGroup, readSources, type ReadSources } from '../../inspect/skew/sources/read.ts'
import type { Row } from '../../inspect/skew/sources/rows.ts'
import { wantedIn, type Wanted } from '../../inspect/skew/sources/select.ts'
import { observeTables, unitOf } from '../../inspect/skew/sources/table-observation.ts'
import { readObjectFiles } from '../../sources/files.ts'
import { stdinOnce } from '../options/arguments.ts'
import { printProblems } from '../text/problems.ts'

/** Flags that say what is counted, and where. */
export interface SourceFlags {
  readonly from?: readonly string[]
  readonly nodeFile?: readonly string[]
  readonly live?: true
  readonly filename?: readonly string[]
  readonly node?: string
  /** of the Service, else the only one whose Services are wanted */
  readonly namespace?: string
  readonly client?: string
  readonly weight?: LoadUnit
  readonly of?: Measure
  /** seconds since the epoch */
  readonly at?: number
  /** readings are compared over time, which only counters can be */
  readonly compared?: boolean
}

/** Reads all sources once. `service`: only those that fit it. Warnings go to stderr. Throws where nothing is found. */
export const loadObserved = async (service: string | undefined, flags: SourceFlags): Promise<readonly Observed[]> => {
  const paths = groupsOf(flags)
  stdinOnce({
    '--from': flags.from,
    '--node-file': paths.flatMap((group) => (group.node === '' ? [] : group.paths)),
    '--filename': flags.filename,
  })
  const groups = await Promise.all(paths.map(readGroup))
  const unit = flags.weight === undefined ? {} : { unit: flags.weight }
  const first = await objectsOf(flags.filename ?? [])
  const names = readNames(first)
  const sources = await readSources(groups, {
    ...unit,
    addressesOf: (node) => names.nodes.get(node || (flags.node ?? ''))?.addresses ?? [],
  })
  warn(sources.warnings)
  const all = sources.objects.length === 0 ? names : readNames([...first, ...sources.objects])
  printProblems(all.problems, 'warning')
  const nodes = [...sources.nodes.map((node) => named(node, flags)), ...(flags.live ? [await liveNode(flags)] : [])]
  for (const node of nodes) warnOf(node)
  const observed = observe({ ...sources, nodes }, all, flags, service)
  const enrich = enricher(all)
  const found = observed.map(enrich)
  if (found.length === 0) throw new Error(nothingFound(service, flags.namespace))
  const met = new Set<string | null>()
  for (const { observation } of found) {
    if (met.has(observation.service)) throw new Error(twice(observation.service))
    met.add(observation.service)
    const fault = faultOfAll(observation.backends)
    if (fault !== '') throw new Error(`${observation.service ?? 'the counts'} ${fault}`)
  }
  return found
}

const nothingFound = (service: string | undefined, namespace: string | undefined): string => {
  const where = namespace === undefined ? '' : ` of the namespace ${namespace}`
  return service === undefined
    ? `no Service${where} with backends is in what was read`
    : `${service}: no such Service${where} is in what was read (without it, all that are there are shown)`
}

const twice = (service: string | null): string =>
  service === null
    ? 'several counts name no Service: give each its `service`'
    : `${service} is there twice: which counts are right?`

const observe = (
  sources: ReadSources,
  names: ClusterNames,
  flags: SourceFlags,
  service: string | undefined,
): readonly Observed[] => {
  const wanted = wantedIn(service, flags.namespace)
  const rows = mergeLoads(sources.rows)
  const unit = rows.length > 0 ? unitOf(rows, flags.weight) : (flags.weight ?? 'connections')
  if (unit !== 'connections' && unit !== 'bytes' && rows.length === 0 && sources.nodes.length > 0)
    throw new Error(`--weight ${unit}: rules and connections do not tell it: add a table (CSV, JSON, kubectl top pods)`)
  const options = flags.client === undefined ? {} : { client: flags.client }
  const readings = sources.nodes.map((node) =>
    readNode(node, names, { ...options, wanted: (frontend, own) => wanted(own, [frontend]) }),
  )
  const counted = observeNodes(readings, names, {
    unit: rows.length > 0 ? 'connections' : unit,
    ...(flags.of === undefined ? {} : { measure: flags.of }),
    compared: flags.compared ?? false,
    at: flags.live ? Date.now() / 1000 : (flags.at ?? null),
  })
  const given = sources.observations.map((observation): Observed => {
    return { observation, frontends: [], endpoints: new Map(), notes: [] }
  })
  const tables = rows.length === 0 ? [] : placed(rows, counted, names, unit)
  const all = rows.length === 0 ? counted : tables
  return [...all, ...given].filter(({ observation, frontends }) => isWanted(observation.service, frontends, wanted))
}

/** Counts without a name are of whatever Service was asked for. */
const isWanted = (service: string | null, frontends: readonly string[], wanted: Wanted): boolean =>
  service === null || wanted(service, frontends)

const placed = (
  rows: readonly Row[],
  counted: readonly Observed[],
  names: ClusterNames,
  unit: LoadUnit,
): readonly Observed[] => {
  const base = counted.length > 0 ? counted : observeObjects(names, unit)
  if (base.length === 0) return observeTables(rows, unit)
  const { observed, warnings } = placeRows(rows, base, unit)
  warn(warnings)
  return observed
}

interface PathGroup {
  readonly node: string
  readonly paths: readonly string[]
}

const groupsOf = ({ from = [], nodeFile = [] }: SourceFlags): readonly PathGroup[] => {
  const groups = new Map<string, string[]>()
  for (const text of nodeFile) {
    const at = text.indexOf('=')
    if (at < 1 || at === text.length - 1)
      throw new Error(`--node-file ${JSON.stringify(text)}: must read NODE=FILE or NODE=DIRECTORY`)
    const node = text.slice(0, at)
    groups.set(node, [...(groups.get(node) ?? []), text.slice(at + 1)])
  }
  const all = Array.from(groups, ([node, paths]) => ({ node, paths }))
  return from.length === 0 ? all : [{ node: '', paths: from }, ...all]
}

const readGroup = async ({ node, paths }: PathGroup): Promise<FileGroup> => ({
  node,
  files: await readDumpFiles(paths),
})

const objectsOf = (paths: readonly string[]): ReturnType<typeof readObjectFiles> => readObjectFiles(paths)

const named = (source: NodeSource, { node = '' }: SourceFlags): NodeSource =>
  source.node === '' && node !== '' ? { ...source, node } : source

const liveNode = async ({ node = '' }: SourceFlags): Promise<NodeSource> => {
  const { readLiveSource } = await import('../../inspect/skew/sources/live.ts')
  return readLiveSource(node, await agentCounters())
}

/** null: no agent runs here */
const agentCounters = async (): Promise<readonly BackendCounter[] | null> => {
  const status = await askAgent({ request: 'status', verify: false, counters: true })
  return status === null ? null : status.planes.flatMap(({ counters }) => counters?.backends ?? [])
}

const MOST_WARNINGS = 20

const warn = (warnings: readonly string[]): void => {
  for (const warning of warnings.slice(0, MOST_WARNINGS)) process.stderr.write(`warning: ${warning}\n`)
  if (warnings.length > MOST_WARNINGS) process.stderr.write(`… and ${warnings.length - MOST_WARNINGS} more\n`)
}

const warnOf = ({ rules }: NodeSource): void => {
  const shown = rules.problems.slice(0, MOST_WARNINGS)
  for (const problem of shown)
    process.stderr.write(`${problem.doubt === true ? 'problem' : 'warning'}: ${formatDumpProblem(problem)}\n`)
  if (rules.problems.length > MOST_WARNINGS)
    process.stderr.write(`… and ${rules.problems.length - MOST_WARNINGS} more\n`)
}
