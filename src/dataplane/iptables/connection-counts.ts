import { canonicalAddress } from '../../model/address.ts'
import type { FrontendKey } from '../../model/frontend.ts'
import type { SavedChain, SavedTable } from '../../kernel/iptables/types.ts'
import type { BackendCounter } from '../plane.ts'
import { isServiceChain, NODEPORTS, SERVICES } from './chains.ts'
import { frontendOf } from './identity.ts'
import { ruleObject } from './objects.ts'
import { targetOf } from './order.ts'

/**
 * Connections by endpoint, from the packets that the DNAT rules of KUBE-SEP chains have seen. Such a chain is one for all frontends of a
 * ServicePort, so its connections are told of one of them: the first that leads there, the cluster IP where it does.
 */
export const backendCounters = ({ family, chains }: SavedTable): BackendCounter[] => {
  const frontends = new Map<string, FrontendKey>()
  const reach = (chain: SavedChain, frontend: FrontendKey): void => {
    for (const { rule } of chain.rules) {
      const name = targetOf(rule)
      const next = chains.get(name)
      if (next === undefined || !isServiceChain(name) || frontends.has(name)) continue
      frontends.set(name, frontend)
      reach(next, frontend)
    }
  }
  for (const [frontend, target] of dispatched(family, chains)) {
    const chain = chains.get(target)
    if (chain === undefined || frontends.has(target)) continue
    frontends.set(target, frontend)
    reach(chain, frontend)
  }
  return [...frontends].flatMap(([name, frontend]) => {
    const found = name.startsWith('KUBE-SEP-') ? endpointOf(chains.get(name)) : null
    return found === null ? [] : [{ frontend, ...found }]
  })
}

/** Frontends and the chains they lead to; those that lead to a Service's own chain first, for those are cluster IPs. */
const dispatched = (
  family: SavedTable['family'],
  chains: SavedTable['chains'],
): readonly (readonly [FrontendKey, string])[] => {
  const found: (readonly [FrontendKey, string])[] = []
  for (const chain of [SERVICES, NODEPORTS])
    for (const { rule } of chains.get(chain)?.rules ?? []) {
      const frontend = frontendOf(ruleObject({ family, table: 'nat', chain }, rule, 'head'))
      if (frontend !== null) found.push([frontend, targetOf(rule)])
    }
  const isDirect = (target: string): boolean => /^KUBE-SV[CL]-/.test(target)
  return [...found.filter(([, target]) => isDirect(target)), ...found.filter(([, target]) => !isDirect(target))]
}

const endpointOf = (chain: SavedChain | undefined): Omit<BackendCounter, 'frontend'> | null => {
  for (const { rule, packets } of chain?.rules ?? []) {
    const match = / --to-destination \[?([^\] ]+?)\]?:(\d+)$/.exec(rule)
    const address = canonicalAddress(match?.[1] ?? '')
    if (match && address !== null) return { address, port: Number(match[2]), connections: packets }
  }
  return null
}
