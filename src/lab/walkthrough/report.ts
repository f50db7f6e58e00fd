import type { SkewVerdict } from '../../inspect/statistics/index.ts'
import type { Skipped } from '../report.ts'
import type { Variant } from '../variant.ts'

/** A rule that the packet passes, as the node's own tools list it. */
export interface WalkedRule {
  readonly table: string
  readonly chain: string
  readonly rule: string
  /** that it has counted when it was read, before and after the connections; null: it counts none */
  readonly packets: { readonly before: number; readonly after: number } | null
}

export interface WalkedBackend {
  readonly name: string
  readonly address: string
  /** as `trace -o json` has it: an exact fraction of the rules' own integers */
  readonly probability: string
  readonly share: number
  /** connections that the rules promise */
  readonly promised: number
  /** that the pod accepted */
  readonly connections: number
  /** that the rule which sends to it counted meanwhile; null: no rule counts it alone */
  readonly counted: number | null
}

/** One plane with so many pods. */
export interface WalkedRun extends Variant {
  readonly pods: number
  /** what shows the rules, e.g. `iptables-nft-save -c` */
  readonly command: string
  readonly from: string
  /** `192.168.77.10:30086/TCP` */
  readonly to: string
  readonly rules: readonly WalkedRule[]
  readonly connections: number
  readonly failures: number
  readonly backends: readonly WalkedBackend[]
  readonly p: number
  readonly pLower: number
  readonly verdict: SkewVerdict
}

/** What `lab run walkthrough -o json` prints (docs/json.md). */
export interface WalkthroughReport {
  readonly scenario: 'walkthrough'
  readonly seed: number
  readonly node: { readonly kernel: string }
  readonly runs: readonly WalkedRun[]
  readonly skipped: readonly Skipped[]
}
