import type { Code } from './codes.ts'
import type { Finding, PreflightReport } from './finding.ts'
import type { PreflightOptions, PreflightSettings } from './settings.ts'

export type { Code } from './codes.ts'
export type { Evidence, Finding, PreflightReport, Severity, Unseen } from './finding.ts'
export type { PreflightOptions, PreflightSettings } from './settings.ts'

/** Reads the node and says what would go wrong. */
export const preflight = async (
  _settings: PreflightSettings,
  _options: PreflightOptions = {},
): Promise<PreflightReport> => ({ findings: [], unseen: [] })

/** The fatal part of `preflight`, for the start of `run`: /proc and a few netlink questions, no process is started. */
export const fatalFindings = async (
  _settings: PreflightSettings,
  _skip: ReadonlySet<Code> = new Set(),
  _options: PreflightOptions = {},
): Promise<readonly Finding[]> => []
