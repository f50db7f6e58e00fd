import type { Packet } from '../../model/packet.ts'
import { loadPlane } from '../../dataplane/registry.ts'
import { planeFor } from '../options/node-options.ts'
import { loadPlanned, type PlannedOptions } from '../options/planned.ts'
import { printProblems } from '../text/problems.ts'
import { namesOf, traceReport, type TraceReport } from './report.ts'

/** Plans the objects for a node, compiles them for a plane and walks the packets through the rules. */
export const tracePlanned = async (
  packets: readonly Packet[],
  options: PlannedOptions,
): Promise<readonly TraceReport[]> => {
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
  const names = namesOf(planner.frontends.values())
  const trace = plane.trace(programs, node)
  return packets.map((packet) => traceReport(packet, trace(packet), names))
}
