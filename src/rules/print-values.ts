import { formatAddress } from '../model/address.ts'
import { addressTypes } from '../model/address-types.ts'
import { number } from './bytes.ts'
import type { Bytes, Expression } from './model.ts'

export const hex = (value: number): string => `0x${(value >>> 0).toString(16).padStart(8, '0')}`

const protocols: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'ipv6-icmp', 132: 'sctp' }
const states: Readonly<Record<number, string>> = {
  1: 'invalid',
  2: 'established',
  4: 'related',
  8: 'new',
  64: 'untracked',
}
const statuses: Readonly<Record<number, string>> = { 0x10: 'snat', 0x20: 'dnat' }
const directions: Readonly<Record<number, string>> = { 0: 'original', 1: 'reply' }
const packetTypes: Readonly<Record<number, string>> = { 0: 'host', 1: 'broadcast', 2: 'multicast', 3: 'other' }
const families: Readonly<Record<number, string>> = { 2: 'ipv4', 10: 'ipv6' }
const etherTypes: Readonly<Record<number, string>> = { 0x0800: 'ip', 0x86dd: 'ip6' }
const tcpFlags: Readonly<Record<number, string>> = { 1: 'fin', 2: 'syn', 4: 'rst', 8: 'psh', 16: 'ack', 32: 'urg' }

export const printValue = (of: Expression, bytes: Bytes): string => {
  if (of.kind !== 'field') return String(number(bytes))
  switch (of.field) {
    case 'ip saddr':
    case 'ip daddr':
    case 'ip6 saddr':
    case 'ip6 daddr':
    case 'ct original saddr':
    case 'ct original daddr':
      // a dump may compare an address with anything
      return bytes.length === 4 || bytes.length === 16 ? formatAddress(bytes) : hexBytes(bytes)
    case 'meta l4proto':
    case 'ip protocol':
    case 'ip6 nexthdr':
    case 'ct l4proto':
      return named(protocols, bytes)
    case 'th sport':
    case 'th dport':
    case 'ct original proto-src':
    case 'ct original proto-dst':
    case 'ip frag-off':
    case 'icmp type':
    case 'icmpv6 type':
      return String(number(bytes))
    case 'ct direction':
      return named(directions, bytes)
    case 'meta pkttype':
      return named(packetTypes, bytes)
    case 'meta nfproto':
      return named(families, bytes)
    case 'meta protocol':
      return named(etherTypes, bytes)
    case 'tcp flags':
      return named(tcpFlags, bytes)
    case 'ct mark':
    case 'meta mark':
      return hex(number(bytes))
    case 'meta iifname':
    case 'meta oifname':
      return `"${bytes.replace(/\0+$/, '')}"`
    case 'ct state':
      return named(states, bytes)
    case 'ct status':
      return named(statuses, bytes)
    case 'fib saddr type':
    case 'fib daddr type':
      return addressTypes[number(bytes)]?.toLowerCase() ?? String(number(bytes))
  }
}

const hexBytes = (bytes: Bytes): string => `0x${Buffer.from(bytes, 'latin1').toString('hex')}`

const named = (names: Readonly<Record<number, string>>, bytes: Bytes): string => {
  const value = number(bytes)
  return names[value] ?? String(value)
}
