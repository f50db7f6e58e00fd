import type { Quantiles } from '../../util/percentile.ts'
import type { Skipped } from '../report.ts'
import type { Variant } from '../variant.ts'
import type { Growth } from './growth.ts'

/** p50 in µs of connect(2), over loopback: the handshake is done when it returns. */
export interface ConnectMicros {
  /** to a backend itself, in the same namespace */
  readonly direct: number
  /** through the Service whose rule stands first, in the middle, last */
  readonly first: number
  readonly middle: number
  readonly last: number
}

/** One plane with one number of Services, in a namespace of its own. Times are ms. */
export interface ScaleRun extends Variant {
  readonly services: number
  readonly endpoints: number
  /** in the kernel, those of the node itself included */
  readonly rules: number
  /** Snapshot ready to last acknowledgement */
  readonly fullSyncMs: number
  /** store event to acknowledgement; half swaps, a quarter adds, a quarter removes */
  readonly changeMs: Quantiles
  readonly connectMicros: ConnectMicros
}

export interface ScaleVerdict extends Variant {
  readonly growth: Growth
}

/** What `lab run scale -o json` prints (docs/json.md). */
export interface ScaleReport {
  readonly scenario: 'scale'
  readonly node: { readonly kernel: string }
  readonly runs: readonly ScaleRun[]
  readonly verdicts: readonly ScaleVerdict[]
  readonly skipped: readonly (Skipped & { readonly services?: number })[]
}
