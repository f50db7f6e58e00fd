import { equalRules } from '../../kernel/nftables/compare.ts'
import type { NftElement, NftHook, NftRule, NftSet } from '../../kernel/nftables/types.ts'
import { lowerRule } from './lower.ts'
import type { ChainObject, NftObject } from './objects.ts'

/** Objects of the same key: is it the same to the kernel? Figures of counters do not matter. */
export const equalObjects = (a: NftObject, b: NftObject): boolean => {
  if (a.kind === 'element') return b.kind === 'element' && equalElements(a.element, b.element)
  if (a.kind === 'chain') return b.kind === 'chain' && equalChains(a, b)
  if (a.kind === 'set') return b.kind === 'set' && (a.set === b.set || equalSets(a.set, b.set))
  if (a.kind === 'table') return b.kind === 'table'
  return b.kind === 'counter' && a.counter.comment === b.counter.comment
}

const equalElements = (a: NftElement, b: NftElement): boolean =>
  a.key === b.key && a.data === b.data && a.keyEnd === b.keyEnd && equalVerdicts(a.verdict, b.verdict)

const equalVerdicts = (a: NftElement['verdict'], b: NftElement['verdict']): boolean =>
  a === b ||
  (a !== undefined &&
    b !== undefined &&
    a.verdict === b.verdict &&
    ('chain' in a ? a.chain : '') === ('chain' in b ? b.chain : ''))

const equalSets = (a: NftSet, b: NftSet): boolean =>
  a.interval === b.interval &&
  a.dynamic === b.dynamic &&
  a.timeoutMs === b.timeoutMs &&
  a.size === b.size &&
  a.counter === b.counter &&
  a.comment === b.comment &&
  a.key.join() === b.key.join() &&
  String(a.data) === String(b.data)

const equalChains = (a: ChainObject, b: ChainObject): boolean =>
  a.chain.comment === b.chain.comment && equalHooks(a.chain.hook, b.chain.hook) && equalRuleLists(a, b)

const equalHooks = (a: NftHook | null, b: NftHook | null): boolean =>
  a === b ||
  (a !== null &&
    b !== null &&
    a.type === b.type &&
    a.hook === b.hook &&
    a.priority === b.priority &&
    a.policy === b.policy)

const equalRuleLists = (a: ChainObject, b: ChainObject): boolean => {
  // frontends that pick alike share their rules
  if ('model' in a.rules && 'model' in b.rules && a.rules.model === b.rules.model) return true
  const left = loweredRules(a)
  const right = loweredRules(b)
  return left.length === right.length && left.every((rule, index) => equalRules(rule, right[index] as NftRule))
}

const loweredRules = ({ rules, family }: ChainObject): readonly NftRule[] => {
  if ('observed' in rules) return rules.observed
  const ip = family === 'ip6' ? 'ip6' : 'ip'
  return rules.model.map((rule) => ({ expressions: lowerRule(rule, ip), comment: rule.comment ?? '' }))
}
