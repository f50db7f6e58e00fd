import { formatEndpoint } from '../model/address.ts'
import { formatTable } from './table.ts'
import type { BackendReport, TraceReport } from './trace-report.ts'

/** For people: the way through the rules, the backends with their odds, and the packet as it goes on. */
export const traceText = (report: TraceReport): string => {
  const { name, from, to, port, protocol } = report
  const title = `${name === undefined ? '' : `${name}: `}${from} -> ${formatEndpoint(to, port)}/${protocol.toLowerCase()}`
  return [
    title,
    ...report.path.flatMap(({ table, chain, rule, result }) => [
      `  ${table} ${chain}`,
      `    ${rule}`,
      `      => ${result}`,
    ]),
    ...section('only if', report.conditions),
    ...section('not understood', report.unknown),
    '',
    verdictLine(report),
    backendTable(report.backends),
  ].join('\n')
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
      return `goes on as ${source(from, masquerade)} -> ${target}`
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

const source = (from: string, masquerade: boolean | null): string => {
  if (masquerade === null) return `${from} (masqueraded where it dials itself)`
  return masquerade ? `(masqueraded ${from})` : from
}

const header = ['BACKEND', 'PROBABILITY', 'SHARE', 'MASQUERADE', 'POD', 'NODE']

const backendTable = (backends: readonly BackendReport[]): string =>
  formatTable(
    header,
    backends.map(({ address, port, probability, share, masquerade, pod, node }) => [
      formatEndpoint(address, port),
      probability ?? '',
      `${(share * 100).toFixed(4)}%`,
      masquerade ? 'yes' : 'no',
      pod ?? '',
      node ?? '',
    ]),
  )
