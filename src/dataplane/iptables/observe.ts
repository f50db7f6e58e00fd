import type { SavedChain, SavedTable } from '../../kernel/iptables/types.ts'
import type { FrontendKey } from '../../model/frontend.ts'
import type { Observed } from '../plane.ts'
import { EXTERNAL_SERVICES, NODEPORTS, UNUSED } from './chains.ts'
import { frontendOf } from './identity.ts'
import { asCompiled } from './nfacct.ts'
import {
  chainObject,
  type ChainPlace,
  type IpFamily,
  type IptablesObject,
  type IptablesTable,
  ruleObject,
  type RuleObject,
  sharedChainObject,
} from './objects.ts'
import { targetOf } from './order.ts'
import { isWholeChain, isSharedChain, leadsToOurs } from './ownership.ts'

export const TABLES: readonly IptablesTable[] = ['nat', 'filter', 'mangle']

/** Objects by frontend, as far as they name one. */
export const grouped = (objects: Iterable<IptablesObject>): Observed<IptablesObject> => {
  const frontends = new Map<FrontendKey, IptablesObject[]>()
  const other: IptablesObject[] = []
  for (const object of objects) {
    const key = frontendOf(object)
    if (key === null) {
      other.push(object)
      continue
    }
    const own = frontends.get(key)
    if (own) own.push(object)
    else frontends.set(key, [object])
  }
  return { frontends, other }
}

/** What of ours, or of our names, stands in a table. */
export function* objectsOf({ family, table, chains }: SavedTable): Generator<IptablesObject> {
  if (!isOurTable(table)) return
  for (const chain of chains.values()) {
    const place = { family, table, chain: chain.name }
    if (isWholeChain(table, chain.name))
      yield chainObject(
        place,
        chain.rules.map(({ rule }) => asCompiled(rule)),
      )
    else if (isSharedChain(table, chain.name)) {
      yield sharedChainObject(place)
      yield* sharedRules(place, chain)
    } else if (chain.policy !== null) yield* jumpRules(place, chain)
  }
}

export const isOurTable = (table: string): table is IptablesTable => (TABLES as readonly string[]).includes(table)

/** All rules of a chain of ours. One that stands before a rule of the head, and should not, is told to be at the head, which is wrong. */
function* sharedRules(place: ChainPlace, { rules }: SavedChain): Generator<RuleObject> {
  const texts = rules.map(({ rule }) => asCompiled(rule))
  const lastOfHead = texts.findLastIndex((rule) => placeOf(place, rule) === 'head')
  const unique = uniqueKeys()
  for (const [index, rule] of texts.entries())
    yield unique(ruleObject(place, rule, index <= lastOfHead ? 'head' : 'tail'))
}

/** Rules of the kernel's own chains that lead into ours. Where they stand among others' rules is not asked, as with kube-proxy. */
function* jumpRules(place: ChainPlace, { rules }: SavedChain): Generator<RuleObject> {
  const unique = uniqueKeys()
  for (const { rule } of rules)
    if (leadsToOurs(place.table, targetOf(rule))) yield unique(ruleObject(place, rule, 'head'))
}

/** The same rule twice is one that is wanted and one that is not. */
const uniqueKeys = (): ((object: RuleObject) => RuleObject) => {
  const seen = new Map<string, number>()
  return (object) => {
    const times = seen.get(object.key) ?? 0
    seen.set(object.key, times + 1)
    return times === 0 ? object : { ...object, key: `${object.key} (${times + 1})` }
  }
}

/** Where the compiler puts a rule of a shared chain. */
const placeOf = (
  { table, chain }: { table: IptablesTable; family: IpFamily; chain: string },
  rule: string,
): RuleObject['place'] => {
  if (chain === UNUSED) return rule.startsWith('-d ') ? 'head' : 'tail'
  if (chain === EXTERNAL_SERVICES) return rule.startsWith('-s ') ? 'head' : 'tail'
  if (table !== 'nat') return 'tail'
  if (chain === NODEPORTS) return rule.includes('-m nfacct ') ? 'head' : 'tail'
  return targetOf(rule) === NODEPORTS ? 'tail' : 'head'
}
