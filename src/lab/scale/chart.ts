import { formatNumber } from '../../util/chart/axis.ts'
import { chartSvg } from '../../util/chart/chart.ts'
import type { AxisOptions, Line, LinePanel, Mark } from '../../util/chart/model.ts'
import { nameOf } from '../variant.ts'
import type { ScaleReport, ScaleRun } from './report.ts'

/** A drawing of the report: complete in itself. */
export const scaleChart = (report: ScaleReport): string => {
  const planes = [...Map.groupBy(report.runs, nameOf)].map(([name, runs]): Plane => ({ name, runs }))
  const endpoints = report.runs[0]?.endpoints ?? 0
  const sizes = report.runs.map(({ services }) => services)
  const x: AxisOptions = { label: 'Services', most: Math.max(1, ...sizes) }
  return chartSvg({
    title: 'What a Service proxy costs as the cluster grows',
    subtitle: `Linux ${report.node.kernel}, ${endpoints} endpoints a Service. At the left dashed: through the first Service, grey: to a backend itself, upright: twice as dear as with the fewest`,
    description: describe(report, planes),
    series: planes.map(({ name }) => name),
    panels: [
      connectPanel(planes, report, x),
      logPanel('first full sync', 'ms', planes, x, ({ fullSyncMs }) => fullSyncMs),
      logPanel('one endpoint changes', 'ms, p50', planes, x, ({ changeMs }) => changeMs.p50),
    ],
  })
}

interface Plane {
  readonly name: string
  readonly runs: readonly ScaleRun[]
}

const describe = ({ verdicts }: ScaleReport, planes: readonly Plane[]): string =>
  planes
    .map(({ name, runs }) => {
      const last = runs.at(-1)
      const growth = verdicts.find((verdict) => nameOf(verdict) === name)?.growth
      const kind = growth?.kind ?? 'measured with one size only'
      const at = growth?.doublesAt ?? null
      const doubles = at === null ? '' : `, twice as dear at ${formatNumber(at)} Services`
      return `${name}: connect() through the last of ${formatNumber(last?.services ?? 0)} Services takes ${last?.connectMicros.last ?? 0} µs: ${kind}${doubles}.`
    })
    .join(' ')

const linesOf = (
  planes: readonly Plane[],
  look: Line['look'] & string,
  of: (run: ScaleRun) => number,
): readonly Line[] =>
  planes.map(({ runs }, series) => ({ series, look, points: runs.map((run) => [run.services, of(run)]) }))

const connectPanel = (planes: readonly Plane[], { verdicts }: ScaleReport, x: AxisOptions): LinePanel => ({
  kind: 'lines',
  title: 'connect() through the last Service',
  x,
  y: { label: 'µs, p50', most: 1 },
  lines: [
    ...linesOf(planes, 'grey', ({ connectMicros }) => connectMicros.direct),
    ...linesOf(planes, 'dashed', ({ connectMicros }) => connectMicros.first),
    ...linesOf(planes, 'main', ({ connectMicros }) => connectMicros.last),
  ],
  marks: verdicts.flatMap(({ growth: { doublesAt }, ...variant }): readonly Mark[] => {
    const series = planes.findIndex(({ name }) => name === nameOf(variant))
    return doublesAt === null
      ? []
      : [{ axis: 'x', at: doublesAt, series, words: `twice at ${formatNumber(doublesAt)}` }]
  }),
})

const logPanel = (
  title: string,
  unit: string,
  planes: readonly Plane[],
  x: AxisOptions,
  of: (run: ScaleRun) => number,
): LinePanel => ({
  kind: 'lines',
  title,
  x,
  y: { label: unit, scale: 'log' },
  lines: linesOf(planes, 'main', of),
})
