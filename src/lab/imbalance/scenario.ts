import type { PlaneName } from '../../dataplane/plane.ts'
import type { SchedulerName } from '../../model/frontend.ts'
import type { ImbalanceReport } from './report.ts'

/** What every scenario of a reported imbalance is given. */
export interface ImbalanceOptions {
  /** of its labs; small letters and digits */
  readonly id: string
  /** known ones; those that cannot run here are skipped with the reason */
  readonly planes: readonly PlaneName[]
  /** null: the scenario's own */
  readonly schedulers: readonly SchedulerName[] | null
  /** null: the scenario's own number */
  readonly pods: number | null
  readonly nodes: number | null
  readonly connections: number | null
  readonly seed: number
  /** of each tail of skew's test */
  readonly level: number
  /** how often each run is done, each time with other luck */
  readonly repeat: number
  readonly signal: AbortSignal
  /** what is being done, for a person who waits */
  readonly progress: (text: string) => void
  /** what a person should know afterwards, too */
  readonly note: (text: string) => void
}

export interface ImbalanceResult {
  readonly report: ImbalanceReport
  /** in words; empty when what was measured is what was predicted, but for luck */
  readonly faults: readonly string[]
}

/** Makes its labs, measures, predicts, judges; whatever it made is gone when it returns, throws or is interrupted. */
export type RunImbalance = (options: ImbalanceOptions) => Promise<ImbalanceResult>
