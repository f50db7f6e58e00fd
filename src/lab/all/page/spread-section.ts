import { chartSvg } from '../../../util/chart/chart.ts'
import type { BarPanel } from '../../../util/chart/model.ts'
import type { LabReport, RunReport } from '../../report.ts'
import { bands } from '../../../inspect/statistics/index.ts'
import { categoriesOf, type Cell, luckText, numberText, type PageTable, type Section, skippedText } from './section.ts'

type Body = Omit<Section, 'name' | 'summary' | 'result' | 'faults'>

/** Of the scenarios even, weighted and restart. */
export const spreadSection = ({ runs, skipped, scenario, node }: LabReport): Body => ({
  claims: [],
  charts: runs.length === 0 ? [] : [chartOf(scenario, node.kernel, runs)],
  tables: runs.length === 0 ? [] : [tableOf(runs)],
  findings: [],
  skipped: skipped.map(skippedText),
})

const nameOf = ({ plane, scheduler }: RunReport): string => `${plane}, ${scheduler}`

const chartOf = (scenario: string, kernel: string, runs: readonly RunReport[]): string =>
  chartSvg({
    title: `${scenario}: connections of each pod`,
    subtitle: `Linux ${kernel}. Bars: as the pods counted them${runs.some((run) => !luckOf(run).includes(null)) ? '. Brackets: what luck alone allows, by the odds of the rules' : ''}`,
    description: runs
      .map((run) => `${nameOf(run)}: ${run.backends.map((pod) => `${pod.name} ${pod.connections}`).join(', ')}.`)
      .join(' '),
    series: ['measured'],
    panels: runs.map((run) => panelOf(run, highest(runs))),
  })

/** What luck alone allows each pod, all of them together in 95 of 100 cases; null: the odds changed meanwhile. */
const luckOf = ({ backends }: RunReport): readonly ({ readonly low: number; readonly high: number } | null)[] => {
  const expected = backends.map((pod) => pod.expected)
  const known = expected.filter((one) => one !== null)
  const total = known.reduce((sum, one) => sum + one, 0)
  if (known.length < expected.length || total <= 0) return backends.map(() => null)
  const connections = backends.reduce((sum, pod) => sum + pod.connections, 0)
  return bands(
    connections,
    known.map((one) => one / total),
    { among: 'all' },
  )
}

/** One scale for all runs, so that they can be compared by eye. */
const highest = (runs: readonly RunReport[]): number =>
  Math.max(
    0,
    ...runs.flatMap((run) => [
      ...run.backends.map(({ connections }) => connections),
      ...luckOf(run).map((one) => one?.high ?? 0),
    ]),
  )

const panelOf = (run: RunReport, most: number): BarPanel => {
  const luck = luckOf(run)
  return {
    kind: 'bars',
    title: nameOf(run),
    ...categoriesOf(run.backends.map(({ name }) => name)),
    y: { label: 'connections', most },
    bars: [{ series: 0, values: run.backends.map(({ connections }, pod) => ({ value: connections, ...luck[pod] })) }],
  }
}

const tableOf = (runs: readonly RunReport[]): PageTable => ({
  title: 'Each run',
  header: ['plane, scheduler', 'claimed', 'measured', 'predicted by the rules (luck allows)', 'verdict'],
  rows: runs.map((run) => [
    nameOf(run),
    claimOf(run),
    { lines: run.backends.map(({ name, connections }) => `${name} ${numberText(connections)}`) },
    { lines: predictedOf(run) },
    verdictOf(run),
  ]),
})

const predictedOf = (run: RunReport): readonly string[] => {
  const luck = luckOf(run)
  return run.backends.map(({ expected }, pod) => {
    const band = luck[pod]
    return band ? `${numberText(expected)} (${numberText(band.low)} … ${numberText(band.high)})` : numberText(expected)
  })
}

const claimOf = ({ held, scheduler }: RunReport): string => {
  if (held !== undefined) return 'nothing fails, nothing is cut'
  return scheduler === 'rr' ? 'each in its turn: no luck in it' : 'as the odds say, but for luck'
}

const verdictOf = (run: RunReport): Cell => {
  const { held, restarts = 0, outOfSync = [], failures, connections, verdict, p, backends } = run
  const failed = `${numberText(failures)} of ${numberText(connections)} connections failed`
  if (held !== undefined)
    return {
      lines: [
        failed,
        `${held.cut} of ${held.opened} established ones cut by ${restarts} kills`,
        outOfSync.length === 0 ? 'kernels equal the plan' : `kernel differs on ${outOfSync.join(', ')}`,
      ],
      tone: failures + held.cut + outOfSync.length > 0 ? 'bad' : 'good',
    }
  const busiest = Math.max(0, ...backends.map((pod) => (pod.expected ? pod.connections / pod.expected : 0)))
  return {
    lines: [
      verdict ?? 'not judged',
      `${luckText(p)}, busiest ${busiest.toFixed(2)} × predicted`,
      ...(failures > 0 ? [failed] : []),
    ],
    tone: failures > 0 || (verdict === 'SKEWED' && !run.perClient) ? 'bad' : 'good',
  }
}
