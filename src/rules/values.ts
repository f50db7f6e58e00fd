import { masked, number, padded, u16, u32, u8 } from './bytes.ts'
import type { Flow, Place, Probe } from './flow.ts'
import { jhash, scaled } from './jhash.ts'
import { all, type Mass, massOf, part, total } from './mass.ts'
import type { Bytes, Expression, Field, Key } from './model.ts'
import { oddsBetween } from './odds.ts'

/** Beyond this many values an expression is not spelled out: the answer becomes partial. */
const MOST_VALUES = 1 << 17

export interface Value {
  readonly bytes: Bytes
  readonly odds: Mass
}

/**
 * What an expression may be for a flow, with the odds of each value. `unknown`: the packet as asked does not say.
 * `foreign`: a field that this packet does not have (`ip6 saddr` of an IPv4 packet): the rule does not match.
 */
export type Values =
  | { readonly kind: 'known'; readonly values: readonly Value[]; readonly assumed?: string }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'foreign' }

const INVALID = 1
const NEW = 8
const UNTRACKED = 64
const STATUS_SRC_NAT = 0x10
const STATUS_DST_NAT = 0x20
const IPPROTO_ICMP = 1
const IPPROTO_TCP = 6
const IPPROTO_ICMPV6 = 58
const TCP_SYN = 2

const unknown = { kind: 'unknown' } as const
const foreign = { kind: 'foreign' } as const

export const fieldBytes = (field: Field, flow: Flow, probe: Probe, around: Place): Bytes | 'unknown' | 'foreign' => {
  switch (field) {
    case 'ip saddr':
      return probe.family === 'ip' ? flow.source || probe.saddr : 'foreign'
    case 'ip6 saddr':
      return probe.family === 'ip6' ? flow.source || probe.saddr : 'foreign'
    case 'ip daddr':
      return probe.family === 'ip' ? flow.daddr : 'foreign'
    case 'ip6 daddr':
      return probe.family === 'ip6' ? flow.daddr : 'foreign'
    case 'meta l4proto':
      return u8(probe.protocol)
    case 'th dport':
      return u16(flow.dport)
    case 'meta mark':
      return u32(flow.mark)
    case 'ct state':
      if (hasConnection(flow, around)) return u32(around.ctState ?? NEW)
      return u32(flow.untracked ? UNTRACKED : INVALID)
    case 'ct mark':
      return hasConnection(flow, around) ? u32(flow.ctMark) : 'foreign'
    case 'ct status':
      // iptables asks `--ctstate NEW,DNAT` of packets without connection too, and they are neither
      if (!hasConnection(flow, around)) return u32(0)
      return u32(status(flow, probe))
    case 'fib saddr type':
      return u32(around.addressType(probe.saddr))
    case 'fib daddr type':
      return u32(around.addressType(flow.daddr))
    case 'th sport':
      return probe.sport === null ? (around.fields?.[field] ?? 'unknown') : u16(probe.sport)
    case 'meta oifname':
      return around.fields?.[field] ?? around.outputInterface?.(flow.daddr) ?? 'unknown'
    default:
      if (field.startsWith('ct ') && !hasConnection(flow, around)) return 'foreign'
      return around.fields?.[field] ?? ofFirstPacket(field, probe)
  }
}

/** NAT to what the packet has already is none (nf_nat_setup_info). */
const status = ({ dnat, daddr, dport, masquerade, source }: Flow, probe: Probe): number => {
  const there = dnat && (daddr !== probe.daddr || dport !== probe.dport)
  const back = masquerade && source !== probe.saddr
  return (there ? STATUS_DST_NAT : 0) | (back ? STATUS_SRC_NAT : 0)
}

/** Before conntrack, and where it was told not to look, a packet is of no connection: `ct` has no field but its state. */
export const hasConnection = ({ untracked }: Flow, { beforeConntrack }: Place): boolean =>
  !untracked && !beforeConntrack

/** What is the same for every first packet of a connection that looks like this one. */
const ofFirstPacket = (
  field: Field,
  { family, protocol, saddr, sport, daddr, dport }: Probe,
): Bytes | 'unknown' | 'foreign' => {
  switch (field) {
    case 'ip protocol':
      return family === 'ip' ? u8(protocol) : 'foreign'
    case 'ip6 nexthdr':
      return family === 'ip6' ? u8(protocol) : 'foreign'
    case 'ip frag-off':
      return family === 'ip' ? u16(0) : 'foreign'
    case 'tcp flags':
      return protocol === IPPROTO_TCP ? u8(TCP_SYN) : 'foreign'
    case 'icmp type':
      return protocol === IPPROTO_ICMP ? 'unknown' : 'foreign'
    case 'icmpv6 type':
      return protocol === IPPROTO_ICMPV6 ? 'unknown' : 'foreign'
    case 'meta nfproto':
      return u8(family === 'ip' ? 2 : 10)
    case 'meta protocol':
      return u16(family === 'ip' ? 0x0800 : 0x86dd)
    case 'meta pkttype':
    case 'ct direction':
      return u8(0)
    case 'ct l4proto':
      return u8(protocol)
    case 'ct original saddr':
      return saddr
    case 'ct original daddr':
      return daddr
    case 'ct original proto-src':
      return sport === null ? 'unknown' : u16(sport)
    case 'ct original proto-dst':
      return u16(dport)
    default:
      return 'unknown'
  }
}

/** The values of one expression; a number generator gives as many as its modulus. */
export const valuesOf = (expression: Expression, flow: Flow, probe: Probe, around: Place): Values => {
  switch (expression.kind) {
    case 'field': {
      const bytes = fieldBytes(expression.field, flow, probe, around)
      if (bytes === 'unknown') return unknown
      return bytes === 'foreign' ? foreign : certain(bytes)
    }
    case 'octet': {
      const bytes = fieldBytes(expression.of, flow, probe, around)
      return bytes === 'foreign' ? foreign : certain(bytes.charAt(expression.at))
    }
    case 'bitwise': {
      const of = valuesOf(expression.of, flow, probe, around)
      if (of.kind !== 'known') return of
      const { mask, xor } = expression
      return { ...of, values: of.values.map(({ bytes, odds }) => ({ bytes: masked(bytes, mask, xor), odds })) }
    }
    case 'numgen': {
      const { mode, modulus, offset } = expression
      return spread(modulus, offset, (value) => oddsBetween(mode, modulus, value, value))
    }
    case 'symhash':
      return evenly(expression, 'the hash spreads flows evenly')
    case 'jhash': {
      const of = keyValues(expression.of, flow, probe, around)
      if (of.kind === 'foreign') return of
      if (of.kind === 'unknown') return evenly(expression, 'the hash spreads source ports evenly')
      const { modulus, offset, seed } = expression
      const values = of.values.map(({ bytes, odds }) => ({
        bytes: u32(scaled(jhash(bytes, seed), modulus) + offset),
        odds,
      }))
      return { kind: 'known', values }
    }
  }
}

/** A concatenation: every part padded to 4 bytes, unless there is only one. */
export const keyValues = (key: Key, flow: Flow, probe: Probe, around: Place): Values => {
  const [only] = key
  if (key.length === 1 && only !== undefined) return valuesOf(only, flow, probe, around)
  let values: readonly Value[] = [{ bytes: '', odds: all }]
  let assumed: string | undefined
  for (const one of key) {
    const next = valuesOf(one, flow, probe, around)
    if (next.kind !== 'known') return next
    if (values.length * next.values.length > MOST_VALUES) return unknown
    assumed ??= next.assumed
    values = values.flatMap((head) =>
      next.values.map((tail) => ({ bytes: head.bytes + padded(tail.bytes), odds: part(head.odds, tail.odds) })),
    )
  }
  return assumed === undefined ? { kind: 'known', values } : { kind: 'known', values, assumed }
}

/** Odds that `low <= expression <= high`, without spelling a number generator's values out. */
export const oddsWithin = (
  expression: Expression,
  low: Bytes,
  high: Bytes,
  flow: Flow,
  probe: Probe,
  around: Place,
): Mass | 'unknown' | 'foreign' => {
  if (expression.kind === 'numgen') {
    const { mode, modulus, offset } = expression
    const first = Math.max(0, number(low) - offset)
    const last = Math.min(modulus - 1, number(high) - offset)
    return oddsBetween(mode, modulus, first, last)
  }
  const values = valuesOf(expression, flow, probe, around)
  if (values.kind !== 'known') return values.kind
  return total(values.values.filter(({ bytes }) => bytes >= low && bytes <= high).map(({ odds }) => odds))
}

const certain = (bytes: Bytes): Values => ({ kind: 'known', values: [{ bytes, odds: all }] })

/** A good hash of what is not known gives every value equally often. */
const evenly = ({ modulus, offset }: { modulus: number; offset: number }, assumed: string): Values => {
  const equally = massOf({ numerator: 1n, denominator: BigInt(modulus) })
  const values = spread(modulus, offset, () => equally)
  return values.kind === 'known' ? { ...values, assumed } : values
}

const spread = (modulus: number, offset: number, odds: (value: number) => Mass): Values => {
  if (modulus > MOST_VALUES || modulus < 1) return unknown
  return {
    kind: 'known',
    values: Array.from({ length: modulus }, (_, value) => ({ bytes: u32(value + offset), odds: odds(value) })),
  }
}
