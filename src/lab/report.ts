import type { PlaneName } from '../dataplane/plane.ts'
import type { SkewVerdict } from '../inspect/statistics/index.ts'

/** What `lab run -o json` prints (docs/json.md); fields are added, never changed. */
export interface LabReport {
  readonly scenario: string
  readonly seed: number
  readonly node: { readonly kernel: string }
  readonly runs: readonly RunReport[]
  readonly skipped: readonly Skipped[]
}

export interface RunReport {
  readonly plane: PlaneName
  readonly scheduler: string
  readonly service: string
  readonly connections: number
  readonly failures: number
  /** true: the scheduler or the Service's affinity keeps a client on one backend, so few clients are never even */
  readonly perClient?: true
  /** how they failed: `ECONNREFUSED 10.96.1.0:80/TCP` → how often; absent without failures */
  readonly errors?: { readonly [error: string]: number }
  /** of the slowest connection with its answer; a first packet that was lost costs a second */
  readonly slowestMillis: number
  readonly backends: readonly BackendReport[]
  readonly maxOverMean: number
  readonly cv: number
  readonly p: number
  readonly pLower: number
  /** null: not judged, because the backends changed meanwhile */
  readonly verdict: SkewVerdict | null
  /** connections that stayed open all the time; in the scenario restart */
  readonly held?: { readonly opened: number; readonly cut: number }
  /** of agents by SIGKILL; in the scenario restart */
  readonly restarts?: number
  /** nodes whose kernel was not what the plan says in the end; in the scenario restart */
  readonly outOfSync?: readonly string[]
}

export interface BackendReport {
  readonly name: string
  readonly node: string
  readonly address: string
  readonly connections: number
  readonly requests: number
  /** CPU time that its process used meanwhile */
  readonly cpuMillis: number
  /** by the plan's odds; null where they changed meanwhile */
  readonly expected: number | null
}

/** A plane, a scheduler on a plane, or a Service that could not be run. */
export interface Skipped {
  readonly plane?: string
  readonly scheduler?: string
  readonly service?: string
  readonly reason: string
}
