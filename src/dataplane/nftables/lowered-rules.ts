import type { NftRule } from '../../kernel/nftables/types.ts'
import type { Rule } from '../../rules/model.ts'
import { lowerRule } from './lower.ts'
import type { ChainObject } from './objects.ts'

/** Rules in the kernel's words. Frontends that pick alike share their rules, so they are lowered once. */
export class RuleCache {
  readonly #lowered = {
    ip: new WeakMap<readonly Rule[], readonly NftRule[]>(),
    ip6: new WeakMap<readonly Rule[], readonly NftRule[]>(),
  }

  of({ rules, family }: ChainObject): readonly NftRule[] {
    if ('observed' in rules) return rules.observed
    const ip = family === 'ip6' ? 'ip6' : 'ip'
    const known = this.#lowered[ip].get(rules.model)
    if (known !== undefined) return known
    const lowered = rules.model.map((rule) => ({ expressions: lowerRule(rule, ip), comment: rule.comment ?? '' }))
    this.#lowered[ip].set(rules.model, lowered)
    return lowered
  }
}
