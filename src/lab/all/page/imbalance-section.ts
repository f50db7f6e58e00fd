import { chartSvg } from '../../../util/chart/chart.ts'
import type { AxisOptions, BarPanel, LinePanel, Panel } from '../../../util/chart/model.ts'
import type { Comparison, FigureTable, ImbalanceReport, ImbalanceRun, Series } from '../../imbalance/report.ts'
import { nameOfRun, seriesSentence, titleOfRun as titleOf } from '../../imbalance/result.ts'
import { categoriesOf, type Cell, luckText, numberText, type PageTable, type Section, skippedText } from './section.ts'

type Body = Omit<Section, 'name' | 'summary' | 'result' | 'faults'>

/** Of a reported imbalance. */
export const imbalanceSection = (report: ImbalanceReport): Body => {
  const { runs, claims, tables, findings, skipped, bands } = report
  return {
    claims,
    charts: [...quantityCharts(report), ...seriesCharts(report)],
    tables: [...(runs.length === 0 ? [] : [tableOf(runs)]), ...tables.map(figuresOf)],
    findings: [
      ...(runs.length === 0 ? [] : [seriesSentence(report)]),
      ...findings,
      ...bands
        .filter((band) => band.runs > 1)
        .map((band) => `${nameOfRun(band)}: ${band.inside} of ${band.runs} runs inside the band.`),
    ],
    skipped: skipped.map(skippedText),
  }
}

/** Nobody looks at more of them. */
const MOST_PANELS = 18

const BAND = 'predicted: 95 in 100 simulated runs are wholly inside'

const notAll = (runs: number): string => (runs > MOST_PANELS ? `. The first ${MOST_PANELS} of ${runs} runs` : '')

/** A drawing for each unit in which several things were measured: pods beside each other. Repetitions are in the table. */
const quantityCharts = ({ scenario, runs }: ImbalanceReport): readonly string[] => {
  const first = runs.filter(({ repetition }) => repetition === 1)
  const units = [...new Set(first.flatMap(({ predicted }) => predicted.map(({ unit }) => unit)))]
  return units.flatMap((unit) => {
    const shown = first
      .map((run) => ({ run, of: run.predicted.filter((one) => one.unit === unit) }))
      .filter(({ of }) => of.length > 1)
    const y = { label: unit, most: highest(shown.flatMap(({ of }) => of.flatMap(({ value, high }) => [value, high]))) }
    const panels = shown.slice(0, MOST_PANELS).map(({ run, of }) => barsOf(run, y, of))
    return panels.length === 0
      ? []
      : [
          chartSvg({
            title: `${scenario}: ${unit === '' ? 'measured' : unit}`,
            subtitle: `Bars: measured. Brackets: ${BAND}${notAll(shown.length)}`,
            description: descriptionOf(first, unit),
            series: ['measured'],
            panels,
          }),
        ]
  })
}

/** One scale for all panels, so that they can be compared by eye. */
const highest = (values: readonly number[]): number =>
  values.filter((value) => isKnown(value)).reduce((most, value) => Math.max(most, value), 0)

const barsOf = (run: ImbalanceRun, y: AxisOptions, of: readonly Comparison[]): BarPanel => ({
  kind: 'bars',
  title: titleOf(run),
  ...categoriesOf(of.map(({ name }) => name)),
  y,
  bars: [
    { series: 0, values: of.map(({ value, low, high }) => ({ value, ...(isKnown(low, high) && { low, high }) })) },
  ],
})

/** A band that could not be told is null once it was JSON. */
const isKnown = (...values: readonly unknown[]): boolean =>
  values.every((value) => typeof value === 'number' && Number.isFinite(value))

const descriptionOf = (runs: readonly ImbalanceRun[], unit: string): string =>
  runs
    .map((run) => {
      const of = run.predicted.filter((one) => one.unit === unit)
      return `${titleOf(run)}: ${of.map(({ name, value }) => `${name} ${numberText(value)}`).join(', ')}.`
    })
    .join(' ')

/** A drawing for each unit that was followed over time, a panel for each run. */
const seriesCharts = ({ scenario, runs }: ImbalanceReport): readonly string[] => {
  const first = runs.filter(({ repetition, series = [] }) => repetition === 1 && series.length > 0)
  const units = [...new Set(first.flatMap(({ series = [] }) => series.map(({ unit }) => unit)))]
  return units.map((unit) => {
    const ofRun = ({ series = [] }: ImbalanceRun): readonly Series[] => series.filter((one) => one.unit === unit)
    const names = [...new Set(first.flatMap((run) => ofRun(run).map(({ name }) => name)))]
    const shown = first.filter((run) => ofRun(run).length > 0)
    const values = shown
      .flatMap(ofRun)
      .flatMap(({ points, predicted = [] }) => [
        ...points.map(([, value]) => value),
        ...predicted.map(([, , , high]) => high),
      ])
    const y = { label: unit, most: highest(values) }
    const panels: Panel[] = shown.slice(0, MOST_PANELS).map((run) => linesOf(run, y, ofRun(run), names))
    const hasBand = first.some((run) => ofRun(run).some(({ predicted }) => predicted !== undefined))
    return chartSvg({
      title: `${scenario}: over time`,
      subtitle: `${hasBand ? 'Lines: measured. Dashed: the median of simulated runs' : 'As measured'}${notAll(shown.length)}`,
      description: `${unit} of ${names.join(', ')} over time, in ${panels.length} runs.`,
      series: names,
      ...(hasBand && { band: 'predicted by simulated runs' }),
      panels,
    })
  })
}

const linesOf = (run: ImbalanceRun, y: AxisOptions, own: readonly Series[], names: readonly string[]): LinePanel => ({
  kind: 'lines',
  title: titleOf(run),
  x: { label: 'time', scale: 'time' },
  y,
  lines: own.flatMap(({ name, points, predicted = [] }) => [
    { series: names.indexOf(name), points },
    {
      series: names.indexOf(name),
      look: 'dashed' as const,
      points: predicted.map(([second, , median]) => [second, median] as const),
    },
  ]),
  bands: own.flatMap(({ name, predicted = [] }) =>
    predicted.length === 0
      ? []
      : [
          {
            series: names.indexOf(name),
            points: predicted.map(([second, low, , high]) => [second, low, high] as const),
          },
        ],
  ),
})

/** More are a page of their own. */
const MOST_OPEN = 8

const tableOf = (runs: readonly ImbalanceRun[]): PageTable => ({
  title: 'Each run',
  folded: runs.length > MOST_OPEN,
  header: ['plane, scheduler', 'claimed', 'measured', 'predicted: from … to (median)', 'verdict'],
  rows: runs.map((run) => [
    titleOf(run),
    run.claimed,
    measuredOf(run),
    {
      lines: run.predicted.map(
        ({ low, median, high, inside }) =>
          `${numberText(low)} … ${numberText(high)} (${numberText(median)})${inside ? '' : ' ✗'}`,
      ),
    },
    verdictOf(run),
  ]),
})

const measuredOf = ({ predicted, facts = {}, failures, connections }: ImbalanceRun): Cell => ({
  lines: predicted.map(({ name, value, unit }) => `${name} ${numberText(value)}${unit === '' ? '' : ` ${unit}`}`),
  more: [
    ...Object.entries(facts).map(
      ([name, value]) => `${name}: ${typeof value === 'number' ? numberText(value) : value}`,
    ),
    ...(failures > 0 ? [`${numberText(failures)} of ${numberText(connections)} connections failed`] : []),
  ],
})

const verdictOf = ({ insideBand, bandP, skew, notes }: ImbalanceRun): Cell => ({
  lines: [
    insideBand ? `✓ as predicted (${luckText(bandP)})` : `✗ outside the prediction (${luckText(bandP)})`,
    ...(skew === null
      ? []
      : [`skew: ${skew.verdict}${skew.cause === null ? '' : ` (${skew.cause.code})`}`, luckText(skew.p)]),
  ],
  more: [...(skew?.cause ? [skew.cause.evidence, `Cure: ${skew.cause.cure}`] : []), ...notes],
  tone: insideBand ? 'good' : 'bad',
})

const figuresOf = ({ title, header, rows }: FigureTable): PageTable => ({
  title,
  header: header.map((words) => (words === words.toUpperCase() ? words.toLowerCase() : words)),
  numeric: header.map((_, column) => rows.every((row) => typeof row[column] === 'number')),
  rows: rows.map((row) => row.map((cell) => (typeof cell === 'number' ? numberText(cell) : cell))),
})
