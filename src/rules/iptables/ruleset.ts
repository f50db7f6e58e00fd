import type { Counters } from '../model.ts'
import type { Problem } from '../problem.ts'

/** The program family that wrote the rules; both may be in force at once, in tables of the same name. */
export type BackEnd = 'legacy' | 'nft'

export type Family = 'ip' | 'ip6'

/** What iptables-save or `iptables -nvL` showed of a node. */
export interface IptablesRuleset {
  /** in the order of the dump; where one was dumped twice both are here, and `tablesOf` takes the later */
  readonly tables: readonly IptablesTable[]
  readonly problems: readonly Problem[]
}

export interface IptablesTable {
  readonly family: Family
  /** null: the dump does not say */
  readonly backEnd: BackEnd | null
  readonly name: string
  readonly file: string
  readonly line: number
  /** false: no COMMIT, the dump was cut */
  readonly complete: boolean
  /** some of its rules, without the line that names it or without built-in chains: `iptables-save | grep web`, `iptables -L KUBE-SERVICES` */
  readonly fragment: boolean
  /** a listing without -v, which does not show what rules ask of interfaces */
  readonly blind?: true
  readonly chains: ReadonlyMap<string, IptablesChain>
}

export interface IptablesChain {
  readonly name: string
  /** null: made by somebody, reached by jumps only */
  readonly policy: 'ACCEPT' | 'DROP' | null
  readonly counters?: Counters
  readonly line: number
  /** in their order; `tablesOf` reads them when they are first asked for, since of 160,000 a packet meets few */
  readonly lines: readonly RuleLine[]
}

/** A rule as it stands in a dump. */
export interface RuleLine {
  /** in the syntax of iptables-save */
  readonly text: string
  readonly line: number
  /** where the dump has another syntax */
  readonly shown?: string
}
