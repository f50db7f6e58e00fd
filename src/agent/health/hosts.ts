import type { Family } from '../../model/objects.ts'
import type { NodeView } from '../../model/node-view.ts'
import { addressesOf, isNodePortAddress, nodePortCidrsOf } from '../../routing/node-view.ts'

const wildcard = { IPv4: '0.0.0.0', IPv6: '::' } as const

/** Where health check ports listen: on the addresses on which NodePorts are open. `['']`: everywhere. */
export const healthCheckHosts = (node: NodeView): readonly string[] => {
  const open = (family: Family): readonly string[] =>
    nodePortCidrsOf(node, family) === null
      ? [wildcard[family]]
      : addressesOf(node, family).filter((address) => isNodePortAddress(node, address))
  const hosts = { IPv4: open('IPv4'), IPv6: open('IPv6') }
  if (hosts.IPv4[0] === wildcard.IPv4 && hosts.IPv6[0] === wildcard.IPv6) return ['']
  // a node that has no IPv6 cannot listen on it
  const noIPv6 = hosts.IPv6[0] === wildcard.IPv6 && addressesOf(node, 'IPv6').length === 0
  return noIPv6 ? hosts.IPv4 : [...hosts.IPv4, ...hosts.IPv6]
}
