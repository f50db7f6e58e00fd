import { exec } from '../../kernel/exec.ts'
import type { ForeignChain } from '../../kernel/foreign/index.ts'
import type { NftFamily, NftOperation, Nftables } from '../../kernel/nftables/types.ts'
import type { NodeSight } from '../node/sight.ts'
import { type ChainRemoval, type ChainTable, planRemoval } from './chains.ts'
import { parseSave, restoreCommands } from './iptables-text.ts'
import { chainTables, isKubeProxyChain } from './names.ts'
import { areOurs } from './ours.ts'

/** iptables of one back end and family: reads its tables, and takes out what is planned. */
export interface BackEnd {
  /** for people: `iptables-nft ip` */
  readonly name: string
  read(): Promise<readonly ChainTable[]>
  remove(removals: readonly ChainRemoval[]): Promise<void>
}

/** The removals that have something to do. */
export const plan = async (backEnd: BackEnd): Promise<readonly ChainRemoval[]> =>
  (await backEnd.read())
    .map(planRemoval)
    .filter(({ chains, jumps, kept }) => chains.length + jumps.length + kept.length > 0)

const files = { ip: '/proc/net/ip_tables_names', ip6: '/proc/net/ip6_tables_names' } as const

/** iptables-nft's tables are tables of nftables: no program is needed, and all tables of a family change at once. */
export const nftBackEnd = (sight: NodeSight, family: 'ip' | 'ip6', nftables: Nftables): BackEnd => ({
  name: `iptables-nft ${family}`,
  async read() {
    const chains = (await sight.nftChains()) ?? []
    const tables: ChainTable[] = []
    if (await areOurs(sight, 'nft')) return tables
    for (const table of chainTables) {
      const of = chains.filter((chain) => chain.family === family && chain.table === table)
      if (of.some(({ name }) => isKubeProxyChain(table, name))) tables.push(await readTable(sight, family, table, of))
    }
    return tables
  },
  async remove(removals) {
    await nftables.transaction(removals.flatMap((removal) => operationsOf(family, removal)))
  },
})

/**
 * Of kube-proxy's chains only those that lead to others of its own matter, and only where one must stay: the rules of its many
 * chains are read then only.
 */
const readTable = async (
  sight: NodeSight,
  family: NftFamily,
  table: string,
  chains: readonly ForeignChain[],
): Promise<ChainTable> => {
  const rulesOf = async (names: readonly ForeignChain[]): Promise<ChainTable['rules']> => {
    const rules: ChainTable['rules'][number][] = []
    for (const { name } of names)
      for (const { chain, handle, targets } of (await sight.nftRules(family, table, name)) ?? [])
        rules.push({ chain, to: chainOf(targets), id: String(handle) })
    return rules
  }
  const userChains = chains.filter(({ hook }) => hook === null).map(({ name }) => name)
  const isTheirs = ({ name }: ForeignChain): boolean => isKubeProxyChain(table, name)
  const others = { table, userChains, rules: await rulesOf(chains.filter((chain) => !isTheirs(chain))) }
  if (planRemoval(others).kept.length === 0) return others
  return { ...others, rules: [...others.rules, ...(await rulesOf(chains.filter(isTheirs)))] }
}

const chainOf = (targets: readonly string[]): string | null =>
  targets.map((target) => /^(?:jump|goto) (.+)$/.exec(target)?.[1]).find((name) => name !== undefined) ?? null

/** Jumps first, then all chains empty, then gone: no chain is deleted that another still leads to. */
const operationsOf = (family: NftFamily, { table, jumps, chains }: ChainRemoval): readonly NftOperation[] => [
  ...jumps.map(({ chain, id }) => ({ op: 'delete-rule', family, table, chain, handle: Number(id) }) as const),
  ...chains.map((chain) => ({ op: 'flush-chain', family, table, chain }) as const),
  ...chains.map((name) => ({ op: 'delete-chain', family, table, chain: { name, hook: null, comment: '' } }) as const),
]

/** iptables-legacy replaces whole tables: its own programs do it, under the lock that all of them take. */
export const legacyBackEnd = (sight: NodeSight, family: 'ip' | 'ip6'): BackEnd => {
  const command = family === 'ip' ? 'iptables-legacy' : 'ip6tables-legacy'
  return {
    name: `iptables-legacy ${family}`,
    async read() {
      const tables: ChainTable[] = []
      if (await areOurs(sight, 'legacy')) return tables
      for (const table of sight.lines(files[family]).filter((name) => chainTables.includes(name))) {
        const chains = (await sight.legacyTable(family, table)) ?? []
        // a program is started only where there is something to do
        if (chains.some(({ name }) => isKubeProxyChain(table, name)))
          tables.push(...parseSave(await exec(`${command}-save`, ['-t', table])))
      }
      return tables
    },
    async remove(removals) {
      for (const removal of removals)
        await exec(`${command}-restore`, ['--noflush', '--counters', '-w', '5'], {
          input: restoreCommands(removal),
          timeoutMs: 60_000,
        })
    },
  }
}
