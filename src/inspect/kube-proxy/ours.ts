import { UNUSED } from '../../dataplane/iptables/chains.ts'
import type { NodeSight } from '../node/sight.ts'

/**
 * Are the chains with kube-proxy's names in this back end of iptables those of our own plane, which has the same? It has one chain
 * more than kube-proxy.
 */
export const areOurs = async (sight: NodeSight, backEnd: 'legacy' | 'nft'): Promise<boolean> => {
  if (backEnd === 'nft')
    return ((await sight.nftChains()) ?? []).some(({ table, name }) => table === 'filter' && name === UNUSED)
  for (const [family, list] of lists)
    if (sight.lines(list).includes('filter'))
      if (((await sight.legacyTable(family, 'filter')) ?? []).some(({ name }) => name === UNUSED)) return true
  return false
}

const lists = [
  ['ip', '/proc/net/ip_tables_names'],
  ['ip6', '/proc/net/ip6_tables_names'],
] as const
