import { familyOf, inCidr } from '../model/address.ts'
import type { NodeView } from '../model/node-view.ts'
import { type Family, serviceKey } from '../model/objects.ts'
import type { Snapshot } from '../model/snapshot.ts'

/** What of a NodeView the configuration says as it stands. */
type Configured = Pick<
  NodeView,
  | 'podInterface'
  | 'localhostNodePorts'
  | 'externalIPs'
  | 'masqueradeAll'
  | 'masqueradeBit'
  | 'tcpBeLiberal'
  | 'nfacct'
  | 'proxyName'
>

/** What the configuration says about this node. */
export interface NodeSettings extends Configured {
  /** hostnameOverride, else the host's name; lower case */
  readonly nodeName: string
  /** the node's primary address of its family, before those of the Node object; null: not said (0.0.0.0, ::) */
  readonly bindAddress: string | null
  /** how pods are known; NodeCIDR: by the Node's podCIDRs, as they are at the time. `podInterface` is null but for the last two */
  readonly detectLocalMode: 'ClusterCIDR' | 'NodeCIDR' | 'BridgeInterface' | 'InterfaceNamePrefix'
  /** ClusterCIDR: canonical, at most one of each family; empty: nobody is known to be a pod. Empty in the other modes */
  readonly clusterCIDRs: readonly string[]
  /**
   * Canonical CIDRs, or `primary` for the node's first address of each family; null or empty: all but loopback.
   * Default: primary with nftables, else null (kube-proxy 1.36).
   */
  readonly nodePortAddresses: readonly string[] | null
}

/** A node of which nothing is configured. */
export const plainSettings: Omit<NodeSettings, 'nodeName'> = {
  bindAddress: null,
  detectLocalMode: 'ClusterCIDR',
  clusterCIDRs: [],
  podInterface: null,
  nodePortAddresses: null,
  localhostNodePorts: false,
  externalIPs: true,
  masqueradeAll: false,
  masqueradeBit: 14,
  tcpBeLiberal: false,
  nfacct: false,
  proxyName: '',
}

/**
 * Joins configuration, Node object and ServiceCIDRs. `addresses`: the interfaces' (a live agent); null: the Node object's. A node that is not in the snapshot has no zone (and no addresses of its own).
 */
export const nodeView = (
  settings: NodeSettings,
  snapshot: Snapshot,
  addresses: readonly string[] | null = null,
): NodeView => {
  const node = snapshot.node(settings.nodeName)
  const own = primaryFirst(settings.bindAddress, node?.addresses ?? [], addresses)
  return {
    name: settings.nodeName,
    zone: node?.labels['topology.kubernetes.io/zone'] ?? '',
    families: ['IPv4', 'IPv6'],
    addresses: own,
    clusterCIDRs:
      settings.detectLocalMode === 'NodeCIDR' ? oneOfEachFamily(node?.podCIDRs ?? []) : settings.clusterCIDRs,
    podInterface: settings.podInterface,
    serviceCIDRs: snapshot.serviceCIDRs().flatMap(({ cidrs }) => cidrs),
    nodePortAddresses: nodePortCidrs(settings.nodePortAddresses ?? [], own),
    localhostNodePorts: settings.localhostNodePorts,
    externalIPs: settings.externalIPs,
    masqueradeAll: settings.masqueradeAll,
    masqueradeBit: settings.masqueradeBit,
    tcpBeLiberal: settings.tcpBeLiberal,
    nfacct: settings.nfacct,
    ...(isLarge(snapshot) && { largeCluster: true }),
    proxyName: settings.proxyName,
  }
}

/** kube-proxy's largeClusterEndpointsThreshold (pkg/proxy/iptables) */
const MANY_ENDPOINTS = 1_000

const isLarge = (snapshot: Snapshot): boolean => {
  let endpoints = 0
  for (const service of snapshot.services()) {
    for (const slice of snapshot.slicesOf(serviceKey(service))) endpoints += slice.endpoints.length
    if (endpoints > MANY_ENDPOINTS) return true
  }
  return false
}

/**
 * The node's addresses, the primary ones first: `bindAddress`, then the Node object's, as kube-proxy's detectNodeIPs has it. Of a live
 * agent those that an interface holds, since no other address can be dialled here.
 */
const primaryFirst = (
  bindAddress: string | null,
  named: readonly string[],
  interfaces: readonly string[] | null,
): readonly string[] => {
  const preferred = bindAddress === null ? named : [bindAddress, ...named]
  if (interfaces === null) return [...new Set(preferred)]
  const present = new Set(interfaces)
  return [...new Set([...preferred.filter((address) => present.has(address)), ...interfaces])]
}

/** kube-proxy takes the first range of each family. */
const oneOfEachFamily = (cidrs: readonly string[]): readonly string[] =>
  cidrs.filter((cidr, index) => cidrs.findIndex((other) => familyOf(other) === familyOf(cidr)) === index)

const nodePortCidrs = (written: readonly string[], own: readonly string[]): readonly string[] | null => {
  if (written.length === 0) return null
  return written.flatMap((entry) =>
    entry === 'primary' ? [primaryCidr(own, 'IPv4'), primaryCidr(own, 'IPv6')] : [entry],
  )
}

/** A family without an address gets loopback, on which no NodePort is ever open. */
const primaryCidr = (own: readonly string[], family: Family): string => {
  const first = own.find((address) => familyOf(address) === family)
  return family === 'IPv4' ? `${first ?? '127.0.0.1'}/32` : `${first ?? '::1'}/128`
}

/** The node's own addresses of a family, the primary one first. */
export const addressesOf = (node: NodeView, family: Family): readonly string[] =>
  node.addresses.filter((address) => familyOf(address) === family)

/** CIDRs of the addresses of this family on which NodePorts are open; null: all. A family that is not mentioned is open too, as in kube-proxy. */
export const nodePortCidrsOf = (node: NodeView, family: Family): readonly string[] | null => {
  const cidrs = node.nodePortAddresses?.filter((cidr) => familyOf(cidr) === family) ?? []
  return cidrs.length === 0 || cidrs.some((cidr) => cidr.endsWith('/0')) ? null : cidrs
}

/** Is it one of this node's addresses on which NodePorts are open? Loopback only with `localhostNodePorts`. */
export const isNodePortAddress = (node: NodeView, address: string): boolean => {
  const cidrs = nodePortCidrsOf(node, familyOf(address))
  if (isLoopback(address)) return localhostNodePorts(node) && isOpenLoopback(address, cidrs)
  return node.addresses.includes(address) && (cidrs === null || cidrs.some((cidr) => inCidr(address, cidr)))
}

/** The addresses of this node on which NodePorts are open, where not all are (`nodePortCidrsOf`). */
export const nodePortAddresses = (node: NodeView, family: Family): readonly string[] => {
  const own = family === 'IPv4' ? [...addressesOf(node, family), LOOPBACK] : addressesOf(node, family)
  return [...new Set(own)].filter((address) => isNodePortAddress(node, address))
}

/** Are NodePorts open on IPv4 loopback addresses? Not where `nodePortAddresses` leaves them out (kube-proxy: ContainsIPv4Loopback). */
export const localhostNodePorts = (node: NodeView): boolean => {
  if (!node.localhostNodePorts) return false
  const cidrs = nodePortCidrsOf(node, 'IPv4')
  return cidrs === null || cidrs.some((cidr) => inCidr('127.0.0.0', cidr) || isLoopback(cidr.split('/')[0] ?? ''))
}

/** Of given ranges just the loopback interface's address counts, as one of the node's. */
const isOpenLoopback = (address: string, cidrs: readonly string[] | null): boolean =>
  address !== '::1' && (cidrs === null || (address === LOOPBACK && cidrs.some((cidr) => inCidr(address, cidr))))

/** the address of `lo` */
const LOOPBACK = '127.0.0.1'

export const isLoopback = (address: string): boolean => address === '::1' || inCidr(address, '127.0.0.0/8')

/** Ranges of a family whose addresses are pods'. */
export const podCidrsOf = (node: NodeView, family: Family): readonly string[] =>
  node.clusterCIDRs.filter((cidr) => familyOf(cidr) === family)

/** Can a connection of this family be known to come from a pod? */
export const podsKnown = (node: NodeView, family: Family): boolean =>
  node.podInterface !== null || podCidrsOf(node, family).length > 0

/** Does an interface of this name belong to pods? */
export const isPodInterface = ({ podInterface }: NodeView, name: string): boolean =>
  podInterface !== null && (podInterface.prefix ? name.startsWith(podInterface.name) : name === podInterface.name)
