import { chartSvg } from '../../../util/chart/chart.ts'
import { nameOf } from '../../variant.ts'
import type { WalkedRun, WalkthroughReport } from '../../walkthrough/report.ts'
import { categoriesOf, luckText, numberText, type PageTable, type Section, skippedText } from './section.ts'

type Body = Omit<Section, 'name' | 'summary' | 'result' | 'faults'>

export const walkthroughSection = ({ runs, skipped, node }: WalkthroughReport): Body => ({
  claims: [],
  charts: runs.length === 0 ? [] : [chartOf(node.kernel, runs)],
  tables: runs.length === 0 ? [] : [summaryOf(runs), ...runs.map(rulesOf)],
  findings: [],
  skipped: skipped.map(skippedText),
})

const titleOf = (run: WalkedRun): string => `${nameOf(run)}, ${run.pods} pods`

const chartOf = (kernel: string, runs: readonly WalkedRun[]): string =>
  chartSvg({
    title: 'walkthrough: what the rules promise, and what came',
    subtitle: `Linux ${kernel}`,
    description: runs
      .map((run) => `${titleOf(run)}: ${run.backends.map((pod) => `${pod.name} ${pod.connections}`).join(', ')}.`)
      .join(' '),
    series: ['measured', 'promised'],
    panels: runs.map((run) => ({
      kind: 'bars',
      title: titleOf(run),
      ...categoriesOf(run.backends.map(({ name }) => name)),
      y: { label: 'connections' },
      bars: [
        { series: 0, values: run.backends.map(({ connections }) => ({ value: connections })) },
        { series: 1, values: run.backends.map(({ promised }) => ({ value: promised })) },
      ],
    })),
  })

const summaryOf = (runs: readonly WalkedRun[]): PageTable => ({
  title: 'Each run',
  header: ['plane', 'claimed: odds of the rules', 'measured', 'predicted', 'verdict'],
  rows: runs.map((run) => [
    titleOf(run),
    {
      lines: run.backends.map(
        ({ name, probability, share }) => `${name} ${probability} = ${Number(share.toPrecision(11))}`,
      ),
    },
    {
      lines: run.backends.map(
        ({ connections, counted }) =>
          `${numberText(connections)}${counted === null ? '' : ` (its rule: ${numberText(counted)})`}`,
      ),
    },
    { lines: run.backends.map(({ promised }) => numberText(promised)) },
    {
      lines: [run.verdict, luckText(run.p), ...(run.failures > 0 ? [`${run.failures} connections failed`] : [])],
      tone: run.verdict === 'SKEWED' || run.failures > 0 ? 'bad' : 'good',
    },
  ]),
})

const rulesOf = (run: WalkedRun): PageTable => ({
  title: `${titleOf(run)}: rules from ${run.from} to ${run.to}, ${run.command}`,
  folded: true,
  header: ['table', 'chain', 'rule', 'packets before', 'after'],
  numeric: [false, false, false, true, true],
  rows: run.rules.map(({ table, chain, rule, packets }) => [
    table,
    { lines: [chain], code: true },
    { lines: [rule], code: true },
    packets === null ? '–' : numberText(packets.before),
    packets === null ? '–' : numberText(packets.after),
  ]),
})
