import type { Table } from '../../../rules/model.ts'
import type { DumpProblem } from '../problem.ts'

/** What was read of a node's nf_tables, from whatever source. */
export interface NftRuleset {
  /** of the families ip, ip6 and inet, in the order of the source */
  readonly tables: readonly Table[]
  /** tables of the other families, as `arp filter`: they do not see what Services are made of */
  readonly omitted: readonly string[]
  /** tables that iptables-nft writes, as `ip nat`: iptables-save tells more of them than nft does */
  readonly iptables: ReadonlySet<string>
  readonly problems: readonly DumpProblem[]
}
