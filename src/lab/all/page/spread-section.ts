import { type BarPanel, chartSvg } from '../../../util/chart/chart.ts'
import type { LabReport, RunReport } from '../../report.ts'
import { type Cell, luckText, numberText, type PageTable, type Section, skippedText } from './section.ts'

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
    subtitle: `Linux ${kernel}. As the pods counted them; what the rules promise beside it`,
    description: runs
      .map((run) => `${nameOf(run)}: ${run.backends.map((pod) => `${pod.name} ${pod.connections}`).join(', ')}.`)
      .join(' '),
    series: ['measured', ...(runs.some(hasPromise) ? ['promised'] : [])],
    panels: runs.map(panelOf),
  })

const hasPromise = ({ backends }: RunReport): boolean => backends.some(({ expected }) => expected !== null)

const panelOf = (run: RunReport): BarPanel => ({
  kind: 'bars',
  title: nameOf(run),
  categories: run.backends.map(({ name }) => name),
  label: 'pods',
  y: { label: 'connections' },
  bars: [
    { series: 0, values: run.backends.map(({ connections }) => ({ value: connections })) },
    ...(hasPromise(run)
      ? [{ series: 1, values: run.backends.map(({ expected }) => (expected === null ? null : { value: expected })) }]
      : []),
  ],
})

const tableOf = (runs: readonly RunReport[]): PageTable => ({
  title: 'Each run',
  header: ['plane, scheduler', 'claimed', 'measured', 'predicted by the rules', 'verdict'],
  rows: runs.map((run) => [
    nameOf(run),
    claimOf(run),
    { lines: run.backends.map(({ name, connections }) => `${name} ${numberText(connections)}`) },
    { lines: run.backends.map(({ expected }) => numberText(expected)) },
    verdictOf(run),
  ]),
})

const claimOf = ({ held, scheduler }: RunReport): string => {
  if (held !== undefined) return 'nothing fails, nothing is cut'
  return scheduler === 'rr' ? 'each in its turn: no luck in it' : 'as the odds say, but for luck'
}

const verdictOf = (run: RunReport): Cell => {
  const { held, restarts = 0, outOfSync = [], failures, connections, verdict, p, maxOverMean } = run
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
  return {
    lines: [
      verdict ?? 'not judged',
      `${luckText(p)}, busiest ${numberText(maxOverMean)} × mean`,
      ...(failures > 0 ? [failed] : []),
    ],
    tone: failures > 0 || (verdict === 'SKEWED' && !run.perClient) ? 'bad' : 'good',
  }
}
