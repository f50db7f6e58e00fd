import { formatEndpoint } from '../../model/address.ts'
import type { PathStep } from '../../model/packet.ts'
import { formatTable } from '../text/table.ts'
import type { BackendReport, TraceReport } from './report.ts'

/** For people: the way through the rules, the backends with their odds, and the packet as it goes on. */
export const traceText = (report: TraceReport): string => {
  const { name, at, from, to, port, protocol } = report
  const title = `${name === undefined ? '' : `${name}: `}${from} -> ${formatEndpoint(to, port)}/${protocol.toLowerCase()}`
  return [
    at === undefined ? title : `${title} on ${at}`,
    ...report.path.flatMap(stepLines),
    ...section('only if', report.conditions),
    ...section('not understood', report.unknown),
    '',
    verdictLine(report),
    backendTable(report.backends),
  ].join('\n')
}

const stepLines = (step: PathStep): readonly string[] => {
  const { table, chain, rule, result, whyNot } = step
  const place = placeOf(step)
  return [
    `  ${table} ${chain}${place === '' ? '' : `   (${place})`}`,
    `    ${rule}`,
    `      => ${result}${whyNot === undefined ? '' : `: ${whyNot}`}`,
  ]
}

/** `node.txt:12`, `line 12`, `handle 7`; '' where the rule has none of them. */
const placeOf = ({ file, line, handle }: PathStep): string => {
  const text = line === undefined ? file : file === undefined ? `line ${line}` : `${file}:${line}`
  const number = handle === undefined ? undefined : `handle ${handle}`
  return [text, number].filter((part) => part !== undefined).join(', ')
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`  ${title}:`, ...lines.map((line) => `    ${line}`)]

const verdictLine = (report: TraceReport): string => {
  const { verdict, partial } = report
  return `${verdict}${partial ? ' (partial: not all rules were understood)' : ''}: ${sentence(report)}`
}

const sentence = ({ verdict, from, to, port, backends, masquerade }: TraceReport): string => {
  switch (verdict) {
    case 'dnat': {
      const [only] = backends
      const target =
        backends.length === 1 && only ? formatEndpoint(only.address, only.port) : `one of ${backends.length} backends`
      return `goes on as ${source(from, masquerade, backends)} -> ${target}`
    }
    case 'reject':
      return 'refused, the client hears of it at once'
    case 'drop':
      return 'dropped, the client hears nothing'
    case 'accept':
    case 'none':
      return `goes on as it is, to ${formatEndpoint(to, port)}`
  }
}

const source = (from: string, masquerade: boolean | null, backends: readonly BackendReport[]): string => {
  const named = backends[0]?.source
  if (named !== undefined && backends.every((backend) => backend.source === named)) return named
  if (masquerade === null) return `${from} (masqueraded where it dials itself)`
  return masquerade ? `(masqueraded ${from})` : from
}

const header = ['BACKEND', 'PROBABILITY', 'SHARE', 'MASQUERADE', 'POD', 'NODE', 'ZONE']

const backendTable = (backends: readonly BackendReport[]): string => {
  const zones = backends.some(({ zone }) => zone !== undefined)
  return formatTable(
    zones ? header : header.slice(0, -1),
    backends.map(({ address, port, probability, share, masquerade, pod, node, zone }) => [
      formatEndpoint(address, port),
      probability ?? '',
      `${(share * 100).toFixed(4)}%`,
      masquerade ? 'yes' : 'no',
      pod ?? '',
      node ?? '',
      ...(zones ? [zone ?? ''] : []),
    ]),
  )
}
