import type { ChangesReport, ConnectReport, SeenBy, StormReport } from './measure.ts'
import type { ProcessUsage } from './process-usage.ts'
import type { PeerName } from './proxies.ts'

/** One proxy. docs/json.md, "bench peers"; absent: what could not be measured because it was not in sync in time. */
export interface PeerReport {
  readonly peer: PeerName
  readonly seenBy: SeenBy
  /** from the start of the process until connections go through; null: not within the patience */
  readonly inSyncMs: number | null
  readonly healthyMs?: number | null
  readonly atSync?: ProcessUsage
  readonly change?: ChangesReport
  readonly storm?: StormReport
  readonly connect?: ConnectReport
  readonly atEnd?: ProcessUsage
  /** Services that no connection went through in the end, of all */
  readonly unreachable?: number
  /** what it said last, where it failed */
  readonly lastWords?: string
}
