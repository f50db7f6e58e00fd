import { u8 } from '../../../rules/bytes.ts'
import type { Expression, Field, Statement, Table } from '../../../rules/model.ts'
import { equals, field } from '../../../rules/terms.ts'
import { addressOffset } from '../../../rules/print.ts'
import { type Datatype, type DatatypeName, datatypes } from './datatypes.ts'
import { protocols } from './names.ts'

/** What a selector is in the rule model. */
export type Selected =
  | {
      readonly kind: 'known'
      readonly expression: Expression
      readonly type: Datatype
      /** what nft checks first without saying so: `tcp dport` only of TCP */
      readonly needs: readonly Statement[]
    }
  /** state that no ruleset tells: who owns the socket, the time of day */
  | { readonly kind: 'state' }
  | { readonly kind: 'unknown'; readonly needs: readonly Statement[] }

type Family = Table['family']

const fields: Readonly<Record<string, readonly [Field, DatatypeName]>> = {
  'ip saddr': ['ip saddr', 'ipv4_addr'],
  'ip daddr': ['ip daddr', 'ipv4_addr'],
  'ip protocol': ['ip protocol', 'inet_proto'],
  'ip frag-off': ['ip frag-off', 'short'],
  'ip6 saddr': ['ip6 saddr', 'ipv6_addr'],
  'ip6 daddr': ['ip6 daddr', 'ipv6_addr'],
  'ip6 nexthdr': ['ip6 nexthdr', 'inet_proto'],
  'th sport': ['th sport', 'inet_service'],
  'th dport': ['th dport', 'inet_service'],
  'tcp flags': ['tcp flags', 'tcp_flag'],
  'icmp type': ['icmp type', 'icmp_type'],
  'icmpv6 type': ['icmpv6 type', 'icmpv6_type'],
  'meta l4proto': ['meta l4proto', 'inet_proto'],
  'meta nfproto': ['meta nfproto', 'nf_proto'],
  'meta protocol': ['meta protocol', 'ether_type'],
  'meta mark': ['meta mark', 'mark'],
  'meta iifname': ['meta iifname', 'ifname'],
  'meta oifname': ['meta oifname', 'ifname'],
  'meta iif': ['meta iifname', 'iface_index'],
  'meta oif': ['meta oifname', 'iface_index'],
  'meta pkttype': ['meta pkttype', 'pkt_type'],
  'ct state': ['ct state', 'ct_state'],
  'ct status': ['ct status', 'ct_status'],
  'ct mark': ['ct mark', 'mark'],
  'ct direction': ['ct direction', 'ct_dir'],
  'ct protocol': ['ct l4proto', 'inet_proto'],
  'ct original protocol': ['ct l4proto', 'inet_proto'],
  'ct original ip saddr': ['ct original saddr', 'ipv4_addr'],
  'ct original ip daddr': ['ct original daddr', 'ipv4_addr'],
  'ct original ip6 saddr': ['ct original saddr', 'ipv6_addr'],
  'ct original ip6 daddr': ['ct original daddr', 'ipv6_addr'],
  'ct original proto-src': ['ct original proto-src', 'inet_service'],
  'ct original proto-dst': ['ct original proto-dst', 'inet_service'],
  'fib saddr type': ['fib saddr type', 'fib_addrtype'],
  'fib daddr type': ['fib daddr type', 'fib_addrtype'],
}

/** Words that nft takes without `meta` in front. */
const withoutMeta = new Set(['mark', 'iif', 'oif', 'iifname', 'oifname', 'pkttype', 'l4proto', 'nfproto', 'protocol'])

/** Whose process, when, how much: a listing cannot tell of the packet that is asked about. */
const stateful = new Set([
  'skuid',
  'skgid',
  'cgroup',
  'cpu',
  'time',
  'day',
  'hour',
  'rtclassid',
  'random',
  'expiration',
  'helper',
  'bytes',
  'packets',
  'avgpkt',
  'label',
])
const ports = new Set(['tcp', 'udp', 'udplite', 'sctp', 'dccp'])
/** headers behind the network header: the packet must have this protocol */
const transports = new Set([...ports, 'icmp', 'icmpv6', 'igmp', 'esp', 'ah', 'comp', 'gre'])

/** A selector by its words, as nft writes it. The usual ones are made once: rules share them. */
export const select = (name: string, family: Family): Selected => usual[family].get(name) ?? unusual(name, family)

const unusual = (name: string, family: Family): Selected => {
  if (name.startsWith('@')) return rawPayload(name, family) ?? { kind: 'unknown', needs: [] }
  const [head = '', ...rest] = name.split(' ')
  const key = rest.at(-1) ?? head
  const isState = (head === 'meta' || head === 'ct') && stateful.has(key)
  if (isState || head === 'socket' || head === 'osf' || stateful.has(head)) return { kind: 'state' }
  return { kind: 'unknown', needs: needsOf(name, head, family) }
}

const needsOf = (name: string, head: string, family: Family): readonly Statement[] => {
  const protocol = transports.has(head) ? protocols[head] : undefined
  if (protocol !== undefined) return [equals('meta l4proto', u8(protocol))]
  if (family !== 'inet') return []
  // fields of one family are foreign to packets of the other already; these are not
  const of = head === 'ip6' || name.includes(' ip6 ') ? 10 : head === 'ip' || name.includes(' ip ') ? 2 : 0
  return of === 0 ? [] : [equals('meta nfproto', u8(of))]
}

/** `@nh,128,32` is `ip daddr` of an IPv4 packet; single bytes of addresses are what we write ourselves. */
const rawPayload = (name: string, family: Family): Selected | undefined => {
  const [base = '', offset = '', length = ''] = name.slice(1).split(',')
  const [at, bits] = [Number(offset) / 8, Number(length)]
  if (base === 'th' && bits === 16 && (at === 0 || at === 2))
    return known(field(at === 0 ? 'th sport' : 'th dport'), 'inet_service')
  if (base !== 'nh' || family === 'inet') return undefined
  const width = family === 'ip' ? 4 : 16
  for (const of of family === 'ip' ? (['ip saddr', 'ip daddr'] as const) : (['ip6 saddr', 'ip6 daddr'] as const)) {
    const inside = at - addressOffset[of]
    // as a number, not as an address
    if (inside === 0 && bits === 32 && width === 4) return known(field(of), 'integer')
    if (inside >= 0 && inside < width && bits === 8 && Number.isInteger(inside))
      return known({ kind: 'octet', of, at: inside }, 'octet')
  }
  return undefined
}

const known = (expression: Expression, type: DatatypeName): Selected => ({
  kind: 'known',
  expression,
  type: datatypes[type],
  needs: [],
})

const usualOf = (family: Family): ReadonlyMap<string, Selected> => {
  const found = new Map<string, Selected>()
  const add = (name: string, [of, type]: readonly [Field, DatatypeName]): void => {
    const [head = ''] = name.split(' ')
    const needs = needsOf(name, head, family)
    found.set(name, { kind: 'known', expression: field(of), type: datatypes[type], needs })
  }
  for (const [name, of] of Object.entries(fields)) {
    add(name, of)
    const short = name.startsWith('meta ') ? name.slice('meta '.length) : ''
    if (withoutMeta.has(short)) add(short, of)
  }
  for (const protocol of ports) {
    add(`${protocol} sport`, ['th sport', 'inet_service'])
    add(`${protocol} dport`, ['th dport', 'inet_service'])
  }
  return found
}

const usual: Readonly<Record<Family, ReadonlyMap<string, Selected>>> = {
  ip: usualOf('ip'),
  ip6: usualOf('ip6'),
  inet: usualOf('inet'),
}
