import type { WalkedRule, WalkedRun, WalkthroughReport } from '../../lab/walkthrough/report.ts'
import { runWalkthrough, type WalkthroughOptions } from '../../lab/walkthrough/walkthrough.ts'
import { nameOf } from '../../lab/variant.ts'
import { progressOn } from './progress.ts'
import { numericTable } from '../text/table.ts'

export interface WalkthroughFlags extends Omit<WalkthroughOptions, 'progress' | 'note'> {
  readonly output: 'table' | 'json'
}

/** `lab run walkthrough`. Exit 1 where rules, counters and pods do not agree. */
export const labWalkthrough = async ({ output, ...options }: WalkthroughFlags): Promise<void> => {
  const progress = progressOn(process.stderr)
  try {
    const { report, faults } = await runWalkthrough({ ...options, progress: progress.step, note: progress.note })
    progress.end()
    process.stdout.write(output === 'json' ? `${JSON.stringify(report)}\n` : walkthroughText(report))
    for (const fault of faults) process.stderr.write(`${fault}\n`)
    if (faults.length > 0) process.exitCode = 1
  } finally {
    progress.end()
  }
}

/** For a person: the rules chain by chain with what they counted, then who got what. */
export const walkthroughText = ({ runs, skipped }: WalkthroughReport): string => {
  const left = skipped.map(({ plane, reason }) => `skipped: ${plane}: ${reason}\n`).join('')
  return [...runs.map(runText), left].filter((part) => part !== '').join('\n')
}

const runText = (run: WalkedRun): string =>
  [
    `${nameOf(run)}, ${run.pods} pods: ${run.from} -> ${run.to}`,
    `  the rules it meets (${run.command}), with the packets that each counted before and after ${run.connections} connections:`,
    ...rulesText(run.rules),
    '',
    backendsText(run),
    '',
  ].join('\n')

const rulesText = (rules: readonly WalkedRule[]): readonly string[] => {
  const lines: string[] = []
  const width = Math.max(1, ...rules.map((rule) => packetsText(rule).length))
  let last = ''
  for (const walked of rules) {
    const chain = `${walked.table} ${walked.chain}`
    if (chain !== last) lines.push(`  ${chain}`)
    last = chain
    lines.push(`    ${packetsText(walked).padStart(width)}  ${walked.rule}`)
  }
  return lines
}

const packetsText = ({ packets }: WalkedRule): string =>
  packets === null ? '-' : `${packets.before} → ${packets.after}`

const backendsText = (run: WalkedRun): string => {
  const header = ['POD', 'ADDRESS', 'ODDS', 'EXACTLY', 'PROMISED', 'RULE COUNTED', 'POD GOT']
  const rows = run.backends.map(({ name, address, share, probability, promised, counted, connections }) => [
    name,
    address,
    share.toFixed(11),
    probability,
    promised.toFixed(1),
    counted === null ? '-' : String(counted),
    String(connections),
  ])
  const table = numericTable([header, ...rows], 2)
    .replace(/^/gm, '  ')
    .trimEnd()
  const failed = run.failures === 0 ? '' : `; ${run.failures} connections failed`
  return `${table}\n  ${run.verdict}: so uneven or more with p = ${run.p.toPrecision(2)}${failed}`
}
