import type { Code } from './codes.ts'

/** fatal: `run` refuses to start. warning: some traffic suffers. note: worth knowing, nothing to do now. */
export type Severity = 'fatal' | 'warning' | 'note'

/** What was read where. */
export interface Evidence {
  /** a path, a table, a request: what anybody can look at again */
  readonly source: string
  readonly found: string
}

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

/** What could not be looked at, so that no finding does not read as "all is well". */
export interface Unseen {
  readonly source: string
  readonly reason: string
}

export interface PreflightReport {
  /** worst first, then in the order of docs/preflight.md */
  readonly findings: readonly Finding[]
  readonly unseen: readonly Unseen[]
}
