import { familyOf } from '../model/address.ts'
import type { NodeView } from '../model/node-view.ts'
import type { EndpointSlice, Family, Service } from '../model/objects.ts'
import { addressesOf, podsKnown } from './node-view.ts'

/** Must a Service be planned again? */
export type Affected = (service: Service, slices: readonly EndpointSlice[]) => boolean

const families: readonly Family[] = ['IPv4', 'IPv6']

/**
 * Which Services a change of the node or its configuration concerns; null: none. ServiceCIDRs, node ports' addresses and
 * the mark bit concern no frontend: they belong to a plane's `base`.
 */
export const affectedBy = (before: NodeView, after: NodeView): Affected | null => {
  if (before === after) return null
  if (identity(before) !== identity(after)) return () => true
  const rezoned = before.zone !== after.zone
  const renumbered = families.filter((family) => addressesOf(before, family)[0] !== addressesOf(after, family)[0])
  if (!rezoned && renumbered.length === 0) return null
  return (service, slices) =>
    (rezoned && slices.some(hasZoneHints)) ||
    service.loadBalancerSourceRanges.some((cidr) => renumbered.includes(familyOf(cidr)))
}

const identity = (node: NodeView): string =>
  JSON.stringify([
    node.name,
    node.proxyName,
    node.masqueradeAll,
    node.externalIPs,
    node.families,
    families.map((family) => podsKnown(node, family)),
  ])

const hasZoneHints = ({ endpoints }: EndpointSlice): boolean => endpoints.some(({ hintZones }) => hintZones !== null)
