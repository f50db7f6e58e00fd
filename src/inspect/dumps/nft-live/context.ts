import type { RuleSet, Table } from '../../../rules/model.ts'
import type { Links } from './comparisons.ts'
import type { Value } from './registers.ts'

/** What a rule needs to know of its table. */
export interface RaiseContext {
  readonly family: Table['family']
  readonly links: Links
  /** bytes of the keys of a set; undefined: there is no such set */
  keyLength(set: string): number | undefined
  /** a rule looks it up with such a key */
  uses(set: string, key: readonly Value[]): void
  /** whether a named object (NFT_OBJECT_*) matches beyond its bound */
  isOver(type: number, name: string): boolean
  /** a new set of values, for what iptables writes as a list; its name */
  anonymous(set: Omit<RuleSet, 'name'>): string
}

/** A structure of linux/netfilter/xt_*.h as the kernel gives it: numbers in the machine's order unless said otherwise. */
export interface XtData {
  readonly bytes: Buffer
  readonly revision: number
  readonly context: RaiseContext
}
