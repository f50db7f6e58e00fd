import type { Comparison, FigureTable, ImbalanceReport, ImbalanceRun } from '../../lab/imbalance/report.ts'
import { nameOfRun, seriesSentence } from '../../lab/imbalance/result.ts'
import { seriesText } from './series-text.ts'
import { verdictSentence } from '../skew/text.ts'
import { numericTable } from '../text/table.ts'
import { wrapped } from '../text/wrapped.ts'

/** A reported imbalance for a person: what is claimed, what was measured, what was predicted, what skew says. */
export const imbalanceText = (report: ImbalanceReport): string => {
  const claims = report.claims.map(({ text, source, numbers, unit }) => {
    const published = numbers === undefined ? '' : ` (${numbers.join(', ')}${unit === undefined ? '' : ` ${unit}`})`
    return `claimed:\n${wrapped(`${text}${published}`, '  ')}${source === null ? '' : `  ${source}\n`}`
  })
  const skipped = report.skipped.map(({ plane, scheduler, service, reason }) => {
    const what = [service, plane, scheduler].filter((part) => part !== undefined).join(' ')
    return `skipped: ${what}: ${reason}\n`
  })
  return [
    `${report.scenario}: ${report.summary}\n${claims.join('')}`,
    ...report.runs.map(runText),
    ...report.tables.map(tableText),
    seriesOfRuns(report),
    report.findings.map((finding) => wrapped(finding)).join(''),
    skipped.join(''),
  ]
    .filter((part) => part !== '')
    .join('\n')
}

const runText = (run: ImbalanceRun): string => {
  const again = run.repetition === 1 ? '' : `, again (${run.repetition})`
  const failed = run.failures === 0 ? '' : `, ${run.failures} failed`
  return [
    `${nameOfRun(run)}${again}: ${run.connections} connections${failed}`,
    paragraph(`claimed: ${run.claimed}`, '  '),
    indented(comparisonTable(run)),
    `  ${bandLine(run)}`,
    ...skewLines(run),
    ...factLines(run),
    ...curveLines(run),
    ...run.notes.map((note) => paragraph(note, '  ')),
    '',
  ].join('\n')
}

const barWidth = 24

/** A bar for pods; other numbers have each their own scale. */
const comparisonTable = (run: ImbalanceRun): string => {
  const pods = new Map(run.backends.map(({ name, node }) => [name, node]))
  const most = new Map<string, number>()
  for (const { name, unit, value } of run.predicted)
    if (pods.has(name)) most.set(unit, Math.max(value, most.get(unit) ?? 0))
  const rows = run.predicted.map((one) => [
    one.name,
    pods.get(one.name) ?? '',
    numberText(one.value),
    `${numberText(one.low)}–${numberText(one.high)}`,
    numberText(one.median),
    one.unit,
    one.inside ? '' : 'OUTSIDE',
    pods.has(one.name) ? barText(one, most.get(one.unit) ?? 0) : '',
  ])
  return numericTable([['', 'NODE', 'MEASURED', 'PREDICTED', 'MEDIAN', '', '', ''], ...rows], 2, 5)
}

const barText = ({ value }: Comparison, most: number): string =>
  most > 0 ? '█'.repeat(Math.round((value / most) * barWidth)) : ''

const numberText = (value: number): string =>
  Number.isInteger(value) ? String(value) : value.toFixed(Math.abs(value) < 10 ? 2 : 1)

const bandLine = ({ insideBand, bandP }: ImbalanceRun): string =>
  insideBand
    ? `predicted: inside the band of 95 in 100 simulated runs (p = ${bandP.toPrecision(2)})`
    : `predicted: OUTSIDE the band of 95 in 100 simulated runs (p = ${bandP.toPrecision(2)})`

const skewLines = ({ skew }: ImbalanceRun): readonly string[] => {
  if (skew === null) return []
  const { cause, notes, nulls } = skew
  const tried = nulls.length < 2 ? [] : [`tried: ${nulls.map(({ name, p }) => `${name} p = ${pText(p)}`).join(', ')}`]
  const why = cause === null ? [] : [`${cause.code}: ${cause.evidence}`, `cure: ${cause.cure}`]
  return [
    paragraph(`skew: ${verdictSentence(skew)}`, '  '),
    ...[...why, ...tried, ...notes].map((line) => paragraph(line, '    ')),
  ]
}

const pText = (p: number): string => (p === 0 ? '0' : p.toPrecision(2))

const factLines = ({ facts = {} }: ImbalanceRun): readonly string[] =>
  Object.entries(facts).map(([name, value]) => `  ${name}: ${value}`)

/** Those that were predicted are drawn; one of the same unit without a prediction is a curve to compare with. */
const curveLines = ({ series = [] }: ImbalanceRun): readonly string[] => {
  const drawn = series.filter(
    ({ predicted, points }) => predicted !== undefined && points.some(([, value]) => value > 0),
  )
  return drawn.flatMap((one) => {
    const other = series.find(({ unit, predicted }) => unit === one.unit && predicted === undefined)
    const text = seriesText(one, other)
    return text === '' ? [] : [indented(text)]
  })
}

const tableText = ({ title, header, rows }: FigureTable): string => {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? numberText(cell) : cell)))
  return `${title}\n${indented(numericTable([header, ...cells], 1))}\n`
}

const seriesOfRuns = (report: ImbalanceReport): string => {
  const repeated = report.bands
    .filter(({ runs }) => runs > 1)
    .map((band) => `${nameOfRun(band)}: ${band.inside} of ${band.runs} runs inside the band\n`)
  return `${repeated.join('')}${report.runs.length > 1 ? wrapped(seriesSentence(report)) : ''}`
}

const paragraph = (text: string, indent: string): string => wrapped(text, indent).trimEnd()

const indented = (text: string): string => text.replace(/^/gm, '  ').trimEnd()
