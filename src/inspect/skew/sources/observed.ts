import type { Observation } from '../observation.ts'

/** What sources tell of one Service port. */
export interface Observed {
  readonly observation: Observation
  /** what its counts are: new connections since counting began, or those open now; missing: somebody gave them */
  readonly measure?: 'opened' | 'open'
  /** by which it can be asked for: `10.96.0.10:53/UDP`, `node:30080/TCP` */
  readonly frontends: readonly string[]
  /** backends by `address:port`, where sources have ports */
  readonly endpoints: ReadonlyMap<string, string>
  /** what the reader of a verdict must know of its data; sentences */
  readonly notes: readonly string[]
}
