import { Option, type Command } from 'commander'
import type { Packet } from '../../model/packet.ts'
import { collect, stdinOnce } from '../options/arguments.ts'
import { addPlannedOptions, type PlannedOptions } from '../options/planned.ts'
import { type Expectation, parseExpectation, unexpected } from './expect.ts'
import { parseSource, parseTarget, readPackets, sameFamily } from './packets.ts'
import type { TraceReport } from './report.ts'
import { traceText } from './text.ts'

interface TraceOptions extends PlannedOptions {
  readonly from?: string
  readonly to?: string
  readonly inInterface?: string
  readonly packets?: string
  readonly expect?: string
  readonly dump?: readonly string[]
  readonly nodeFile?: readonly string[]
  readonly live?: true
  readonly all?: true
  readonly diff?: readonly string[]
  readonly verbose?: true
  readonly output: 'table' | 'json'
}

/** Tells where packets would go. Exit 1: `--expect` said otherwise, or `--diff` found a difference. */
export function register(command: Command): void {
  addPlannedOptions(command)
    .option('--from <address>', 'the client')
    .option('--to <address:port/protocol>', 'what it dials, e.g. 10.96.0.10:53/udp')
    .option('--in-interface <name>', 'the interface by which the packet comes in')
    .option('--packets <file>', 'many packets: JSON lines of {name, from, to, port, protocol}, - for stdin')
    .option('--plane <plane>', "the plane to compile for (default: the configuration's mode, then the best there is)")
    .option('--dump <files...>', "somebody's rules: iptables-save, nft list ruleset, ipvsadm -Ln, ipset, ip addr, …")
    .option('--node-file <node=path>', 'the same for one of several nodes: a file or a directory (repeatable)', collect)
    .option('--live', "this node's kernel, whoever wrote the rules")
    .option('--all', 'every frontend in the rules, a line each')
    .option('--diff <dumps...>', 'two nodes, each a file or a directory: which frontends differ, and how much')
    .option('--expect <expectation>', 'exit 1 unless so: verdict=V,backend=ADDRESS[:PORT],masquerade=true|false')
    .option('-v, --verbose', 'show rules that did not match too, and why')
    .addOption(new Option('-o, --output <format>', 'format').choices(['table', 'json']).default('table'))
    .action(async (options: TraceOptions) => {
      stdinOnce(pathsOf(options))
      if (options.diff !== undefined) return compare(options.diff, options)
      if (options.all) return survey(options)
      const expectation = options.expect === undefined ? null : parseExpectation(options.expect)
      const packets = await packetsOf(options)
      const reports = await tracePackets(packets, options)
      process.stdout.write(reports.map(options.output === 'json' ? jsonLine : traceText).join(''))
      if (expectation !== null) judge(expectation, reports)
    })
}

const jsonLine = (report: TraceReport): string => `${JSON.stringify(report)}\n`

const pathsOf = ({ filename, packets, dump, nodeFile, diff }: TraceOptions) => ({
  '--filename': filename,
  '--packets': packets === undefined ? [] : [packets],
  '--dump': dump,
  '--node-file': nodeFile?.map(withoutNode),
  '--diff': diff?.map(withoutNode),
})

/** `node-a=-` → `-` */
const withoutNode = (text: string): string => text.slice(text.indexOf('=') + 1)

const isForeign = ({ dump, nodeFile, live }: TraceOptions): boolean =>
  dump !== undefined || nodeFile !== undefined || live === true

const compare = async (paths: readonly string[], options: TraceOptions): Promise<void> => {
  if (options.all || isForeign(options) || options.to !== undefined || options.packets !== undefined)
    throw new Error('--diff stands alone: give it two files or directories, and --from if the client matters')
  const { traceDiff } = await import('./diff.ts')
  if ((await traceDiff(paths, { ...options, ...clientOf(options) })) > 0) process.exitCode = 1
}

const survey = async (options: TraceOptions): Promise<void> => {
  if (!isForeign(options))
    throw new Error('--all needs rules: give --dump, --node-file or --live (for objects: evenkeel plan)')
  if (options.to !== undefined || options.packets !== undefined)
    throw new Error('give --all, or --to or --packets, not both')
  const { traceAll } = await import('./all.ts')
  await traceAll({ ...options, ...clientOf(options) })
}

const clientOf = ({ from }: TraceOptions): { readonly from?: string } =>
  from === undefined ? {} : { from: parseSource(from) }

const judge = (expectation: Expectation, reports: readonly TraceReport[]): void => {
  for (const report of reports) {
    for (const text of unexpected(expectation, report)) {
      const who = [report.name, report.at].filter((part) => part !== undefined).join(' on ')
      process.stderr.write(`${who === '' ? '' : `${who}: `}${text}\n`)
      process.exitCode = 1
    }
  }
}

const packetsOf = async ({ from, to, packets, inInterface }: TraceOptions): Promise<readonly Packet[]> => {
  const via = inInterface === undefined ? {} : { inputInterface: inInterface }
  if (packets !== undefined) {
    if (from !== undefined || to !== undefined) throw new Error('give --packets, or --from and --to, not both')
    return (await readPackets(packets)).map((packet) => ({ ...packet, ...via }))
  }
  if (from === undefined || to === undefined)
    throw new Error('no packet to trace: give --from and --to, or --packets FILE (or --all with --dump or --live)')
  const packet = { from: parseSource(from), ...parseTarget(to), ...via }
  sameFamily(packet, '--from, --to')
  return [packet]
}

const tracePackets = async (packets: readonly Packet[], options: TraceOptions): Promise<readonly TraceReport[]> => {
  if (isForeign(options)) return (await import('./nodes.ts')).traceNodes(packets, options)
  return (await import('./planned.ts')).tracePlanned(packets, options)
}
