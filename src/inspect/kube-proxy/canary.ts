import type { NodeSight } from '../node/sight.ts'
import { type BackEnd, legacyBackEnd, nftBackEnd } from './back-ends.ts'
import type { Nftables } from '../../kernel/nftables/types.ts'

const CANARY = { table: 'mangle', chain: 'KUBE-PROXY-CANARY' } as const

export interface CanaryOptions {
  /** a fresh look at the node each time */
  look(): NodeSight
  readonly nftables: Nftables
  /** for so many seconds */
  readonly seconds: number
  sleep(ms: number): Promise<void>
}

/**
 * In mode iptables kube-proxy keeps an empty chain in mangle and looks every 30 s (its syncPeriod) whether it is still there, to notice
 * that somebody emptied its tables. Takes the chain away and waits: true when it comes back, so a kube-proxy lives that cannot
 * be seen otherwise. Nothing else is touched.
 */
export const canaryComesBack = async ({ look, nftables, seconds, sleep }: CanaryOptions): Promise<boolean> => {
  const standing = await backEndsWithCanary(look(), nftables)
  if (standing.length === 0) return false
  for (const backEnd of standing)
    await backEnd.remove([{ table: CANARY.table, chains: [CANARY.chain], jumps: [], kept: [] }])
  for (let waited = 0; waited < seconds; waited++) {
    await sleep(1_000)
    if ((await backEndsWithCanary(look(), nftables)).length > 0) return true
  }
  return false
}

const backEndsWithCanary = async (sight: NodeSight, nftables: Nftables): Promise<readonly BackEnd[]> => {
  const standing: BackEnd[] = []
  for (const family of ['ip', 'ip6'] as const)
    for (const backEnd of [legacyBackEnd(sight, family), nftBackEnd(sight, family, nftables)])
      for (const { table, userChains } of await backEnd.read())
        if (table === CANARY.table && userChains.includes(CANARY.chain)) standing.push(backEnd)
  return standing
}
