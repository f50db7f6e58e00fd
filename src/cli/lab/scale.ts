import { writeFile } from 'node:fs/promises'
import type { PlaneName } from '../../dataplane/plane.ts'
import { scaleChart } from '../../lab/scale/chart.ts'
import type { ScaleReport, ScaleVerdict } from '../../lab/scale/report.ts'
import { nameOf } from '../../lab/variant.ts'
import { runScale, sizesUpTo } from '../../lab/scale/scale.ts'
import { progressOn } from './progress.ts'
import { numericTable } from '../text/table.ts'

export interface ScaleFlags {
  readonly planes: readonly PlaneName[]
  readonly services: number
  readonly endpoints: number
  /** to each target */
  readonly connections: number
  readonly minutes: number
  /** where the drawing goes; null: nowhere */
  readonly chart: string | null
  readonly output: 'table' | 'json'
  readonly signal: AbortSignal
}

/** `lab run scale`. Exit 1 where something that was begun could not be measured. */
export const labScale = async ({ services, minutes, chart, output, ...options }: ScaleFlags): Promise<void> => {
  const progress = progressOn(process.stderr)
  try {
    const { report, faults } = await runScale({
      ...options,
      id: `scale${process.pid}`,
      sizes: sizesUpTo(services),
      budgetMs: minutes * 60_000,
      progress: progress.step,
      note: progress.note,
    })
    progress.end()
    process.stdout.write(output === 'json' ? `${JSON.stringify(report)}\n` : scaleText(report))
    if (chart !== null && report.runs.length > 0) {
      await writeFile(chart, scaleChart(report))
      process.stderr.write(`chart: ${chart}\n`)
    }
    for (const fault of faults) process.stderr.write(`${fault}\n`)
    if (faults.length > 0) process.exitCode = 1
  } finally {
    progress.end()
  }
}

/** For a person: a table, then a sentence for each plane. */
export const scaleText = ({ runs, verdicts, skipped }: ScaleReport): string => {
  const header = ['PLANE', 'SERVICES', 'RULES', 'FIRST SYNC', 'CHANGE P50', 'P99', 'DIRECT', 'FIRST', 'MIDDLE', 'LAST']
  const rows = runs.map((run) => {
    const { direct, first, middle, last } = run.connectMicros
    return [
      nameOf(run),
      String(run.services),
      String(run.rules),
      ms(run.fullSyncMs),
      ms(run.changeMs.p50),
      ms(run.changeMs.p99),
      ...[direct, first, middle, last].map((value) => `${value.toFixed(1)} µs`),
    ]
  })
  const left = skipped.map(
    ({ plane, services, reason }) =>
      `skipped: ${[plane, services === undefined ? undefined : `${services} Services`].filter(Boolean).join(', ')}: ${reason}\n`,
  )
  const table = runs.length === 0 ? '' : numericTable([header, ...rows], 1)
  return [table, verdicts.map((verdict) => sentence(verdict, runs)).join(''), left.join('')].filter(Boolean).join('\n')
}

const sentence = (verdict: ScaleVerdict, runs: ScaleReport['runs']): string => {
  const { kind, microsPerThousand, doublesAt } = verdict.growth
  const own = runs.filter((run) => nameOf(run) === nameOf(verdict))
  const fewest = own[0]?.services ?? 0
  const most = own.at(-1)?.services ?? 0
  const direct = own.at(-1)?.connectMicros.direct ?? 0
  const slope = `${microsPerThousand.toFixed(1)} µs more for every 1,000 Services`
  switch (kind) {
    case null:
      return `${nameOf(verdict)}: measured with ${fewest} Services only\n`
    case 'flat':
      return `${nameOf(verdict)}: flat from ${fewest} to ${most} Services\n`
    case 'linear': {
      const hurts =
        doublesAt === null
          ? `not yet twice as dear with ${most} Services as with ${fewest}`
          : `it hurts from about ${doublesAt} Services on, where a connection costs twice what it costs with ${fewest}`
      return `${nameOf(verdict)}: linear, ${slope}; ${hurts}; connections without a Service pay too (${direct.toFixed(1)} µs with ${most})\n`
    }
  }
}

const ms = (value: number): string =>
  value >= 1_000 ? `${(value / 1_000).toFixed(2)} s` : `${value.toFixed(value < 10 ? 2 : 0)} ms`
