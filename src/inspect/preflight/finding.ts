import type { Evidence, Unseen } from '../node/evidence.ts'
import type { Code, Severity } from './codes.ts'

export type { Evidence, Unseen } from '../node/evidence.ts'

/** One thing that would go wrong on this node. */
export interface Finding {
  readonly code: Code
  readonly severity: Severity
  /** one line: what, and what it does to traffic */
  readonly summary: string
  readonly evidence: readonly Evidence[]
  /** what to do, a command where there is one */
  readonly cure: string
}

export interface PreflightReport {
  /** worst first, then in the order of docs/preflight.md */
  readonly findings: readonly Finding[]
  readonly unseen: readonly Unseen[]
}
