import type { SavedTable } from '../../kernel/iptables/types.ts'
import {
  FORWARD,
  hasKnownPrefix,
  isServiceChain,
  KUBELET_FIREWALL,
  MARK_MASQ,
  POSTROUTING,
  PROXY_CANARY,
  sharedChains,
  UNUSED,
} from './chains.ts'
import type { IptablesObject, IptablesTable } from './objects.ts'

const nodeChains: Readonly<Record<IptablesTable, readonly string[]>> = {
  nat: [MARK_MASQ, POSTROUTING, PROXY_CANARY],
  filter: [FORWARD, PROXY_CANARY],
  mangle: [PROXY_CANARY],
}

/** A chain of ours that one object holds with all of its rules. */
export const isWholeChain = (table: IptablesTable, chain: string): boolean =>
  nodeChains[table].includes(chain) || (table === 'nat' && isServiceChain(chain))

/** A chain whose rules are objects of their own. */
export const isSharedChain = (table: IptablesTable, chain: string): boolean =>
  sharedChains[table].includes(chain) || (table === 'filter' && chain === KUBELET_FIREWALL)

/** A rule with this target is ours, in whichever of the kernel's chains it stands. */
export const leadsToOurs = (table: IptablesTable, target: string): boolean =>
  isWholeChain(table, target) || isSharedChain(table, target)

/** Ours to notice changes of: the kubelet writes its own chain as it likes. */
export const isWatched = (table: string, chain: string): boolean =>
  (table === 'nat' || table === 'filter' || table === 'mangle') &&
  chain !== KUBELET_FIREWALL &&
  leadsToOurs(table, chain)

/** The kubelet's, which we make where it is missing, and never take away. */
export const isKubelets = (object: IptablesObject): boolean =>
  object.chain === KUBELET_FIREWALL || (object.kind === 'rule' && object.rule.includes(`-j ${KUBELET_FIREWALL}`))

/**
 * Ours, and not a kube-proxy's, whose chains have the same names: kube-proxy has no chain for unused addresses. It comes before all
 * chains of nat, and goes after them.
 */
export const areOurs = (tables: readonly SavedTable[]): boolean =>
  tables.some(({ table, chains }) => table === 'filter' && chains.has(UNUSED))

/** PREROUTING, INPUT … */
export const isBuiltIn = (chain: string): boolean => !hasKnownPrefix(chain)
