import type { DumpFile, DumpPart } from '../../dumps/cutting/parts.ts'
import { dialectOf } from '../../dumps/cutting/dialect.ts'
import type { ObjectFile } from '../../dumps/names.ts'
import { type CutDumps, cutDumps, readParts } from '../../dumps/read.ts'
import { formatDumpProblem } from '../../dumps/problem.ts'
import type { LoadUnit, Observation } from '../observation.ts'
import { isCsv, readCsv } from './csv.ts'
import { type AgentCounters, isOurJson, readJson } from './json.ts'
import { isMetrics, readMetrics } from './metrics.ts'
import type { NodeSource } from './node-reading.ts'
import type { Row } from './rows.ts'
import { readSs } from './ss.ts'
import { readTop } from './top.ts'

/** The files that describe one node, or nobody says which. */
export interface FileGroup {
  /** '' nobody says */
  readonly node: string
  readonly files: readonly DumpFile[]
}

/** Everything that files say, each kind known by its content. */
export interface ReadSources {
  /** those that have rules, virtual services, connections or counters */
  readonly nodes: readonly NodeSource[]
  readonly rows: readonly Row[]
  readonly observations: readonly Observation[]
  readonly objects: readonly ObjectFile[]
  readonly warnings: readonly string[]
}

export interface ReadOptions {
  /** that counts are of; default: what the files have */
  readonly unit?: LoadUnit
  /** of a node's object, where there is no `ip addr` */
  readonly addressesOf?: (node: string) => readonly string[]
}

/**
 * Throws for a file that nothing can be made of, and for counts that cannot be judged, with file, line and field. An empty file among
 * others (the connections of an idle node) is only told.
 */
export const readSources = async (groups: readonly FileGroup[], options: ReadOptions = {}): Promise<ReadSources> => {
  const files = groups.flatMap((group) => group.files)
  const [empty] = files
  if (empty !== undefined && files.every(isEmpty)) throw new Error(`${empty.name}: is empty`)
  const read = await Promise.all(groups.map((group) => readGroup(group, options)))
  return {
    nodes: withAgents(
      read.flatMap(({ nodes }) => nodes),
      read.flatMap(({ agents }) => agents),
    ),
    rows: read.flatMap(({ rows }) => rows),
    observations: read.flatMap(({ observations }) => observations),
    objects: read.flatMap(({ objects }) => objects),
    warnings: [...read.flatMap(({ warnings }) => warnings), ...copies(groups)],
  }
}

/** What counts or lists connections is never the same on two nodes. */
const copies = (groups: readonly FileGroup[]): readonly string[] => {
  const seen = new Map<string, { readonly node: string; readonly name: string }>()
  return groups.flatMap(({ node, files }) =>
    files.flatMap(({ name, text }) => {
      const before = seen.get(text)
      if (before === undefined) seen.set(text, { node, name })
      if (before === undefined || before.node === node || !counting.test(text)) return []
      return [
        `${name} (${node}): is ${before.name} (${before.node}) to the last counter: if it is a copy, all counts twice`,
      ]
    }),
  )
}

/** Lines of conntrack, counters of iptables and nft, `ipvsadm --stats`, metrics of an agent. */
const counting = /\bdport=\d|^\[[1-9]\d*:|\bpackets [1-9]|\bInPkts\b|^evenkeel_\w+\{/m

interface ReadGroup extends ReadSources {
  readonly agents: readonly AgentCounters[]
}

const readGroup = async ({ node, files }: FileGroup, options: ReadOptions): Promise<ReadGroup> => {
  const dumps: DumpFile[] = []
  // lists of lists: a call takes no more than some hundred thousand arguments
  const rows: (readonly Row[])[] = []
  const observations: (readonly Observation[])[] = []
  const agents: (readonly AgentCounters[])[] = []
  const warnings: (readonly string[])[] = []
  for (const file of files) {
    const { name, text } = file
    if (isEmpty(file)) warnings.push([`${name}: is empty`])
    else if (isOurJson(text)) {
      const json = readJson(text, name, options.unit)
      rows.push(json.rows.map((row) => onNode(row, node)))
      observations.push(json.observations)
      agents.push(json.agents.map((agent) => ({ ...agent, node: node || agent.node })))
      warnings.push(json.warnings)
    } else if (isMetrics(text)) rows.push(readMetrics(text, name, node))
    else if (startsNoDump(text) && isCsv(text)) {
      const csv = readCsv(text, name)
      rows.push(csv.rows)
      warnings.push(csv.warnings)
    } else dumps.push(file)
  }
  const cut = cutDumps(dumps)
  const tables = tableParts(cut)
  const nodes = await nodesIn(node, cut, options)
  // with rules they are told together with the rules' own
  const strange = nodes.length > 0 ? [] : cut.problems.map(formatDumpProblem)
  return {
    nodes,
    rows: [...rows.flat(), ...tables.rows.map((row) => onNode(row, node))],
    observations: observations.flat(),
    objects: cut.objects.map(({ file, line, text }) => ({
      name: file,
      content: Buffer.from('\n'.repeat(line - 1) + text),
    })),
    agents: agents.flat(),
    warnings: [...warnings.flat(), ...strange, ...tables.warnings],
  }
}

const isEmpty = ({ text }: DumpFile): boolean => text.trim() === ''

/** A connection's node is the one whose listing it stands in. */
const onNode = (row: Row, node: string): Row => (node === '' || row.kind === 'load' ? row : { node, ...row })

const startsNoDump = (text: string): boolean => {
  const [first = ''] = text.split('\n', 20).filter((line) => line.trim() !== '' && !line.startsWith('#'))
  return dialectOf(first) === null
}

const tableParts = ({ parts }: CutDumps): { readonly rows: readonly Row[]; readonly warnings: readonly string[] } => {
  const read = parts.flatMap((part) => {
    if (part.dialect === 'ss') return [readSs(part)]
    return part.dialect === 'kubectl top pods' ? [readTop(part)] : []
  })
  return { rows: read.flatMap(({ rows }) => rows), warnings: read.flatMap(({ warnings }) => warnings) }
}

const isOfNode = ({ dialect }: DumpPart): boolean => dialect !== 'ss' && dialect !== 'kubectl top pods'

const nodesIn = async (node: string, cut: CutDumps, { addressesOf }: ReadOptions): Promise<readonly NodeSource[]> => {
  const parts = cut.parts.filter(isOfNode)
  const doubtful = cut.problems.filter(({ doubt }) => doubt === true)
  if (parts.length === 0 && doubtful.length > 0) throw new Error(doubtful.map(formatDumpProblem).join('\n'))
  if (parts.length === 0) return []
  const rules = await readParts(
    { parts, problems: cut.problems },
    { name: node, nodeAddresses: addressesOf?.(node) ?? [] },
  )
  return [{ node, rules }]
}

/** An agent's counters belong to the node of their name; where only one node is described, to that. */
const withAgents = (nodes: readonly NodeSource[], agents: readonly AgentCounters[]): readonly NodeSource[] => {
  const all = [...nodes]
  for (const { node, counters } of agents) {
    const at = all.findIndex((one) => one.node === node || (one.node === '' && agents.length === 1))
    const found = all[at]
    if (found === undefined) all.push({ node, rules: noRules(node), counters })
    else all[at] = { ...found, counters: [...(found.counters ?? []), ...counters] }
  }
  return all
}

const noRules = (name: string): NodeSource['rules'] => ({
  name,
  tables: [],
  ipvs: null,
  conntrack: null,
  addresses: new Set(),
  addressesFrom: 'unknown',
  routes: [],
  complete: false,
  problems: [],
})
