import { familyOf, inCidr } from '../model/address.ts'
import type { Backend, Frontend, FrontendKey, SourceClass } from '../model/frontend.ts'
import type { NodeView } from '../model/node-view.ts'
import type { Packet } from '../model/packet.ts'
import { frontendKey } from './frontends.ts'
import { isLoopback, isNodePortAddress, isPodInterface, podCidrsOf } from './node-view.ts'

/** What must happen to a connection's first packet, whatever plane carries it. */
export interface Decision {
  readonly verdict: 'dnat' | 'reject' | 'drop' | 'none'
  /** the frontend that the packet dialled; null: none */
  readonly frontend: FrontendKey | null
  readonly source: SourceClass
  /** null: depends on the backend picked (hairpin) */
  readonly masquerade: boolean | null
  /** by address bytes, then port; empty unless verdict is dnat. `weight` is the share, relative to the others */
  readonly backends: readonly { readonly backend: Backend; readonly weight: number; readonly masquerade: boolean }[]
}

/** Frontends by key, as `Planner.frontends` holds them. */
export type Frontends = ReadonlyMap<FrontendKey, Frontend>

/**
 * The oracle: what every plane is judged by. Without affinity (a client that comes back) and without odds: those depend on
 * the scheduler. The packet's addresses are canonical.
 */
export const decide = (frontends: Frontends, packet: Packet, node: NodeView): Decision =>
  oracle(frontends, node)(packet)

/** `decide` for many packets: what it needs of all the frontends is read once. */
export const oracle = (frontends: Frontends, node: NodeView): ((packet: Packet) => Decision) => {
  const clusterIPs = clusterIPsOf(frontends)
  return (packet) => {
    const source = sourceClassOf(packet, node)
    const frontend = dialledFrontend(frontends, packet, node)
    return frontend === undefined ? unplaced(packet, node, clusterIPs, source) : dialling(frontend, packet.from, source)
  }
}

const dialling = (frontend: Frontend, from: string, source: SourceClass): Decision => {
  const { key, sourceRanges } = frontend
  if (sourceRanges !== null && !sourceRanges.some((cidr) => inCidr(from, cidr))) return refusal('drop', key, source)
  const route = frontend.routes[source]
  if (route.to !== 'backends') return refusal(route.to, key, source)
  const backends = (frontend.sets[route.set]?.backends ?? []).map((backend) => ({
    backend,
    weight: backend.weight,
    masquerade: route.masquerade || backend.address === from,
  }))
  return { verdict: 'dnat', frontend: key, source, masquerade: agreed(backends), backends }
}

/** Where pods are known by interface, a packet of which none is known is not from a pod. */
const sourceClassOf = (
  { from, inputInterface }: Pick<Packet, 'from' | 'inputInterface'>,
  node: NodeView,
): SourceClass => {
  if (inputInterface !== undefined && isPodInterface(node, inputInterface)) return 'pods'
  if (podCidrsOf(node, familyOf(from)).some((cidr) => inCidr(from, cidr))) return 'pods'
  return node.addresses.includes(from) || isLoopback(from) ? 'node' : 'outside'
}

const clusterIPsOf = (frontends: Frontends): ReadonlySet<string> => {
  const addresses = new Set<string>()
  for (const { kind, address } of frontends.values())
    if (kind === 'ClusterIP' && address !== null) addresses.add(address)
  return addresses
}

const dialledFrontend = (frontends: Frontends, packet: Packet, node: NodeView): Frontend | undefined => {
  const { to, port, protocol } = packet
  const family = familyOf(to)
  const own = frontends.get(frontendKey(family, to, protocol, port))
  if (own || !isNodePortAddress(node, to)) return own
  return frontends.get(frontendKey(family, null, protocol, port))
}

/** An unused port of a cluster IP is refused; an address of a ServiceCIDR that no Service has leads nowhere: dropped. */
const unplaced = ({ to }: Packet, node: NodeView, clusterIPs: ReadonlySet<string>, source: SourceClass): Decision => {
  if (clusterIPs.has(to)) return refusal('reject', null, source)
  const ours = node.proxyName === '' && node.serviceCIDRs.some((cidr) => inCidr(to, cidr))
  return refusal(ours ? 'drop' : 'none', null, source)
}

const refusal = (verdict: 'reject' | 'drop' | 'none', frontend: FrontendKey | null, source: SourceClass): Decision => ({
  verdict,
  frontend,
  source,
  masquerade: false,
  backends: [],
})

const agreed = (backends: Decision['backends']): boolean | null => {
  const some = backends.some(({ masquerade }) => masquerade)
  return some && !backends.every(({ masquerade }) => masquerade) ? null : some
}
