import { Option, type Command } from 'commander'
import type { Packet } from '../model/packet.ts'
import { loadPlane } from '../dataplane/registry.ts'
import { planeFor } from './node-options.ts'
import { addPlannedOptions, loadPlanned, type PlannedOptions } from './planned.ts'
import { printProblems } from './problems.ts'
import { parseExpectation, unexpected } from './trace-expect.ts'
import { parseSource, parseTarget, readPackets, sameFamily } from './trace-packets.ts'
import { podsOf, traceReport, type TraceReport } from './trace-report.ts'
import { traceText } from './trace-text.ts'

interface TraceOptions extends PlannedOptions {
  readonly from?: string
  readonly to?: string
  readonly packets?: string
  readonly expect?: string
  readonly dump?: readonly string[] | true
  readonly live?: true
  readonly output: 'table' | 'json'
}

/** Tells where packets would go. Exit 1: `--expect` said otherwise. */
export function register(command: Command): void {
  addPlannedOptions(command)
    .option('--from <address>', 'the client')
    .option('--to <address:port/protocol>', 'what it dials, e.g. 10.96.0.10:53/udp')
    .option('--packets <file>', 'many packets: JSON lines of {name, from, to, port, protocol}, - for stdin')
    .option('--plane <plane>', "the plane to compile for (default: the configuration's mode, then the best there is)")
    .option('--expect <expectation>', 'exit 1 unless so: verdict=V,backend=ADDRESS[:PORT],masquerade=true|false')
    .option('--dump <files...>', 'not in this version: rules from a bug report')
    .option('--live', "not in this version: this node's kernel")
    .addOption(new Option('-o, --output <format>', 'format').choices(['table', 'json']).default('table'))
    .action(async (options: TraceOptions) => {
      refuseForeignRules(options)
      const expectation = options.expect === undefined ? null : parseExpectation(options.expect)
      const packets = await packetsOf(options)
      const reports = await tracePackets(packets, options)
      process.stdout.write(reports.map(options.output === 'json' ? jsonLine : traceText).join(''))
      if (expectation === null) return
      for (const report of reports) {
        for (const text of unexpected(expectation, report)) {
          process.stderr.write(`${report.name === undefined ? '' : `${report.name}: `}${text}\n`)
          process.exitCode = 1
        }
      }
    })
}

const jsonLine = (report: TraceReport): string => `${JSON.stringify(report)}\n`

const refuseForeignRules = ({ dump, live }: TraceOptions): void => {
  const flag = dump === undefined ? (live ? '--live' : null) : '--dump'
  if (flag === null) return
  throw new Error(
    `${flag} is not in this version: it traces planned rules only, from objects given with -f FILE or --source manifests:DIR`,
  )
}

const packetsOf = async ({ from, to, packets }: TraceOptions): Promise<readonly Packet[]> => {
  if (packets !== undefined) {
    if (from !== undefined || to !== undefined) throw new Error('give --packets, or --from and --to, not both')
    return readPackets(packets)
  }
  if (from === undefined || to === undefined)
    throw new Error('no packet to trace: give --from and --to, or --packets FILE')
  const packet = { from: parseSource(from), ...parseTarget(to) }
  sameFamily(packet, '--from, --to')
  return [packet]
}

const tracePackets = async (packets: readonly Packet[], options: TraceOptions): Promise<readonly TraceReport[]> => {
  const { config, node, planner, problems } = await loadPlanned(options)
  printProblems(problems, 'warning')
  const plane = await loadPlane(planeFor(options, config))
  const programs = [plane.base(node)]
  for (const frontend of planner.frontends.values()) {
    const program = plane.compile(frontend, node)
    programs.push(program)
    for (const reason of program.refused)
      process.stderr.write(`warning: ${frontend.service} ${frontend.key}: ${reason}\n`)
  }
  const pods = podsOf(planner.frontends.values())
  const trace = plane.trace(programs, node)
  return packets.map((packet) => traceReport(packet, trace(packet), pods))
}
