import type { Finding, PreflightReport } from '../../inspect/preflight/index.ts'
import { formatTable } from '../text/table.ts'

/** A line for each finding. */
export const preflightTable = ({ findings }: PreflightReport, headers: boolean): string =>
  formatTable(
    headers ? ['SEVERITY', 'CODE', 'FINDING'] : null,
    findings.map(({ severity, code, summary }) => [severity, code, summary]),
  )

/** Each finding with what was read and what to do, then what could not be seen. */
export const preflightText = ({ findings, unseen }: PreflightReport): string => {
  const blocks = findings.map(findingText)
  if (findings.length === 0) blocks.push('nothing found that would go wrong\n')
  if (unseen.length > 0)
    blocks.push(['not seen:', ...unseen.map(({ source, reason }) => `  ${source}: ${reason}`), ''].join('\n'))
  return blocks.join('\n')
}

/** `FATAL kube-proxy-runs: …` with evidence and cure below. */
const findingText = ({ severity, code, summary, evidence, cure }: Finding): string =>
  [
    `${severity.toUpperCase()} ${code}: ${summary}`,
    ...evidence.map(({ source, found }) => `  seen  ${source}: ${found}`),
    `  cure  ${cure}`,
    '',
  ].join('\n')
