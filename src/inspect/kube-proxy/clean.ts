import type { Foreign, ForeignRemoval, ForeignTable } from '../../kernel/foreign/index.ts'
import type { NftFamily, Nftables } from '../../kernel/nftables/types.ts'
import type { NodeSight } from '../node/sight.ts'
import { type BackEnd, legacyBackEnd, nftBackEnd, plan } from './back-ends.ts'
import type { ChainRemoval } from './chains.ts'
import { type IpvsRemoval, planIpvs, removeIpvs } from './ipvs.ts'
import { IPVS_DEVICE, NFT_TABLE } from './names.ts'

/** All that `clean --kube-proxy` takes away. */
export interface CleanPlan {
  readonly backEnds: readonly { readonly backEnd: BackEnd; readonly removals: readonly ChainRemoval[] }[]
  readonly nftTables: readonly (ForeignTable & { readonly family: NftFamily })[]
  readonly ipvs: IpvsRemoval
}

export interface CleanNode {
  readonly sight: NodeSight
  readonly foreign: Foreign & ForeignRemoval
  readonly nftables: Nftables
}

/** Reads what is there; changes nothing. `force`: also what connections still go through. */
export const planClean = async ({ sight, foreign, nftables }: CleanNode, force: boolean): Promise<CleanPlan> => {
  const backEnds: CleanPlan['backEnds'][number][] = []
  for (const family of ['ip', 'ip6'] as const)
    for (const backEnd of [legacyBackEnd(sight, family), nftBackEnd(sight, family, nftables)]) {
      const removals = await plan(backEnd)
      if (removals.length > 0) backEnds.push({ backEnd, removals })
    }
  const tables = ((await sight.nftTables()) ?? []).filter(
    (one): one is CleanPlan['nftTables'][number] =>
      one.table === NFT_TABLE && (one.family === 'ip' || one.family === 'ip6'),
  )
  return { backEnds, nftTables: tables, ipvs: await planIpvs(sight, foreign, force) }
}

/** A line for each thing that goes. */
export const describePlan = ({ backEnds, nftTables, ipvs }: CleanPlan): readonly string[] => [
  ...nftTables.map(({ family, table }) => `nftables table ${family} ${table}`),
  ...backEnds.flatMap(({ backEnd, removals }) =>
    removals.flatMap(({ table, jumps, chains }) => [
      ...jumps.map(({ chain, to }) => `${backEnd.name} ${table} jump ${chain} -> ${to}`),
      ...chains.map((chain) => `${backEnd.name} ${table} chain ${chain}`),
    ]),
  ),
  ...ipvs.idle.map(({ protocol, address, port }) => `ipvs service ${protocol} ${address}:${port}`),
  ...(ipvs.device === null
    ? []
    : ipvs.busy.length === 0
      ? [`device ${IPVS_DEVICE}`]
      : ipvs.addresses.map((address) => `device ${IPVS_DEVICE} address ${address}`)),
  ...ipvs.ipsets.map((name) => `ipset ${name}`),
]

/** A line for each thing of kube-proxy's that stays, with the reason. */
export const describeKept = ({ backEnds, ipvs }: CleanPlan): readonly string[] => [
  ...backEnds.flatMap(({ backEnd, removals }) =>
    removals.flatMap(({ table, kept }) =>
      kept.map(({ chain, because }) => `${backEnd.name} ${table} chain ${chain}: ${because}`),
    ),
  ),
  ...ipvs.busy.map(
    ({ protocol, address, port, active }) =>
      `ipvs service ${protocol} ${address}:${port}: ${active} connections go through it; run this again when they have ended, or --force cuts them`,
  ),
]

/**
 * Takes it away: rules first, then virtual services, then the sets that rules used. Every step can be repeated; one that fails leaves
 * the later ones undone. Connections in conntrack are not touched: they go on.
 * @returns what could not go, a line each
 */
export const applyClean = async (
  { backEnds, nftTables, ipvs }: CleanPlan,
  { foreign, nftables }: Pick<CleanNode, 'foreign' | 'nftables'>,
): Promise<readonly string[]> => {
  await nftables.transaction(nftTables.map(({ family, table }) => ({ op: 'delete-table', family, table }) as const))
  for (const { backEnd, removals } of backEnds) await backEnd.remove(removals)
  const refused = await removeIpvs(ipvs, foreign)
  return [...refused].map(([name, errno]) => `ipset ${name}: ${errno} (a rule of somebody else uses it)`)
}
