import type { NftFamily, NftHook } from '../../kernel/nftables/types.ts'
import type { Rule, Statement } from '../../rules/model.ts'
import { chainObject, type ChainObject } from './objects.ts'

export const rule = (...statements: readonly Statement[]): Rule => ({ statements })

export const explained = (comment: string, ...statements: readonly Statement[]): Rule => ({ statements, comment })

/** Where an object is. */
export interface TablePlace {
  readonly family: NftFamily
  readonly table: string
}

/** A compiled chain. */
export const chainOf = (
  { family, table }: TablePlace,
  name: string,
  comment: string,
  rules: readonly Rule[],
  hook: NftHook | null = null,
): ChainObject => chainObject(family, table, { name, hook, comment }, { model: rules })
