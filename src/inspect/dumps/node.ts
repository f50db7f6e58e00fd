import type { Table } from '../../rules/model.ts'
import type { ConntrackEntry } from './conntrack.ts'
import type { InterfaceRoute } from './interfaces.ts'
import type { IpvsState } from './ipvs/model.ts'
import type { DumpProblem } from './problem.ts'

export type { DumpProblem } from './problem.ts'

/** What one node's packets meet, whatever files or kernel it was read from. */
export interface NodeRules {
  /** as in `--node-file NAME=DIR`; '' where only one node is described */
  readonly name: string
  /** of every dialect, IPVS' own included (`ipvsTables`) */
  readonly tables: readonly Table[]
  readonly ipvs: IpvsState | null
  /** flows that exist already; null: no listing was given */
  readonly conntrack: readonly ConntrackEntry[] | null
  /** the node's own addresses, canonical, loopback left out */
  readonly addresses: ReadonlySet<string>
  /**
   * `listing`: all of them, from `ip addr` or the kernel. `node`: those of its Node object, without what bridges and IPVS' dummy have.
   * `unknown`: nothing said which addresses are the node's, so answers that rest on them say so.
   */
  readonly addressesFrom: 'listing' | 'node' | 'unknown'
  /** which interface leads where; empty: nothing said */
  readonly routes: readonly InterfaceRoute[]
  /** true: read from a kernel, so that what is not here is not there either. A dump may lack tables and families */
  readonly complete: boolean
  readonly problems: readonly DumpProblem[]
}
