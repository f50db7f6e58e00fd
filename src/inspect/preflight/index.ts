import { openForeign } from '../../kernel/foreign/index.ts'
import { get, nftVersion, probe } from '../node/sources.ts'
import { NodeSight, type SightSources } from '../node/sight.ts'
import type { Check, CheckSettings } from './check.ts'
import { allChecks, fatalChecks } from './checks.ts'
import { allCodes, type Code, type Severity } from './codes.ts'
import type { Finding, PreflightReport } from './finding.ts'
import type { PreflightOptions, PreflightSettings } from './settings.ts'

export { allCodes, type Code, codes, fatalCodes, parseCodes, type Severity } from './codes.ts'
export type { Evidence, Finding, PreflightReport, Unseen } from './finding.ts'
export type { ListenAddress, PreflightOptions, PreflightSettings } from './settings.ts'

/** Reads the node and says what would go wrong. Works without root as far as it can; what it could not see is in `unseen`. */
export const preflight = async (
  settings: PreflightSettings,
  { agentRuns = false, root = '/' }: PreflightOptions = {},
): Promise<PreflightReport> => {
  using foreign = root === '/' ? await openForeign() : null
  return examine(allChecks, { ...settings, agentRuns }, { root, foreign, get, features: probe, nftVersion })
}

/**
 * The fatal part of `preflight`, for the start of `run`: files of /proc and /sys and a few netlink questions. What is in `skip` is not
 * looked for. No process is started and no rules are listed, so it costs milliseconds.
 */
export const fatalFindings = async (
  settings: PreflightSettings,
  skip: ReadonlySet<Code> = new Set(),
  { agentRuns = false, root = '/' }: PreflightOptions = {},
): Promise<readonly Finding[]> => {
  using foreign = root === '/' ? await openForeign() : null
  const sources = { root, foreign, get, features: probe, nftVersion }
  const { findings } = await examine(fatalChecks, { ...settings, agentRuns }, sources)
  return findings.filter(({ code, severity }) => severity === 'fatal' && !skip.has(code))
}

const gravity: readonly Severity[] = ['fatal', 'warning', 'note']

/** Runs checks on a node, or on what a test says is one. */
export const examine = async (
  checks: readonly Check[],
  settings: CheckSettings,
  sources: SightSources,
): Promise<PreflightReport> => {
  const sight = new NodeSight(sources)
  const findings: Finding[] = []
  for (const check of checks) findings.push(...(await check(sight, settings)))
  const rank = ({ severity, code }: Finding): number =>
    gravity.indexOf(severity) * allCodes.length + allCodes.indexOf(code)
  return { findings: findings.sort((a, b) => rank(a) - rank(b)), unseen: sight.unseen }
}
