import { scaleChart } from '../../scale/chart.ts'
import type { ScaleReport, ScaleRun, ScaleVerdict } from '../../scale/report.ts'
import { nameOf } from '../../variant.ts'
import { numberText, type PageTable, type Section, skippedText } from './section.ts'

type Body = Omit<Section, 'name' | 'summary' | 'result' | 'faults'>

export const scaleSection = (report: ScaleReport): Body => ({
  claims: [
    {
      text: 'A connection through iptables costs more the more Services there are, because its rules are looked at one after the other; through nftables it costs the same with any number.',
      source: null,
    },
  ],
  charts: report.runs.length === 0 ? [] : [scaleChart(report)],
  tables: report.runs.length === 0 ? [] : [tableOf(report.runs), verdictsOf(report.verdicts)],
  findings: [],
  skipped: report.skipped.map(skippedText),
})

const tableOf = (runs: readonly ScaleRun[]): PageTable => ({
  title: 'Measured (connect: µs, p50)',
  header: ['plane', 'Services', 'rules', 'first sync', 'one change', 'direct', 'first', 'middle', 'last'],
  numeric: [false, true, true, true, true, true, true, true, true],
  rows: runs.map((run) => {
    const { direct, first, middle, last } = run.connectMicros
    return [
      nameOf(run),
      numberText(run.services),
      numberText(run.rules),
      `${numberText(run.fullSyncMs)} ms`,
      `${numberText(run.changeMs.p50)} ms`,
      ...[direct, first, middle, last].map((micros) => micros.toFixed(1)),
    ]
  }),
})

/** The only claim here is about the shape. */
const predicted = ({ plane }: ScaleVerdict): string =>
  plane === 'iptables' ? 'linear' : plane === 'nftables' ? 'flat' : '–'

const verdictsOf = (verdicts: readonly ScaleVerdict[]): PageTable => ({
  title: 'How the cost of a connection grows',
  header: ['plane', 'claimed', 'measured', 'more for 1,000 Services', 'twice as dear at'],
  numeric: [false, false, false, true, true],
  rows: verdicts.map((verdict) => {
    const { kind, microsPerThousand, doublesAt } = verdict.growth
    return [
      nameOf(verdict),
      predicted(verdict),
      kind ?? 'one size only',
      `${numberText(microsPerThousand)} µs`,
      doublesAt === null ? '–' : `${numberText(doublesAt)} Services`,
    ]
  }),
})
