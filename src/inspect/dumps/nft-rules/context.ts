import type { Table } from '../../../rules/model.ts'
import type { Datatype } from './datatypes.ts'
import type { SetTypes } from './sets.ts'
import type { ElementSyntax } from './syntax.ts'

/** What a rule needs to know of its table. */
export interface RuleContext {
  readonly family: Table['family']
  /** iptables-nft writes this table: nft shows its extensions by translation or by name */
  readonly iptables: boolean
  /** the name of a new set of the table; undefined: its elements were not understood */
  anonymous(types: SetTypes, elements: readonly ElementSyntax[]): string | undefined
  /** A rule looks this set up with such a key: says what a set is made of whose own declaration does not (`integer`, `typeof ip ttl`). */
  uses(set: string, key: readonly Datatype[]): void
  /** whether a named limit or quota matches beyond its bound (`over`); undefined: there is no such object */
  isOver(object: string): boolean | undefined
}
