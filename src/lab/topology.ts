import { familyOf } from '../model/address.ts'
import { type Cluster, families, type LabNode, type LabPod, ranges } from './cluster.ts'

/**
 * What `ip` must be told for a cluster: pure. Every device is made inside a namespace, so that none ever shows outside.
 *
 *   client ─┐                                     ┌─ pod (its own /32 and /128)
 *           ├─ bridge underlay ── node ── bridge pods
 *     node ─┘                                     └─ pod
 *
 * A pod reaches everything, its neighbours too, through its node: so replies pass the node's conntrack, as with br_netfilter.
 */

/** Written into every namespace before its devices appear. */
const sysctls: readonly (readonly [path: string, value: string])[] = [
  ['net/ipv4/ip_forward', '1'],
  ['net/ipv6/conf/all/forwarding', '1'],
  ...['all', 'default'].flatMap((which): [string, string][] => [
    [`net/ipv4/conf/${which}/rp_filter`, '0'],
    [`net/ipv4/conf/${which}/send_redirects`, '0'],
    [`net/ipv4/conf/${which}/accept_redirects`, '0'],
    [`net/ipv6/conf/${which}/accept_redirects`, '0'],
    [`net/ipv6/conf/${which}/accept_ra`, '0'],
    [`net/ipv6/conf/${which}/accept_dad`, '0'],
  ]),
  // where br_netfilter is loaded it would take packets on the bridge that the node routes anyway
  ['net/bridge/bridge-nf-call-iptables', '0'],
  ['net/bridge/bridge-nf-call-ip6tables', '0'],
  // addresses work at once
  ['net/ipv6/conf/default/dad_transmits', '0'],
]

/** For `sh -c` inside a namespace: sysctls that a kernel does not have are left alone. */
export const sysctlScript: string = sysctls
  .map(([path, value]) => `[ ! -e /proc/sys/${path} ] || echo ${value} > /proc/sys/${path}`)
  .concat('ip link set lo up')
  .join('\n')

export const netnsOfAll = ({ underlay, nodes, client, pods }: Cluster): readonly string[] => [
  underlay,
  ...nodes.map(({ netns }) => netns),
  client.netns,
  ...pods.map(({ netns }) => netns),
]

const port = (netns: string): string => {
  const index = /node-(\d+)$/.exec(netns)?.[1]
  return index === undefined ? 'client' : `node${index}`
}

/**
 * Its address is its own: the kernel would give it that of a port, and when that port's pod goes neighbours send to nobody until they ask again,
 * half a minute later. Each bridge is a link by itself, so all have the same.
 */
const bridgeLine = (name: string): string => `link add ${name} address 02:65:6b:00:00:01 type bridge forward_delay 0`

/** The underlay's bridge, and the cables to nodes and client. */
export const underlayLines = ({ nodes, client }: Cluster): readonly string[] => [
  bridgeLine('underlay'),
  ...families.map(
    (family) => `address add ${withPrefix(ranges.gateway[family], ranges.underlay[family])} dev underlay`,
  ),
  'link set underlay up',
  ...[...nodes, client].flatMap(({ netns }) => [
    `link add ${port(netns)} type veth peer name eth0 netns ${netns}`,
    `link set ${port(netns)} master underlay up`,
  ]),
]

export const withPrefix = (address: string, cidr: string): string => `${address}/${cidr.split('/')[1]}`

/** A node's addresses, its bridge and the ways to the other nodes' pods. */
export const nodeLines = (node: LabNode, { nodes }: Cluster): readonly string[] => [
  'link set eth0 up',
  bridgeLine('pods'),
  'link set pods up',
  ...families.flatMap((family) => [
    `address add ${withPrefix(node.addresses[family], ranges.underlay[family])} dev eth0`,
    `address add ${withPrefix(node.gateways[family], node.podCIDRs[family])} dev pods`,
    // the node's own connects to a ClusterIP need a route before they are translated
    `route add default via ${ranges.gateway[family]}`,
    ...nodes
      .filter(({ name }) => name !== node.name)
      .map((other) => `route add ${other.podCIDRs[family]} via ${other.addresses[family]}`),
  ]),
]

/** Made in the node, with the far end in the pod. Interface names have at most 15 characters: numbered by the pod's address. */
export const cableLines = (pod: LabPod): readonly string[] => {
  const cable = `pod${pod.addresses.IPv4.split('.')[3]}`
  return [`link add ${cable} type veth peer name eth0 netns ${pod.netns}`, `link set ${cable} master pods up`]
}

export const podLines = (pod: LabPod, node: LabNode): readonly string[] => [
  'link set eth0 up',
  ...families.flatMap((family) => [
    `address add ${pod.addresses[family]}/${family === 'IPv4' ? 32 : 128} dev eth0`,
    `route add ${node.gateways[family]} dev eth0`,
    `route add default via ${node.gateways[family]}`,
  ]),
]

/** The client knows the underlay and nothing of pods or Services. */
export const clientLines = ({ client }: Cluster): readonly string[] => [
  'link set eth0 up',
  ...families.map((family) => `address add ${withPrefix(client.addresses[family], ranges.underlay[family])} dev eth0`),
]

/** A load balancer in layer 2: one node answers for the address. In the client; replaces what was said before. */
export const balancerLine = (address: string, node: LabNode): string =>
  `route replace ${address} via ${node.addresses[familyOf(address)]}`
