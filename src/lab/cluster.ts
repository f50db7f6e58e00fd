import { canonicalAddress, canonicalCidr } from '../model/address.ts'
import type { Family, Protocol } from '../model/objects.ts'

/** A lab's nodes and pods: names, addresses, network namespaces. Pure. */

export interface ByFamily {
  readonly IPv4: string
  readonly IPv6: string
}

export interface LabNode {
  readonly name: string
  readonly netns: string
  readonly zone: string
  /** on the underlay */
  readonly addresses: ByFamily
  readonly podCIDRs: ByFamily
  /** of its bridge, the pods' gateway */
  readonly gateways: ByFamily
}

export interface ContainerPort {
  /** '' unnamed */
  readonly name: string
  readonly protocol: Protocol
  readonly port: number
}

export interface LabPod {
  readonly namespace: string
  readonly name: string
  readonly netns: string
  readonly labels: Readonly<Record<string, string>>
  readonly node: string
  readonly addresses: ByFamily
  readonly ports: readonly ContainerPort[]
}

export interface LabClient {
  readonly name: 'client'
  readonly netns: string
  readonly addresses: ByFamily
}

export interface Cluster {
  readonly id: string
  /** prefix of all its network namespaces */
  readonly prefix: string
  /** the switch that joins nodes and client */
  readonly underlay: string
  readonly nodes: readonly LabNode[]
  readonly pods: readonly LabPod[]
  readonly client: LabClient
}

export const families: readonly Family[] = ['IPv4', 'IPv6']

const limits = { nodes: 50, podsPerNode: 200, idLength: 32 } as const

/** What all labs have in common; each lab has these addresses for itself, in its own namespaces. */
export const ranges = {
  clusterCIDRs: { IPv4: '10.244.0.0/16', IPv6: 'fd00:10:244::/48' },
  serviceCIDRs: { IPv4: '10.96.0.0/16', IPv6: 'fd00:10:96::/112' },
  underlay: { IPv4: '192.168.77.0/24', IPv6: 'fd00:77::/64' },
  gateway: { IPv4: '192.168.77.1', IPv6: 'fd00:77::1' },
  client: { IPv4: '192.168.77.100', IPv6: 'fd00:77::100' },
  /** load balancers' addresses, routed to the nodes */
  loadBalancers: { IPv4: '192.168.88.0/24', IPv6: 'fd00:88::/64' },
} as const

export const namePrefix = 'evenkeel-lab-'

/** What a pod is, before it has a place. */
export interface PodSpec {
  readonly namespace: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly ports: readonly ContainerPort[]
  /** a node that it must stand on; undefined: the next in turn */
  readonly node?: string
}

const podAddresses = (node: number, host: number): ByFamily => ({
  IPv4: `10.244.${node}.${host}`,
  IPv6: canonicalAddress(`fd00:10:244:${node}::${host.toString(16)}`) ?? '',
})

const makeNode = (prefix: string, index: number): LabNode => ({
  name: `node-${index}`,
  netns: `${prefix}node-${index}`,
  zone: `zone-${String.fromCharCode(97 + (index % 3))}`,
  addresses: { IPv4: `192.168.77.${10 + index}`, IPv6: `fd00:77::${10 + index}` },
  podCIDRs: { IPv4: `10.244.${index}.0/24`, IPv6: canonicalCidr(`fd00:10:244:${index}::/64`) ?? '' },
  gateways: podAddresses(index, 1),
})

/** Without dashes, so that no lab's names begin like another's. Throws RangeError. */
export const checkLabId = (id: string): void => {
  if (!/^[a-z0-9]+$/.test(id) || id.length > limits.idLength)
    throw new RangeError(`a lab's name is 1 to ${limits.idLength} small letters and digits, not ${JSON.stringify(id)}`)
}

/** Throws RangeError when there are more nodes or pods than a lab takes, or two pods of one name. */
export const makeCluster = (id: string, nodeCount: number, specs: readonly PodSpec[]): Cluster => {
  checkLabId(id)
  if (!Number.isInteger(nodeCount) || nodeCount < 1 || nodeCount > limits.nodes)
    throw new RangeError(`a lab has 1 to ${limits.nodes} nodes, not ${nodeCount}`)
  const prefix = `${namePrefix}${id}-`
  const empty: Cluster = {
    id,
    prefix,
    underlay: `${prefix}underlay`,
    nodes: Array.from({ length: nodeCount }, (_, index) => makeNode(prefix, index)),
    pods: [],
    client: { name: 'client', netns: `${prefix}client`, addresses: ranges.client },
  }
  return addPods(empty, specs)
}

/** The cluster with more pods; those without a node go where the fewest are. Throws RangeError as `makeCluster`. */
export const addPods = (cluster: Cluster, specs: readonly PodSpec[]): Cluster => {
  const pods = [...cluster.pods]
  for (const spec of specs) pods.push(place(cluster, pods, spec))
  return { ...cluster, pods }
}

const place = (cluster: Cluster, pods: readonly LabPod[], spec: PodSpec): LabPod => {
  if (pods.some(({ namespace, name }) => namespace === spec.namespace && name === spec.name))
    throw new RangeError(`two pods are called ${spec.namespace}/${spec.name}`)
  const on = (name: string): number => pods.filter(({ node }) => node === name).length
  const emptiest = cluster.nodes.reduce((best, node) => (on(node.name) < on(best.name) ? node : best))
  const node = spec.node === undefined ? emptiest : cluster.nodes.find(({ name }) => name === spec.node)
  if (node === undefined) throw new RangeError(`pod ${spec.namespace}/${spec.name}: there is no node ${spec.node}`)
  const index = on(node.name)
  if (index >= limits.podsPerNode) throw new RangeError(`${node.name} takes at most ${limits.podsPerNode} pods`)
  return {
    namespace: spec.namespace,
    name: spec.name,
    netns: podNetns(cluster.prefix, pods, spec),
    labels: spec.labels,
    node: node.name,
    addresses: podAddresses(cluster.nodes.indexOf(node), 2 + index),
    ports: spec.ports,
  }
}

/** `…-pod-0` for pod-0, `…-pod-shop.web-0` for shop/web-0; a name that is taken already gets a number. */
const podNetns = (prefix: string, pods: readonly LabPod[], { namespace, name }: PodSpec): string => {
  const own = namespace === 'default' ? name.replace(/^pod-/, '') : `${namespace}.${name}`
  const netns = `${prefix}pod-${own}`
  return pods.some((pod) => pod.netns === netns) ? `${netns}.${pods.length}` : netns
}

/** A node, pod (`name` or `namespace/name`) or the client by name; undefined: there is none. */
export const netnsOf = (cluster: Cluster, name: string): string | undefined => {
  const pod = cluster.pods.find((pod) => pod.name === name || `${pod.namespace}/${pod.name}` === name)
  const node = cluster.nodes.find((node) => node.name === name)
  return node?.netns ?? pod?.netns ?? (name === cluster.client.name ? cluster.client.netns : undefined)
}
