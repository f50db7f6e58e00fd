import type { PlaneName } from '../../dataplane/plane.ts'
import { exec } from '../../kernel/exec.ts'
import { findPrograms } from '../../kernel/iptables/programs.ts'
import type { Variant } from '../variant.ts'

/**
 * Addresses of Services in the order in which a packet meets their rules in this process's network namespace; null: the plane finds
 * them without an order. A plane whose packets pass one rule after another has a row here.
 */
export const orderOfServices = async (variant: Variant): Promise<readonly string[] | null> =>
  (await orders[variant.plane]?.(variant)) ?? null

/** One chain is listed at once, all of them take iptables-nft-save minutes. */
const servicesChain = async ({ iptables = 'nft' }: Variant): Promise<readonly string[]> => {
  const [command, ...words] = (await findPrograms(iptables)).save.ip.map((word) => word.replace(/-save$/, ''))
  const list = [...words, '-t', 'nat', '-S', 'KUBE-SERVICES']
  const listed = await exec(command ?? 'iptables', list, { timeoutMs: 60_000 })
  return Array.from(listed.matchAll(/ -d ([0-9.]+)\/32 .*-j KUBE-SVC-/g), ([, address = '']) => address)
}

const orders: { readonly [plane in PlaneName]?: (variant: Variant) => Promise<readonly string[]> } = {
  iptables: servicesChain,
}
