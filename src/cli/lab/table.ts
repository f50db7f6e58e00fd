import type { LabReport, RunReport } from '../../lab/report.ts'
import { numericTable } from '../text/table.ts'

/** A lab's results for a person. */

const barWidth = 30

export const labText = (report: LabReport): string => {
  const runs = report.runs.map(runText)
  const skipped = report.skipped.map(({ plane, scheduler, service, reason }) => {
    const what = [service, plane, scheduler].filter((part) => part !== undefined).join(' ')
    return `skipped: ${what}: ${reason}\n`
  })
  return [...runs, skipped.join('')].filter((part) => part !== '').join('\n')
}

const runText = (run: RunReport): string => {
  const most = Math.max(1, ...run.backends.map(({ connections }) => connections))
  const rows = run.backends.map(({ name, node, connections, expected }) => [
    name,
    node,
    String(connections),
    expected === null ? '-' : String(Math.round(expected * 10) / 10),
    '█'.repeat(Math.round((connections / most) * barWidth)),
  ])
  const title = `${run.service}  ${run.plane}, ${run.scheduler}: ${run.connections} connections, ${run.failures} failed`
  const failures = Object.entries(run.errors ?? {}).map(([error, count]) => `  ${count} × ${error}\n`)
  return `${title}\n${columns([['POD', 'NODE', 'CONNECTIONS', 'EXPECTED', ''], ...rows])}\n${failures.join('')}${slowLine(run)}${verdictLine(run)}\n`
}

/** Connections and what was expected stand at the right. */
const columns = (rows: readonly (readonly string[])[]): string =>
  numericTable(rows, 2, 4).replace(/^/gm, '  ').trimEnd()

/** TCP sends a first packet again after a second. */
const slowLine = ({ slowestMillis }: RunReport): string =>
  slowestMillis < 1000
    ? ''
    : `  the slowest took ${(slowestMillis / 1000).toFixed(1)} s: a first packet was lost, or the machine is busy\n`

const busiest = ({ backends }: RunReport): number =>
  Math.max(0, ...backends.map(({ connections, expected }) => (expected ? connections / expected : 0)))

const verdictLine = (run: RunReport): string => {
  if (run.held !== undefined) return restartLine(run)
  const spread = `busiest ${busiest(run).toFixed(2)} × expected`
  switch (run.verdict) {
    case 'TOO-EVEN':
      return `TOO-EVEN: more even than chance makes it, as rotation should be (${spread})`
    case 'FAIR':
      return `FAIR: luck alone is at least as uneven with p = ${run.p.toPrecision(2)} (${spread})`
    case 'SKEWED':
      if (run.perClient) return `SKEWED, as few clients are that each keep their pod (${spread})`
      return `SKEWED: luck alone is as uneven with p = ${run.p.toPrecision(2)} only (${spread})`
    case 'NOT-ENOUGH-DATA':
      return run.backends.length < 2
        ? 'one pod takes all there is'
        : `NOT-ENOUGH-DATA: too few connections to tell luck from a fault (${spread})`
    case null:
      return 'not judged'
  }
}

const restartLine = ({ restarts = 0, held, outOfSync = [] }: RunReport): string =>
  [
    `${restarts} agents killed and started again`,
    `${held?.cut ?? 0} of ${held?.opened ?? 0} established connections cut`,
    outOfSync.length === 0 ? 'kernels equal the plan' : `kernel differs from the plan on ${outOfSync.join(', ')}`,
  ].join('; ')
