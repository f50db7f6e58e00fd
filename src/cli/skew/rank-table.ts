import type { RankedReport } from '../../inspect/skew/rank.ts'
import type { SkewReport } from '../../inspect/skew/report.ts'
import { shortNumber } from './text.ts'
import { formatTable } from '../text/table.ts'

const header = ['SERVICE', 'VERDICT', 'COUNT', 'BACKENDS', 'MAX/MEAN', 'P', 'Q', 'CAUSE']

/** Many Services, a line each, the most evidence first, idle ones only by their number; then the notes about their data. */
export const rankTable = (reports: readonly (SkewReport | RankedReport)[], headers: boolean): string => {
  const busy = reports.filter(({ n }) => n > 0)
  const idle = reports.length - busy.length
  const rows = (busy.length === 0 ? reports : busy).map((report) => [
    report.service ?? '-',
    report.verdict,
    shortNumber(report.n),
    String(report.k),
    report.maxOverMean.toFixed(2),
    report.p === null ? '-' : odds(report.p),
    'q' in report && report.q !== null ? odds(report.q) : '-',
    report.cause === null ? '-' : report.cause.code,
  ])
  const more = idle === 0 || busy.length === 0 ? '' : `… and ${idle} of which nothing was counted\n`
  return `${formatTable(headers ? header : null, rows)}${more}${notesText(busy.length === 0 ? reports : busy)}`
}

/** Each note once, with the Services that it is about. */
const notesText = (reports: readonly SkewReport[]): string => {
  const about = Map.groupBy(
    reports.flatMap(({ service, notes }) => notes.map((note) => ({ note, service: service ?? 'counts' }))),
    ({ note }) => note,
  )
  const lines = Array.from(about, ([note, of]) => {
    const more = of.length > 1 ? ` and ${of.length - 1} more` : ''
    return `note: ${of[0]?.service}${more}: ${note}\n`
  })
  return lines.length === 0 ? '' : `\n${lines.join('')}`
}

const odds = (p: number): string => (p === 0 ? '0' : p < 0.001 ? p.toExponential(1) : p.toFixed(3))
