import type { DrawsTest } from '../../statistics/index.ts'
import type { Cause, Judgement } from '../report.ts'

/** What comes of one attempt to explain the counts. */
export interface Explained {
  readonly verdict: Judgement
  readonly cause: Cause | null
  readonly notes: readonly string[]
  /** of what it is about, where that is not all that was counted */
  readonly test?: DrawsTest
}
