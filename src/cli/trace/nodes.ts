import type { Packet } from '../../model/packet.ts'
import { readDumpFiles } from '../../inspect/dumps/files.ts'
import { type ClusterNames, type ObjectFile, readNames } from '../../inspect/dumps/names.ts'
import type { NodeRules } from '../../inspect/dumps/node.ts'
import { formatDumpProblem } from '../../inspect/dumps/problem.ts'
import { type CutDumps, cutDumps, readParts } from '../../inspect/dumps/read.ts'
import { traceNode } from '../../inspect/dumps/trace-node.ts'
import { readObjectFiles } from '../../sources/files.ts'
import { printProblems } from '../text/problems.ts'
import { type NameOf, traceReport, type TraceReport } from './report.ts'

/** Flags that say whose rules to trace. */
export interface NodeFlags {
  readonly dump?: readonly string[]
  readonly nodeFile?: readonly string[]
  readonly live?: true
  readonly filename?: readonly string[]
  readonly node?: string
}

export interface LoadedNodes {
  readonly nodes: readonly NodeRules[]
  readonly names: ClusterNames
}

/** Reads every node that the flags describe; warnings go to stderr. Throws where of one nothing can be read at all. */
export const loadNodes = async (flags: NodeFlags): Promise<LoadedNodes> => {
  const sources = sourcesOf(flags)
  const dumps = await Promise.all(sources.map(async ({ paths }) => cutDumps(await readDumpFiles(paths))))
  const names = readNames([...(await readObjectFiles(flags.filename ?? [])), ...dumps.flatMap(objectFiles)])
  printProblems(names.problems, 'warning')
  const nodes = await Promise.all(
    sources.map(({ name }, i) => readNode(dumps[i] as CutDumps, name, addressesOf(names, flags.node ?? name))),
  )
  if (flags.live) nodes.push(await readLiveNode())
  for (const node of nodes) warn(node)
  return { nodes, names }
}

/** One node from the files, for `--diff`. */
export const loadNode = async (path: string, flags: NodeFlags): Promise<LoadedNodes> =>
  loadNodes({ nodeFile: [path.includes('=') ? path : `${path}=${path}`], filename: flags.filename ?? [] })

interface NodeSource {
  readonly name: string
  readonly paths: readonly string[]
}

const sourcesOf = ({ dump, nodeFile = [] }: NodeFlags): readonly NodeSource[] => {
  const named = new Map<string, string[]>()
  for (const text of nodeFile) {
    const at = text.indexOf('=')
    if (at < 1 || at === text.length - 1)
      throw new Error(`--node-file ${JSON.stringify(text)}: must read NODE=FILE or NODE=DIRECTORY`)
    const name = text.slice(0, at)
    named.set(name, [...(named.get(name) ?? []), text.slice(at + 1)])
  }
  const all = Array.from(named, ([name, paths]) => ({ name, paths }))
  return dump === undefined ? all : [{ name: '', paths: dump }, ...all]
}

const readNode = async (cut: CutDumps, name: string, addresses: readonly string[]): Promise<NodeRules> => {
  const node = await readParts(cut, { name, nodeAddresses: addresses })
  if (node.tables.length > 0) return node
  const why = node.problems.map(formatDumpProblem)
  throw new Error(`${name === '' ? '' : `${name}: `}no rules to trace${why.length === 0 ? '' : `\n${why.join('\n')}`}`)
}

const readLiveNode = async (): Promise<NodeRules> => {
  const { readLive } = await import('../../inspect/dumps/live.ts')
  return readLive()
}

const addressesOf = ({ nodes }: ClusterNames, name: string): readonly string[] => nodes.get(name)?.addresses ?? []

const objectFiles = ({ objects }: CutDumps): readonly ObjectFile[] =>
  objects.map(({ file, line, text }) => ({ name: file, content: Buffer.from('\n'.repeat(line - 1) + text) }))

const MOST_WARNINGS = 20

const warn = ({ problems }: NodeRules): void => {
  for (const problem of problems.slice(0, MOST_WARNINGS))
    process.stderr.write(`${problem.doubt === true ? 'problem' : 'warning'}: ${formatDumpProblem(problem)}\n`)
  if (problems.length > MOST_WARNINGS) process.stderr.write(`… and ${problems.length - MOST_WARNINGS} more\n`)
}

export const naming =
  ({ backends }: ClusterNames): NameOf =>
  (address) =>
    backends.get(address)

/** At most so many rules that did not match are shown with --verbose. */
const MOST_MISSES = 200

/** Each packet at each node, packet by packet. */
export const traceNodes = async (
  packets: readonly Packet[],
  flags: NodeFlags & { readonly verbose?: true },
): Promise<readonly TraceReport[]> => {
  const { nodes, names } = await loadNodes(flags)
  const nameOf = naming(names)
  const tracers = nodes.map((node) => ({
    name: node.name,
    trace: traceNode(node, { misses: flags.verbose ? MOST_MISSES : 0 }),
  }))
  return packets.flatMap((packet) => tracers.map(({ name, trace }) => traceReport(packet, trace(packet), nameOf, name)))
}
