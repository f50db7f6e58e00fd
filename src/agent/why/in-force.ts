import type { Plane, PlaneObject, Program } from '../../dataplane/plane.ts'
import { familyOf, formatEndpoint, parseCidr, formatAddress } from '../../model/address.ts'
import type { Frontend, SourceClass } from '../../model/frontend.ts'
import type { NodeView } from '../../model/node-view.ts'
import { addressesOf, podCidrsOf } from '../../routing/node-view.ts'

/** By class of client: the endpoints that a frontend leads to. */
export type Leads = ReadonlyMap<SourceClass, ReadonlySet<string>>

export const sources: readonly SourceClass[] = ['pods', 'node', 'outside']

/** Where the plan leads. */
export const plannedLeads = ({ routes, sets }: Frontend): Leads =>
  new Map(
    sources.map((source) => {
      const route = routes[source]
      const backends = route.to === 'backends' ? (sets[route.set]?.backends ?? []) : []
      return [source, new Set(backends.map(({ address, port }) => formatEndpoint(address, port)))]
    }),
  )

/** Where the rules in force lead, found by walking packets through them; null: it cannot be told. */
export const tracedLeads = (
  frontend: Frontend,
  {
    plane,
    programs,
    node,
  }: {
    readonly plane: Plane<PlaneObject>
    readonly programs: readonly Program<PlaneObject>[]
    readonly node: NodeView
  },
): Leads | null => {
  try {
    const trace = plane.trace(programs, node)
    const leads = new Map<SourceClass, ReadonlySet<string>>()
    for (const source of sources) {
      const from = clientOf(source, frontend, node)
      const to = frontend.address ?? addressesOf(node, frontend.family)[0]
      if (from === undefined || to === undefined) continue
      const { backends } = trace({ from, to, port: frontend.port, protocol: frontend.protocol })
      leads.set(source, new Set(backends.map(({ address, port }) => formatEndpoint(address, port))))
    }
    return leads
  } catch {
    return null
  }
}

/** Somebody of this class; undefined: there is nobody, as far as is known. */
const clientOf = (source: SourceClass, { family, sourceRanges }: Frontend, node: NodeView): string | undefined => {
  switch (source) {
    case 'node':
      return addressesOf(node, family)[0]
    case 'pods':
      return lastOf(podCidrsOf(node, family)[0])
    case 'outside': {
      const allowed = sourceRanges?.find((cidr) => familyOf(cidr) === family)
      return allowed === undefined ? strangers[family] : lastOf(allowed)
    }
  }
}

/** of the documentation's networks (RFC 5737, RFC 3849) */
const strangers = { IPv4: '203.0.113.254', IPv6: '2001:db8:ffff::fffe' } as const

const lastOf = (cidr: string | undefined): string | undefined => {
  const range = cidr === undefined ? null : parseCidr(cidr)
  return range === null ? undefined : formatAddress(range.last)
}
