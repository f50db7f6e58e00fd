import type { PlaneName } from '../../dataplane/plane.ts'
import { planeNamed, planeNames } from '../../dataplane/registry.ts'
import type { NodeSight } from '../node/sight.ts'
import { type Code, codes, type Severity } from './codes.ts'
import type { Evidence, Finding } from './finding.ts'
import type { PreflightSettings } from './settings.ts'

export interface CheckSettings extends PreflightSettings {
  /** an agent of ours holds its ports and rules */
  readonly agentRuns: boolean
}

/** Looks at one thing. What it cannot see yields no finding; the sight keeps it. */
export type Check = (sight: NodeSight, settings: CheckSettings) => readonly Finding[] | Promise<readonly Finding[]>

interface Told {
  /** default: the gravest that the code can be */
  readonly severity?: Severity
  readonly summary: string
  readonly evidence: readonly Evidence[]
  readonly cure: string
}

export const finding = (code: Code, { severity = codes[code].severity, summary, evidence, cure }: Told): Finding => ({
  code,
  severity,
  summary,
  evidence,
  cure,
})

/** Evidence of a file that holds one line. */
export const fileSays = (sight: NodeSight, path: string): Evidence => ({
  source: path,
  found: sight.text(path)?.trim() ?? 'not there',
})

/** The plane whose needs are looked at: the one that is asked for; instead of one that this version does not have, its best. */
export const planeOf = ({ plane, mode }: PreflightSettings): PlaneName =>
  planeNames.find((name) => name === (plane ?? mode)) ?? planeNamed('auto')

/** Whether the node's own place is ours, or another proxy's beside which we run. */
export const isBeside = ({ proxyName }: PreflightSettings): boolean => proxyName !== ''
