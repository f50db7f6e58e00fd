import type { NftHook } from '../../kernel/nftables/types.ts'
import { addressBytes, familyOf } from '../../model/address.ts'
import type { NodeView } from '../../model/node-view.ts'
import type { Family } from '../../model/objects.ts'
import { addressesOf, isNodePortAddress, nodePortCidrsOf, podCidrsOf } from '../../routing/node-view.ts'
import { prefixMask, u32, u8 } from '../../rules/bytes.ts'
import type { Rule, Statement } from '../../rules/model.ts'
import {
  accept,
  anyBit,
  counted,
  drop,
  equals,
  field,
  goto,
  inSet,
  jump,
  markOr,
  markXor,
  notInSet,
  vmap,
} from '../../rules/terms.ts'
import { chainOf, explained, rule } from './chains.ts'
import { intervals, member } from './elements.ts'
import type { Dialled, IpFamily, Layout } from './layout.ts'
import { counterObject, type ChainObject, type CounterObject, type NftObject } from './objects.ts'
import { podsKnown } from './source-classes.ts'

/** nf_conntrack_common.h */
const CT_NEW = 8
const STATUS_DST_NAT = 0x20
const RTN_LOCAL = 2
const TCP = 6

/** Chains that rules elsewhere name. */
export const REFUSE = 'refuse'

/** The objects of one family that no frontend owns: hooks, dispatch, refusal, masquerade, and the sets they look into. */
export const compileBase = (layout: Layout, node: NodeView, family: Family): NftObject[] => [
  ...counters(layout.family),
  ...Object.values(layout.sets),
  ...elements(layout, node, family),
  ...hooks(layout, node, family),
]

export const masqueradeMark = (node: NodeView): Statement => markOr(2 ** node.masqueradeBit)

const counters = (family: IpFamily): CounterObject[] => [
  counter(family, 'fallbacks', 'new connections that met a change of backends and took the first slot'),
  counter(family, 'missed', 'new connections that found no backend at all: dropped, the client tries again'),
  counter(family, 'affinity-full', 'new connections whose client could not be remembered: its affinity set is full'),
]

const counter = (family: IpFamily, name: string, comment: string): CounterObject =>
  counterObject(family, { name, comment })

const elements = (layout: Layout, node: NodeView, family: Family): NftObject[] => {
  const { sets } = layout
  const open = nodePortCidrsOf(node, family) === null ? [] : addressesOf(node, family)
  const foreign = node.proxyName !== ''
  return [
    ...intervals(sets.pods, podCidrsOf(node, family)),
    ...intervals(sets['service-cidrs'], foreign ? [] : node.serviceCIDRs.filter((cidr) => familyOf(cidr) === family)),
    ...[...new Set(open)]
      .filter((address) => isNodePortAddress(node, address))
      .map((address) => member(sets['nodeport-addresses'], addressBytes(address))),
  ]
}

/**
 * Beside another proxy (`service-proxy-name`) we come first: its filter before DNAT is at −110 and its DNAT at −100, and its drop of
 * unused ServiceCIDR addresses must not see our frontends.
 */
const priorities = (node: NodeView): { refuse: number; nat: number } =>
  node.proxyName === '' ? { refuse: -110, nat: -100 } : { refuse: -115, nat: -105 }

const hooks = (layout: Layout, node: NodeView, family: Family): ChainObject[] => {
  const priority = priorities(node)
  const chain = (name: string, comment: string, rules: readonly Rule[], hook?: NftHook): ChainObject =>
    chainOf(layout.family, name, comment, rules, hook)
  const isNew = anyBit('ct state', CT_NEW)
  const toDispatch = [
    rule(jump({ verdict: 'jump', chain: 'dispatch' })),
    explained('its backend could not be found', counted('missed'), jump(drop)),
  ]
  const checkSources = [rule(isNew, jump({ verdict: 'jump', chain: 'check-sources' }))]
  const unused = [rule(isNew, jump({ verdict: 'jump', chain: 'unused' }))]
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
      explained('a port that no Service has', inSet([field(layout.daddr)], 'cluster-ips'), goto(REFUSE)),
      explained('an address that no Service has', inSet([field(layout.daddr)], 'service-cidrs'), jump(drop)),
    ]),
    chain('dispatch', 'the frontend that a connection dials', dispatch(layout, node, family)),
    chain('node-ports', 'the same for node ports', [
      ...marks(layout, 'nodeport', node, family),
      rule(vmap(layout.dialled.nodeport, 'nodeports')),
      rule(jump(accept)),
    ]),
    chain('refuse-forwarded', 'from pods and outside', checkSources, hook('filter', 'prerouting', priority.refuse)),
    chain('refuse-local', 'from this node', checkSources, hook('filter', 'output', priority.refuse)),
    chain('prerouting', 'from pods and outside', toDispatch, hook('nat', 'prerouting', priority.nat)),
    chain('output', 'from this node', toDispatch, hook('nat', 'output', priority.nat)),
    chain('unused-forwarded', 'from pods and outside', unused, hook('filter', 'prerouting', -95)),
    chain('unused-local', 'from this node', unused, hook('filter', 'output', -95)),
    chain('postrouting', 'after DNAT', postrouting(layout, node), hook('nat', 'postrouting', 100)),
  ]
}

const hook = (type: NftHook['type'], name: NftHook['hook'], priority: number): NftHook => ({
  type,
  hook: name,
  priority,
  policy: 'accept',
})

const dispatch = (layout: Layout, node: NodeView, family: Family): Rule[] => [
  ...marks(layout, 'service', node, family),
  rule(vmap(layout.dialled.service, 'services')),
  rule(...onNodePortAddress(layout, node, family), goto('node-ports')),
  explained('not for a Service', jump(accept)),
]

/** Who is masqueraded is looked up once, not a rule for every frontend. */
const marks = (layout: Layout, dialled: Dialled, node: NodeView, family: Family): Rule[] => {
  const key = layout.dialled[dialled]
  const twin = dialled === 'service' ? '' : '-nodeports'
  const all = rule(inSet(key, `masquerade-all${twin}`), masqueradeMark(node))
  if (!podsKnown(node, family)) return [all]
  const stranger = notInSet([field(layout.saddr)], 'pods')
  return [all, rule(stranger, inSet(key, `masquerade-outside${twin}`), masqueradeMark(node))]
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
    explained(
      'a backend that dials itself',
      anyBit('ct status', STATUS_DST_NAT),
      inSet([field(layout.saddr), ...layout.dialled.service], 'hairpin'),
      masquerade,
    ),
    explained('marked at dispatch', anyBit('meta mark', bit), markXor(bit), masquerade),
  ]
}
