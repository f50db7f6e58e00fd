import { familyOf, inCidr, parseCidr, formatAddress } from '../model/address.ts'
import type { Frontend } from '../model/frontend.ts'
import type { NodeView } from '../model/node-view.ts'
import type { Family } from '../model/objects.ts'
import type { Packet } from '../model/packet.ts'
import { addressesOf, isNodePortAddress, podCidrsOf } from '../routing/node-view.ts'

/** Addresses that documents use for the world outside (RFC 5737, 3849). */
const OUTSIDE: Readonly<Record<Family, readonly string[]>> = {
  IPv4: ['203.0.113.7', '198.51.100.7', '192.0.2.7'],
  IPv6: ['2001:db8:7::7', '2001:db8:8::7', '2001:db8:9::7'],
}

/** node addresses at most that a NodePort is asked at */
const NODE_PORT_ADDRESSES = 2

/** As much of a frontend as packets for it need. */
export type Subject = Pick<
  Frontend,
  'key' | 'family' | 'address' | 'protocol' | 'port' | 'service' | 'sourceRanges' | 'sets'
>

/**
 * Packets that show what a frontend does: one from each kind of client that rules treat differently (a pod, a pod that is one of its
 * backends, the node, the world, and, with source ranges, somebody inside of them). Kinds of which this node knows no address
 * are left out. `name` says who sends.
 */
export const packetsFor = (frontend: Subject, node: NodeView): readonly Packet[] => {
  const senders = sendersOf(frontend, node)
  return addressesFor(frontend, node).flatMap((to) =>
    senders.map((sender) => ({ ...sender, to, port: frontend.port, protocol: frontend.protocol })),
  )
}

const addressesFor = ({ address, family }: Subject, node: NodeView): readonly string[] =>
  address === null
    ? addressesOf(node, family)
        .filter((own) => isNodePortAddress(node, own))
        .slice(0, NODE_PORT_ADDRESSES)
    : [address]

type Sender = Pick<Packet, 'name' | 'from' | 'inputInterface'>

const sendersOf = (frontend: Subject, node: NodeView): readonly Sender[] => {
  const { family, sourceRanges } = frontend
  const pod = podSender(frontend, node)
  const own = addressesOf(node, family)[0]
  const outside = OUTSIDE[family].find((address) => !isInside(address, node))
  const allowed = sourceRanges?.find((cidr) => familyOf(cidr) === family)
  const inRange = allowed === undefined ? undefined : second(allowed)
  return [
    ...(pod === null ? [] : [pod]),
    ...hairpin(frontend, node),
    ...(own === undefined ? [] : [{ name: 'from the node', from: own }]),
    ...(outside === undefined ? [] : [{ name: 'from outside', from: outside }]),
    ...(inRange === undefined || inRange === outside || node.addresses.includes(inRange)
      ? []
      : [{ name: 'from a source range', from: inRange }]),
  ]
}

const isInside = (address: string, node: NodeView): boolean =>
  node.addresses.includes(address) ||
  [...node.clusterCIDRs, ...node.serviceCIDRs].some(
    (cidr) => familyOf(cidr) === familyOf(address) && inCidr(address, cidr),
  )

const podInterfaceName = ({ podInterface }: NodeView): Pick<Sender, 'inputInterface'> =>
  podInterface === null
    ? {}
    : { inputInterface: podInterface.prefix ? `${podInterface.name}0`.slice(0, 15) : podInterface.name }

/** A pod that is no backend; where pods are known by interface, any address will do. */
const podSender = (frontend: Subject, node: NodeView): Sender | null => {
  const { family } = frontend
  const range = podCidrsOf(node, family)[0]
  const backends = new Set(backendsOf(frontend).map(({ address }) => address))
  const taken = (address: string): boolean => backends.has(address) || node.addresses.includes(address)
  const candidates = range === undefined ? OUTSIDE[family].toReversed() : lastOf(range)
  if (range === undefined && node.podInterface === null) return null
  const from = candidates.find((address) => !taken(address))
  return from === undefined ? null : { name: 'from a pod', from, ...podInterfaceName(node) }
}

/**
 * A backend that dials itself: one of this node, for the packets of another node's pods are translated there. One that has the node's own
 * address is not told from the node.
 */
const hairpin = (frontend: Subject, node: NodeView): readonly Sender[] => {
  const backend = backendsOf(frontend).find(
    ({ address, node: its }) => its === node.name && !node.addresses.includes(address),
  )
  if (backend === undefined) return []
  return [{ name: 'from a backend', from: backend.address, ...podInterfaceName(node) }]
}

const backendsOf = ({ sets }: Subject) => (sets.cluster ?? sets.local)?.backends ?? []

/** Its last addresses but the very last, which may be for broadcasts. */
const lastOf = (cidr: string): readonly string[] => {
  const range = parseCidr(cidr)
  if (range === null) return []
  return [2, 3, 4, 5, 6].flatMap((back) => stepped(range.last, 1 - back, range) ?? [])
}

/** The address behind the network's own; of a range of one address that one. */
const second = (cidr: string): string | undefined => {
  const range = parseCidr(cidr)
  if (range === null) return undefined
  return stepped(range.first, 1, range) ?? formatAddress(range.first)
}

const stepped = (bytes: string, by: number, { first, last }: { first: string; last: string }): string | null => {
  const end = bytes.charCodeAt(bytes.length - 1) + by
  if (end < 0 || end > 255) return null
  const moved = `${bytes.slice(0, -1)}${String.fromCharCode(end)}`
  return moved < first || moved > last ? null : formatAddress(moved)
}
