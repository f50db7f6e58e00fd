import type { NftChain, NftCounter, NftElement, NftFamily, NftRule, NftSet } from '../../kernel/nftables/types.ts'
import type { PlaneObject } from '../plane.ts'
import type { Rule } from '../../rules/model.ts'

export const TABLE = 'evenkeel'

/** A chain with all its rules: they live and change with it (flush and add in one transaction). */
export interface ChainObject extends PlaneObject {
  readonly kind: 'chain'
  readonly family: NftFamily
  readonly chain: NftChain
  /** compiled: as the rule model has them, lowered to expressions when they are sent or compared; read back from a kernel: expressions */
  readonly rules: { readonly model: readonly Rule[] } | { readonly observed: readonly NftRule[] }
}

export interface SetObject extends PlaneObject {
  readonly kind: 'set'
  readonly family: NftFamily
  readonly set: NftSet
}

export interface ElementObject extends PlaneObject {
  readonly kind: 'element'
  readonly family: NftFamily
  readonly set: string
  readonly element: NftElement
}

export interface CounterObject extends PlaneObject {
  readonly kind: 'counter'
  readonly family: NftFamily
  readonly counter: NftCounter
}

export type NftObject = ChainObject | SetObject | ElementObject | CounterObject

/** Objects with their keys: what is read back from a kernel gets the key of what was compiled. */

export const chainObject = (family: NftFamily, chain: NftChain, rules: ChainObject['rules']): ChainObject => ({
  kind: 'chain',
  key: `chain ${family} ${chain.name}`,
  family,
  chain,
  rules,
})

export const setObject = (family: NftFamily, set: NftSet): SetObject => ({
  kind: 'set',
  key: `set ${family} ${set.name}`,
  family,
  set,
})

export const elementObject = (family: NftFamily, set: string, element: NftElement): ElementObject => ({
  kind: 'element',
  key: `element ${family} ${set} ${element.key}`,
  family,
  set,
  element,
})

export const counterObject = (family: NftFamily, counter: NftCounter): CounterObject => ({
  kind: 'counter',
  key: `counter ${family} ${counter.name}`,
  family,
  counter,
})
