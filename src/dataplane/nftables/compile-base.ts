import type { NftHook } from '../../kernel/nftables/types.ts'
import { addressBytes, familyOf } from '../../model/address.ts'
import type { NodeView } from '../../model/node-view.ts'
import type { Family } from '../../model/objects.ts'
import { addressesOf, isNodePortAddress, nodePortCidrsOf, podCidrsOf } from '../../routing/node-view.ts'
import { prefixMask, u32, u8 } from '../../rules/bytes.ts'
import type { Rule, Statement } from '../../rules/model.ts'
import { accept, anyBit, drop, equals, field, goto, inSet, jump, markOr, markXor, vmap } from '../../rules/terms.ts'
import { chainOf, explained, rule } from './chains.ts'
import { AFFINITY_FULL, countersOf, dispatching, hook, priorities } from './dispatch.ts'
import { intervals, member } from './elements.ts'
import type { Dialled, Layout } from './layout.ts'
import { counterObject, tableObject, type ChainObject, type NftObject } from './objects.ts'
import { podTest } from './source-classes.ts'

/** nf_conntrack_common.h */
const CT_NEW = 8
const STATUS_DST_NAT = 0x20
const RTN_LOCAL = 2
const TCP = 6

/** Chains that rules elsewhere name. */
export const REFUSE = 'refuse'

/** The objects of one family that no frontend owns: refusal, masquerade, node ports, and the sets they look into. */
export const compileBase = (layout: Layout, node: NodeView, family: Family): NftObject[] => [
  tableObject(layout.family, layout.table, 'Services, by evenkeel'),
  ...countersOf(layout),
  affinityFull(layout),
  ...Object.values(layout.sets),
  ...elements(layout, node, family),
  ...chains(layout, node, family),
]

export const masqueradeMark = (node: NodeView): Statement => markOr(2 ** node.masqueradeBit)

const affinityFull = ({ family, table }: Layout): NftObject =>
  counterObject(family, table, {
    name: AFFINITY_FULL,
    comment: 'new connections whose client could not be remembered: its affinity set is full',
  })

const elements = ({ sets }: Layout, node: NodeView, family: Family): NftObject[] => {
  const open = nodePortCidrsOf(node, family) === null ? [] : addressesOf(node, family)
  // beside another proxy most addresses of the ServiceCIDRs are that one's
  const serviceCIDRs = node.proxyName === '' ? node.serviceCIDRs.filter((cidr) => familyOf(cidr) === family) : []
  return [
    ...Array.from({ length: 256 }, (_, octet) => member(sets['equal-octets'], twice(octet))),
    ...intervals(sets.pods, podCidrsOf(node, family)),
    ...intervals(sets['service-cidrs'], serviceCIDRs),
    ...[...new Set(open)]
      .filter((address) => isNodePortAddress(node, address))
      .map((address) => member(sets['nodeport-addresses'], addressBytes(address))),
  ]
}

const twice = (octet: number): string => String.fromCharCode(octet, 0, 0, 0, octet, 0, 0, 0)

const chains = (layout: Layout, node: NodeView, family: Family): ChainObject[] => {
  const priority = priorities(node)
  const chain = (name: string, comment: string, rules: readonly Rule[], at?: NftHook): ChainObject =>
    chainOf(layout, name, comment, rules, at)
  const isNew = anyBit('ct state', CT_NEW)
  const forwarded = 'from pods and outside'
  const local = 'from this node'
  const check = [rule(isNew, jump({ verdict: 'jump', chain: 'check-sources' }))]
  const unused = [rule(isNew, jump({ verdict: 'jump', chain: 'unused' }))]
  const mark = marks(layout, 'service', node, family)
  return [
    chain(REFUSE, 'connections that cannot be served', [
      rule(equals('meta l4proto', u8(TCP)), { kind: 'reject', with: 'tcp-reset' }),
      rule({ kind: 'reject', with: 'port-unreachable' }),
    ]),
    chain('check-sources', 'before DNAT: frontends without endpoints, source ranges', [
      rule(vmap(layout.dialled.service, 'refused')),
      rule(...onNodePortAddress(layout, node, family), vmap(layout.dialled.nodeport, 'refused-nodeports')),
    ]),
    chain('unused', 'after DNAT: still addressed to a Service, so nobody serves it', [
      rule(anyBit('ct status', STATUS_DST_NAT), jump({ verdict: 'return' })),
      explained('a port that no Service has', inSet([field(layout.daddr)], 'cluster-ips'), goto(REFUSE)),
      explained('an address that no Service has', inSet([field(layout.daddr)], 'service-cidrs'), jump(drop)),
    ]),
    chain('node-ports', 'the node port that a connection dials', [
      ...marks(layout, 'nodeport', node, family),
      rule(vmap(layout.dialled.nodeport, 'nodeports')),
      rule(jump(accept)),
    ]),
    chain('refuse-forwarded', forwarded, check, hook('filter', 'prerouting', priority.refuse)),
    chain('refuse-local', local, check, hook('filter', 'output', priority.refuse)),
    chain('mark-forwarded', forwarded, mark, hook('nat', 'prerouting', priority.mark)),
    chain('mark-local', local, mark, hook('nat', 'output', priority.mark)),
    ...dispatching(layout, [layout.services, layout.nodePorts], priority.nodePorts, [
      rule(vmap(layout.dialled.service, 'services')),
      rule(...onNodePortAddress(layout, node, family), goto('node-ports')),
    ]),
    chain('unused-forwarded', forwarded, unused, hook('filter', 'prerouting', -95)),
    chain('unused-local', local, unused, hook('filter', 'output', -95)),
    chain('postrouting', 'after DNAT', postrouting(layout, node), hook('nat', 'postrouting', 100)),
  ]
}

/** Who is masqueraded is looked up once, not a rule for every frontend. */
const marks = (layout: Layout, dialled: Dialled, node: NodeView, family: Family): Rule[] => {
  const key = layout.dialled[dialled]
  const twin = dialled === 'service' ? '' : '-nodeports'
  const all = rule(inSet(key, `masquerade-all${twin}`), masqueradeMark(node))
  const pods = podTest(layout, node, family)
  if (pods === null) return [all]
  return [all, rule(pods.isNot, inSet(key, `masquerade-outside${twin}`), masqueradeMark(node))]
}

/** The set follows the node's interfaces; without `nodePortAddresses` the kernel knows by itself. Never loopback. */
const onNodePortAddress = (layout: Layout, node: NodeView, family: Family): Statement[] => {
  if (nodePortCidrsOf(node, family) !== null) return [inSet([field(layout.daddr)], 'nodeport-addresses')]
  return [equals('fib daddr type', u32(RTN_LOCAL)), notLoopback(layout)]
}

const notLoopback = ({ family, daddr }: Layout): Statement =>
  family === 'ip'
    ? { kind: 'match', left: field(daddr), op: '!=', right: addressBytes('127.0.0.0'), mask: prefixMask(8, 4) }
    : { kind: 'match', left: field(daddr), op: '!=', right: addressBytes('::1') }

const postrouting = (layout: Layout, node: NodeView): Rule[] => {
  const masquerade: Statement = { kind: 'masquerade', fullyRandom: true }
  const bit = 2 ** node.masqueradeBit
  return [
    explained('marked at dispatch', anyBit('meta mark', bit), markXor(bit), masquerade),
    explained('a backend that dials itself', anyBit('ct status', STATUS_DST_NAT), ...dialsItself(layout), masquerade),
  ]
}

/**
 * Source and destination are the same. nf_tables cannot compare two fields, but it can look both up together: octet by octet, the last
 * one first because it differs most often. Costs no element for any backend (docs/decisions/0006-hairpins-by-octets.md).
 */
const dialsItself = ({ family, saddr, daddr }: Layout): Statement[] => {
  const length = family === 'ip' ? 4 : 16
  return Array.from({ length }, (_, index) => {
    const at = length - 1 - index
    return inSet(
      [
        { kind: 'octet', of: saddr, at },
        { kind: 'octet', of: daddr, at },
      ],
      'equal-octets',
    )
  })
}
