import type { NodeSight } from '../node/sight.ts'
import { chainTables, IPVS_DEVICE, ipsets, isKubeProxyChain, NFT_TABLE } from './names.ts'
import { areOurs } from './ours.ts'

/** A kind of thing that kube-proxy made and that is still there. */
export interface Leftover {
  readonly mode: 'iptables-legacy' | 'iptables-nft' | 'nftables' | 'ipvs'
  /** what anybody can look at again: a table, a device, a file */
  readonly source: string
  /** names of chains or sets; empty for a table or device as a whole */
  readonly names: readonly string[]
}

/** All that carries kube-proxy's names. */
export const findLeftovers = async (sight: NodeSight): Promise<readonly Leftover[]> => [
  ...(await legacyChains(sight)),
  ...(await nftChains(sight)),
  ...(await nftTables(sight)),
  ...(await ipvsThings(sight)),
]

const legacyFamilies = [
  { family: 'ip', list: '/proc/net/ip_tables_names' },
  { family: 'ip6', list: '/proc/net/ip6_tables_names' },
] as const

const legacyChains = async (sight: NodeSight): Promise<readonly Leftover[]> => {
  if (await areOurs(sight, 'legacy')) return []
  const found: Leftover[] = []
  for (const { family, list } of legacyFamilies)
    for (const table of sight.lines(list).filter((name) => chainTables.includes(name))) {
      const chains = (await sight.legacyTable(family, table)) ?? []
      const names = chains.map(({ name }) => name).filter((name) => isKubeProxyChain(table, name))
      if (names.length > 0) found.push({ mode: 'iptables-legacy', source: `iptables-legacy ${family} ${table}`, names })
    }
  return found
}

/** iptables-nft keeps each of its tables as a table of nftables. */
const nftChains = async (sight: NodeSight): Promise<readonly Leftover[]> => {
  if (await areOurs(sight, 'nft')) return []
  const byTable = new Map<string, string[]>()
  for (const { family, table, name } of (await sight.nftChains()) ?? [])
    if ((family === 'ip' || family === 'ip6') && isKubeProxyChain(table, name)) {
      const key = `nftables ${family} ${table}`
      const names = byTable.get(key)
      if (names === undefined) byTable.set(key, [name])
      else names.push(name)
    }
  return [...byTable].map(([source, names]) => ({ mode: 'iptables-nft', source, names }))
}

const nftTables = async (sight: NodeSight): Promise<readonly Leftover[]> =>
  ((await sight.nftTables()) ?? [])
    .filter(({ family, table }) => table === NFT_TABLE && (family === 'ip' || family === 'ip6'))
    .map(({ family, table }) => ({ mode: 'nftables', source: `nftables table ${family} ${table}`, names: [] }))

const ipvsThings = async (sight: NodeSight): Promise<readonly Leftover[]> => {
  const names = ((await sight.ipsets()) ?? []).filter((name) => ipsets.has(name))
  return [
    ...(sight.exists(`/sys/class/net/${IPVS_DEVICE}`)
      ? [{ mode: 'ipvs', source: `device ${IPVS_DEVICE}`, names: [] } as const]
      : []),
    ...(names.length > 0 ? [{ mode: 'ipvs', source: 'ipsets', names } as const] : []),
  ]
}

/** One line for people: `nftables ip nat: 12 chains (KUBE-SERVICES, …)`. */
export const describeLeftover = ({ source, names }: Leftover): string => {
  if (names.length === 0) return source
  const what = source === 'ipsets' ? 'sets' : 'chains'
  return `${source}: ${names.length} ${what} (${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''})`
}
