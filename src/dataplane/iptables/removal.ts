import type { SavedTable } from '../../kernel/iptables/types.ts'
import type { Change } from '../plane.ts'
import { MARK_MASQ, POSTROUTING } from './chains.ts'
import type { IptablesObject } from './objects.ts'
import { objectsOf } from './observe.ts'
import { targetOf } from './order.ts'
import { isBuiltIn, isKubelets, leadsToOurs } from './ownership.ts'

/** Chains that tell of a kubelet: KEP-3178's hint and its own canary. */
const kubelets = ['KUBE-IPTABLES-HINT', 'KUBE-KUBELET-CANARY']

export interface Removal {
  readonly change: Change<IptablesObject>
  readonly kept: readonly { readonly chain: string; readonly because: string }[]
}

/**
 * What to take away so that nothing of ours is left: all but what rules of others lead to (portmap's hostports jump to KUBE-MARK-MASQ)
 * with what that needs, and all but the kubelet's own where there is one.
 */
export const removal = (tables: readonly SavedTable[]): Removal => {
  const kept = tables.flatMap(keptOf)
  const stays = new Set(kept.map(({ place }) => place))
  const hasKubelet = tables.some(({ chains }) => kubelets.some((name) => chains.has(name)))
  const remove = tables.flatMap((table) =>
    [...objectsOf(table)].filter((object) => {
      const { family, table: name, chain } = object
      if (hasKubelet && isKubelets(object)) return false
      return !stays.has(`${family} ${name} ${object.kind === 'rule' ? targetPlace(object.rule, chain) : chain}`)
    }),
  )
  return { change: { add: [], replace: [], remove }, kept: kept.map(({ chain, because }) => ({ chain, because })) }
}

/** The jump that leads to a chain stays with it where it stands in a chain of the kernel's. */
const targetPlace = (rule: string, chain: string): string => (isBuiltIn(chain) ? targetOf(rule) : chain)

interface Kept {
  /** `ip nat KUBE-MARK-MASQ` */
  readonly place: string
  readonly chain: string
  readonly because: string
}

const keptOf = ({ family, table, chains }: SavedTable): Kept[] => {
  const isOurs = (name: string): boolean =>
    (table === 'nat' || table === 'filter' || table === 'mangle') && leadsToOurs(table, name)
  const kept = new Map<string, string>()
  const keep = (chain: string, because: string): void => {
    if (kept.has(chain) || !chains.has(chain)) return
    kept.set(chain, because)
    for (const { rule } of chains.get(chain)?.rules ?? [])
      if (isOurs(targetOf(rule))) keep(targetOf(rule), `used by ${chain}`)
    // what marks is of no use without what masquerades the marked
    if (chain === MARK_MASQ) keep(POSTROUTING, `masquerades what ${MARK_MASQ} marks`)
  }
  for (const { name, policy, rules } of chains.values()) {
    if (policy !== null || isOurs(name)) continue
    for (const { rule } of rules) if (isOurs(targetOf(rule))) keep(targetOf(rule), `used by ${name}`)
  }
  return [...kept].map(([chain, because]) => ({ place: `${family} ${table} ${chain}`, chain, because }))
}
