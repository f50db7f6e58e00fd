import { compareNodes, type NodeDifference } from '../../inspect/dumps/difference.ts'
import { percent } from '../../inspect/dumps/survey.ts'
import { briefly } from '../../inspect/dumps/assume.ts'
import type { Trace } from '../../model/packet.ts'
import { nearestDouble } from '../../rules/fraction.ts'
import { formatTable } from '../text/table.ts'
import { loadNode, naming, type NodeFlags } from './nodes.ts'
import { type BackendReport, backendReport, type NameOf } from './report.ts'

/** `trace --diff -o json`: one line for each difference, documented in docs/json.md. */
export interface DifferenceReport {
  readonly frontend: string
  readonly service: string
  /** total variation distance, exact and as the nearest double */
  readonly difference: string
  readonly share: number
  readonly masquerade: boolean
  readonly a: SideReport | null
  readonly b: SideReport | null
}

export interface SideReport {
  readonly verdict: string
  readonly masquerade: boolean | null
  readonly partial: boolean
  readonly backends: readonly BackendReport[]
}

/** Prints what two nodes do differently; how many frontends that is. */
export const traceDiff = async (
  paths: readonly string[],
  flags: NodeFlags & { readonly from?: string; readonly output: 'table' | 'json' },
): Promise<number> => {
  const [first, second] = paths
  if (first === undefined || second === undefined || paths.length > 2)
    throw new Error(`--diff compares two nodes, each a file or a directory of files; ${paths.length} given`)
  const [a, b] = [await loadNode(first, flags), await loadNode(second, flags)]
  const [nodeA, nodeB] = [a.nodes[0], b.nodes[0]]
  if (nodeA === undefined || nodeB === undefined) throw new Error('--diff: nothing to compare')
  const services = new Map([...a.names.services, ...b.names.services])
  const nameOf: NameOf = (address, port) => naming(a.names)(address, port) ?? naming(b.names)(address, port)
  const found = compareNodes(nodeA, nodeB, flags.from)
  const reports = found.map((one) => differenceReport(one, nameOf, services))
  process.stdout.write(flags.output === 'json' ? jsonLines(reports) : differenceText(found, services))
  return found.length
}

const differenceReport = (
  { frontend, title, a, b, share, masquerade }: NodeDifference,
  nameOf: NameOf,
  services: ReadonlyMap<string, string>,
): DifferenceReport => ({
  frontend,
  service: services.get(frontend) ?? title,
  difference: `${share.numerator}/${share.denominator}`,
  share: nearestDouble(share),
  masquerade,
  a: sideReport(a, nameOf),
  b: sideReport(b, nameOf),
})

const sideReport = (trace: Trace | null, nameOf: NameOf): SideReport | null =>
  trace && {
    verdict: trace.verdict,
    masquerade: trace.masquerade,
    partial: trace.partial,
    backends: trace.backends.map((backend) => backendReport(backend, nameOf)),
  }

const jsonLines = (reports: readonly DifferenceReport[]): string =>
  reports.map((one) => `${JSON.stringify(one)}\n`).join('')

const differenceText = (found: readonly NodeDifference[], services: ReadonlyMap<string, string>): string => {
  if (found.length === 0) return 'no difference\n'
  return formatTable(
    ['FRONTEND', 'SERVICE', 'ELSEWHERE', 'A', 'B'],
    found.map(({ frontend, title, share, masquerade, a, b }) => [
      frontend,
      (services.get(frontend) ?? title) || '-',
      percent(nearestDouble(share)),
      sideText(a, masquerade),
      sideText(b, masquerade),
    ]),
  )
}

const sideText = (trace: Trace | null, masquerade: boolean): string => {
  if (trace === null) return 'missing'
  const how = !masquerade ? '' : trace.masquerade === true ? ', masqueraded' : ', not masqueraded'
  return `${briefly(trace)}${how}${trace.partial ? ' (partial)' : ''}`
}
