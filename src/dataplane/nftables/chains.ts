import type { NftHook } from '../../kernel/nftables/types.ts'
import type { Rule, Statement } from '../../rules/model.ts'
import type { IpFamily } from './layout.ts'
import { chainObject, type ChainObject } from './objects.ts'

export const rule = (...statements: readonly Statement[]): Rule => ({ statements })

export const explained = (comment: string, ...statements: readonly Statement[]): Rule => ({ statements, comment })

/** A compiled chain. */
export const chainOf = (
  family: IpFamily,
  name: string,
  comment: string,
  rules: readonly Rule[],
  hook: NftHook | null = null,
): ChainObject => chainObject(family, { name, hook, comment }, { model: rules })
