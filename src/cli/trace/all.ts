import type { NodeRules } from '../../inspect/dumps/node.ts'
import { percent, type SurveyedFrontend, surveyNode } from '../../inspect/dumps/survey.ts'
import { formatEndpoint } from '../../model/address.ts'
import { formatTable } from '../text/table.ts'
import { loadNodes, naming, type NodeFlags } from './nodes.ts'
import { type BackendReport, backendReport, type NameOf } from './report.ts'

/** `trace --all -o json`: one line for each frontend, documented in docs/json.md. */
export interface FrontendReport {
  readonly at?: string
  readonly frontend: string
  readonly service: string
  readonly from: string
  readonly verdict: string
  readonly masquerade: boolean | null
  readonly partial: boolean
  readonly unknown: readonly string[]
  readonly backends: readonly BackendReport[]
  readonly conditions: readonly string[]
  readonly odd: readonly string[]
}

/** Prints what becomes of a packet to every frontend of the nodes; how many were found. */
export const traceAll = async (
  flags: NodeFlags & { readonly from?: string; readonly output: 'table' | 'json' },
): Promise<number> => {
  const { nodes, names } = await loadNodes(flags)
  let count = 0
  for (const node of nodes) {
    const reports = surveyed(node, flags.from, naming(names), names.services)
    count += reports.length
    process.stdout.write(flags.output === 'json' ? jsonLines(reports) : frontendTable(reports))
  }
  if (count === 0) process.stderr.write('no frontend of a Service is in these rules\n')
  return count
}

const surveyed = (
  node: NodeRules,
  from: string | undefined,
  nameOf: NameOf,
  services: ReadonlyMap<string, string>,
): readonly FrontendReport[] =>
  Array.from(surveyNode(node, from), (one) =>
    frontendReport(one, node.name, nameOf, services.get(one.frontend) ?? one.title),
  )

const frontendReport = (
  { frontend, packet, trace, odd }: SurveyedFrontend,
  at: string,
  nameOf: NameOf,
  service: string,
): FrontendReport => ({
  ...(at === '' ? {} : { at }),
  frontend,
  service,
  from: packet.from,
  verdict: trace.verdict,
  masquerade: trace.masquerade,
  partial: trace.partial,
  unknown: trace.unknown,
  backends: trace.backends.map((backend) => backendReport(backend, nameOf)),
  conditions: trace.conditions,
  odd,
})

const jsonLines = (reports: readonly FrontendReport[]): string =>
  reports.map((one) => `${JSON.stringify(one)}\n`).join('')

const header = ['FRONTEND', 'SERVICE', 'VERDICT', 'MASQUERADE', 'BACKENDS', 'ODD']

const frontendTable = (reports: readonly FrontendReport[]): string => {
  const several = reports.some(({ at }) => at !== undefined)
  return formatTable(
    several ? ['NODE', ...header] : header,
    reports.map(({ at = '', frontend, service, verdict, masquerade, backends, odd }) => [
      ...(several ? [at] : []),
      frontend,
      service === '' ? '-' : service,
      verdict,
      verdict === 'dnat' ? masqueradeText(masquerade) : '-',
      backendsText(backends),
      odd.join('; '),
    ]),
  )
}

const masqueradeText = (masquerade: boolean | null): string =>
  masquerade === null ? 'some' : masquerade ? 'yes' : 'no'

const MOST_NAMED = 4

/** `10.1.0.4:8080 33.3333%, … 12 more` */
const backendsText = (backends: readonly BackendReport[]): string => {
  if (backends.length === 0) return '-'
  const named = backends
    .slice(0, MOST_NAMED)
    .map(({ address, port, share, pod }) => `${pod ?? formatEndpoint(address, port)} ${percent(share)}`)
  const more = backends.length - named.length
  return more > 0 ? `${named.join(', ')}, … ${more} more` : named.join(', ')
}
