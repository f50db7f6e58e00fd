import { type Check, finding } from '../check.ts'
import type { Evidence } from '../finding.ts'

/** Which tables iptables-legacy has, by family. Only these may be asked for. */
export const legacyLists = [
  { family: 'ip', list: '/proc/net/ip_tables_names' },
  { family: 'ip6', list: '/proc/net/ip6_tables_names' },
] as const

const iptablesTables: ReadonlySet<string> = new Set(['filter', 'nat', 'mangle', 'raw', 'security'])

/** Both are in force: what one accepts the other may drop, and each tool shows only its own. */
export const bothBackEnds: Check = async (sight) => {
  const legacy: Evidence[] = []
  for (const { family, list } of legacyLists)
    for (const table of sight.lines(list)) {
      const chains = (await sight.legacyTable(family, table)) ?? []
      const rules = chains.reduce((sum, chain) => sum + chain.rules, 0)
      if (rules > 0) legacy.push({ source: `iptables-legacy ${family} ${table}`, found: `${rules} rules` })
    }
  if (legacy.length === 0) return []
  const counts = new Map<string, number>()
  for (const { family, table, hook } of (await sight.nftChains()) ?? [])
    if (hook === null && iptablesTables.has(table) && (family === 'ip' || family === 'ip6'))
      counts.set(`${family} ${table}`, (counts.get(`${family} ${table}`) ?? 0) + 1)
  if (counts.size === 0) return []
  return [
    finding('iptables-both-back-ends', {
      summary: 'rules in iptables-legacy and in iptables-nft: both are in force, and each tool shows only its own',
      evidence: [
        ...legacy,
        ...[...counts].map(([table, chains]) => ({ source: `iptables-nft ${table}`, found: `${chains} chains` })),
      ],
      cure: 'let all programs of this node use one (update-alternatives --set iptables …), then empty the other: iptables-legacy -F, -X in each table',
    }),
  ]
}
