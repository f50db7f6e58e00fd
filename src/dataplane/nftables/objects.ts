import type { NftChain, NftCounter, NftElement, NftFamily, NftRule, NftSet } from '../../kernel/nftables/types.ts'
import type { Rule } from '../../rules/model.ts'
import type { PlaneObject } from '../plane.ts'

/** Refusals, masquerade, node ports: everything that is not a shard's. */
export const TABLE = 'evenkeel'

/**
 * Frontends with an address of their own are spread over this many tables a family, because the kernel walks all chains of a
 * table whenever a rule of it changes (docs/decisions/0005-nftables-tables.md). A shard is there while it has a frontend.
 */
export const SHARDS = 8

export const shardTable = (shard: number): string => `${TABLE}-${shard}`

/** Every table name that is ours, in both families. */
export const TABLES: readonly string[] = [TABLE, ...Array.from({ length: SHARDS }, (_, shard) => shardTable(shard))]

interface Placed extends PlaneObject {
  readonly family: NftFamily
  /** one of TABLES */
  readonly table: string
}

/** The table itself; what is in it are objects of their own. */
export interface TableObject extends Placed {
  readonly kind: 'table'
  readonly comment: string
}

/** A chain with all its rules: they live and change with it (flush and add in one transaction). */
export interface ChainObject extends Placed {
  readonly kind: 'chain'
  readonly chain: NftChain
  /** compiled: as the rule model has them, lowered to expressions when they are sent or compared; read back from a kernel: expressions */
  readonly rules: { readonly model: readonly Rule[] } | { readonly observed: readonly NftRule[] }
}

export interface SetObject extends Placed {
  readonly kind: 'set'
  readonly set: NftSet
}

export interface ElementObject extends Placed {
  readonly kind: 'element'
  readonly set: string
  readonly element: NftElement
}

export interface CounterObject extends Placed {
  readonly kind: 'counter'
  readonly counter: NftCounter
}

export type NftObject = TableObject | ChainObject | SetObject | ElementObject | CounterObject

/** Rules that the kernel holds for it: elements of its maps are none. */
export const ruleCount = (object: NftObject): number => {
  if (object.kind !== 'chain') return 0
  const { rules } = object
  return 'observed' in rules ? rules.observed.length : rules.model.length
}

/** Objects with their keys: what is read back from a kernel gets the key of what was compiled. */

export const tableObject = (family: NftFamily, table: string, comment: string): TableObject => ({
  kind: 'table',
  key: `table ${family} ${table}`,
  family,
  table,
  comment,
})

export const chainObject = (
  family: NftFamily,
  table: string,
  chain: NftChain,
  rules: ChainObject['rules'],
): ChainObject => ({ kind: 'chain', key: `chain ${family} ${table} ${chain.name}`, family, table, chain, rules })

export const setObject = (family: NftFamily, table: string, set: NftSet): SetObject => ({
  kind: 'set',
  key: `set ${family} ${table} ${set.name}`,
  family,
  table,
  set,
})

export const elementKey = (family: NftFamily, table: string, set: string, bytes: string): string =>
  `element ${family} ${table} ${set} ${bytes}`

export const elementObject = (family: NftFamily, table: string, set: string, element: NftElement): ElementObject => ({
  kind: 'element',
  key: elementKey(family, table, set, element.key),
  family,
  table,
  set,
  element,
})

export const counterObject = (family: NftFamily, table: string, counter: NftCounter): CounterObject => ({
  kind: 'counter',
  key: `counter ${family} ${table} ${counter.name}`,
  family,
  table,
  counter,
})
