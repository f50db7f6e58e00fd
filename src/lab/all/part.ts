import type { PlaneName } from '../../dataplane/plane.ts'
import type { PartReport } from './report.ts'

/** What every scenario is given when all are run. */
export interface PartOptions {
  /** of its labs; small letters and digits */
  readonly id: string
  readonly planes: readonly PlaneName[]
  readonly seed: number
  readonly level: number
  /** how often each run of a reported imbalance is done */
  readonly repeat: number
  readonly signal: AbortSignal
  readonly progress: (text: string) => void
  readonly note: (text: string) => void
}

/** A scenario as one of many. */
export interface Part {
  readonly name: string
  /** one line, for the report */
  readonly summary: string
  /** What it made is gone when it returns, throws or is interrupted. */
  readonly run: (options: PartOptions) => Promise<PartReport & { readonly faults: readonly string[] }>
}
