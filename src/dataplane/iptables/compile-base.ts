import { familyOf } from '../../model/address.ts'
import type { NodeView } from '../../model/node-view.ts'
import type { Family } from '../../model/objects.ts'
import { localhostNodePorts, nodePortAddresses, nodePortCidrsOf } from '../../routing/node-view.ts'
import {
  FORWARD,
  KUBELET_FIREWALL,
  MARK_MASQ,
  NODEPORTS,
  POSTROUTING,
  PROXY_CANARY,
  SERVICES,
  sharedChains,
  UNUSED,
} from './chains.ts'
import { INVALID_DROPPED, nfacct } from './nfacct.ts'
import {
  type ChainPlace,
  chainObject,
  type IpFamily,
  type IptablesObject,
  type IptablesTable,
  ruleObject,
  type RuleText,
  sharedChainObject,
} from './objects.ts'
import { jumps, unusedJumps } from './jumps.ts'
import { comment, destinationIs, hexMark, ruleText, sourceIs } from './rule-text.ts'

const tables = ['nat', 'filter', 'mangle'] as const satisfies readonly IptablesTable[]

/** The objects of one family that no frontend owns. */
export const compileBase = (node: NodeView, family: Family): readonly IptablesObject[] => {
  const ip: IpFamily = family === 'IPv4' ? 'ip' : 'ip6'
  const place = (table: IptablesTable, chain: string): ChainPlace => ({ family: ip, table, chain })
  return [
    ...tables.flatMap((table) => [
      chainObject(place(table, PROXY_CANARY), []),
      ...sharedChains[table].map((chain) => sharedChainObject(place(table, chain))),
    ]),
    sharedChainObject(place('filter', KUBELET_FIREWALL)),
    chainObject(place('nat', MARK_MASQ), [`-j MARK --set-xmark ${masked(node)}`]),
    chainObject(place('nat', POSTROUTING), postrouting(node)),
    chainObject(place('filter', FORWARD), forward(node)),
    ...(family === 'IPv4' && localhostNodePorts(node)
      ? [ruleObject(place('filter', KUBELET_FIREWALL), MARTIANS, 'tail')]
      : []),
    ...nodePortRules(node, family).map((rule) => ruleObject(place('nat', SERVICES), rule, 'tail')),
    ruleObject(place('filter', UNUSED), `${comment('no Service has this address')} -j DROP`, 'tail'),
    ...[...serviceCIDRs(node, family).flatMap(unusedJumps), ...jumps].map(({ table, from, rule }) =>
      ruleObject(place(table, from), rule, 'head'),
    ),
  ]
}

const serviceCIDRs = (node: NodeView, family: Family): readonly string[] =>
  node.serviceCIDRs.filter((cidr) => familyOf(cidr) === family)

/** `0x4000/0x4000` */
const masked = ({ masqueradeBit }: NodeView): string => {
  const mark = hexMark(2 ** masqueradeBit)
  return `${mark}/${mark}`
}

/** The mark is taken away, since the packet may pass again. */
const postrouting = (node: NodeView): readonly RuleText[] => [
  `-m mark ! --mark ${masked(node)} -j RETURN`,
  `-j MARK --set-xmark ${hexMark(2 ** node.masqueradeBit)}/0x0`,
  `${comment('kubernetes service traffic requiring SNAT')} -j MASQUERADE --random-fully`,
]

/**
 * What conntrack holds for out of window is dropped: passed on untranslated it would reset the connection (k/k#74839). What the node translated
 * goes on even where the policy of FORWARD is DROP.
 */
const forward = (node: NodeView): readonly RuleText[] => [
  ...(node.tcpBeLiberal
    ? []
    : [`-m conntrack --ctstate INVALID ${node.nfacct ? `${nfacct(INVALID_DROPPED)} ` : ''}-j DROP`]),
  `${comment('kubernetes forwarding rules')} -m mark --mark ${masked(node)} -j ACCEPT`,
  `${comment('kubernetes forwarding conntrack rule')} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
]

/** route_localnet, which node ports on loopback need, would let neighbours reach what listens there (k/k#90259). The kubelet has the same rule. */
const MARTIANS = ruleText({
  source: sourceIs('127.0.0.0/8', true),
  destination: destinationIs('127.0.0.0/8'),
  matches: [comment('block incoming localnet connections'), '-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT'],
  target: '-j DROP',
})

/** A node's address may be a Service's too, so these are asked last. */
const nodePortRules = (node: NodeView, family: Family): readonly RuleText[] => {
  const said = comment('kubernetes service nodeports; NOTE: this must be the last rule in this chain')
  const target = `-j ${NODEPORTS}`
  if (nodePortCidrsOf(node, family) === null) {
    const loopback = family === 'IPv4' ? '127.0.0.0/8' : '::1/128'
    const open = family === 'IPv4' && localhostNodePorts(node)
    const destination = open ? '' : destinationIs(loopback, true)
    return [ruleText({ destination, matches: [said, '-m addrtype --dst-type LOCAL'], target })]
  }
  return nodePortAddresses(node, family).map((address) =>
    ruleText({ destination: destinationIs(address), matches: [said], target }),
  )
}
