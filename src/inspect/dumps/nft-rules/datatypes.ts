import { parseAddress } from '../../../model/address.ts'
import { prefixMask, u16, u32, u8 } from '../../../rules/bytes.ts'
import type { Bytes } from '../../../rules/model.ts'
import {
  addressTypeNames,
  directions,
  etherTypes,
  icmpTypes,
  icmpv6Types,
  nfProtocols,
  packetTypes,
  protocols,
  services,
  states,
  statuses,
  tcpFlags,
} from './names.ts'
import type { Syntax, TypeSyntax } from './syntax.ts'

/** What the words of a value mean. */
export interface Datatype {
  /** of a value; ipv4 4, ifname 16, … */
  readonly length: number
  /** a bit mask: nft tests single bits where it writes no operator */
  readonly flags?: boolean
  parse(word: string): Bytes | undefined
}

/** First and last value, both inside. */
export interface Bounds {
  readonly low: Bytes
  readonly high: Bytes
}

const numeric = /^(?:0x[0-9a-f]+|\d+)$/i

const numbers = (length: 1 | 2 | 4, named: Readonly<Record<string, number>> = {}, flags = false): Datatype => {
  const names = new Map(Object.entries(named))
  const limit = 2 ** (8 * length)
  return {
    length,
    flags,
    parse(word) {
      const value = names.get(word) ?? (numeric.test(word) ? Number(word) : limit)
      if (value >= limit) return undefined
      return length === 1 ? u8(value) : length === 2 ? u16(value) : u32(value)
    },
  }
}

const address = (length: 4 | 16): Datatype => ({
  length,
  parse(word) {
    const bytes = parseAddress(word.startsWith('[') && word.endsWith(']') ? word.slice(1, -1) : word)
    return bytes?.length === length ? bytes : undefined
  },
})

/** Longer names than IFNAMSIZ − 1 do not exist. */
const ifname: Datatype = {
  length: 16,
  parse: (word) => (word.length > 15 ? undefined : Buffer.from(word).toString('latin1').padEnd(16, '\0')),
}

export const datatypes = {
  ipv4_addr: address(4),
  ipv6_addr: address(16),
  inet_proto: numbers(1, protocols),
  inet_service: numbers(2, services),
  mark: numbers(4),
  integer: numbers(4),
  octet: numbers(1),
  short: numbers(2),
  ifname,
  /** nft prints the name of an index too */
  iface_index: ifname,
  ct_state: numbers(4, states, true),
  ct_status: numbers(4, statuses, true),
  ct_dir: numbers(1, directions),
  fib_addrtype: numbers(4, addressTypeNames),
  nf_proto: numbers(1, nfProtocols),
  ether_type: numbers(2, etherTypes),
  tcp_flag: numbers(1, tcpFlags, true),
  icmp_type: numbers(1, icmpTypes),
  icmpv6_type: numbers(1, icmpv6Types),
  pkt_type: numbers(1, packetTypes),
} as const satisfies Readonly<Record<string, Datatype>>

export type DatatypeName = keyof typeof datatypes

const datatypeNamed = (name: string): Datatype | undefined =>
  Object.hasOwn(datatypes, name) ? datatypes[name as DatatypeName] : undefined

/** A set's declared type; `ofSelector` says what a typeof expression is of. */
export const datatypeOf = (
  type: TypeSyntax,
  ofExpression: (syntax: Syntax) => Datatype | undefined,
): Datatype | undefined => ('type' in type ? datatypeNamed(type.type) : ofExpression(type.of))

/** A value, a range, a prefix or flags, of a type; undefined: not understood. */
export const boundsOf = (syntax: Syntax, type: Datatype): Bounds | undefined => {
  switch (syntax.kind) {
    case 'word':
      return boundsOfWord(syntax.text, type)
    case 'range': {
      const low = valueOf(syntax.low, type)
      const high = valueOf(syntax.high, type)
      return low === undefined || high === undefined ? undefined : { low, high }
    }
    case 'prefix': {
      const value = valueOf(syntax.of, type)
      return value === undefined ? undefined : ofPrefix(value, syntax.length)
    }
    default: {
      const value = valueOf(syntax, type)
      return value === undefined ? undefined : { low: value, high: value }
    }
  }
}

/** One value, flags put together; undefined: not understood, or not one. */
export const valueOf = (syntax: Syntax, type: Datatype): Bytes | undefined => {
  switch (syntax.kind) {
    case 'word':
      return type.parse(syntax.text)
    case 'list':
      return syntax.parts.map((part) => valueOf(part, type)).reduce(either)
    case 'binary':
      return syntax.op === '|' ? either(valueOf(syntax.left, type), valueOf(syntax.right, type)) : undefined
    default:
      return undefined
  }
}

const either = (a: Bytes | undefined, b: Bytes | undefined): Bytes | undefined => {
  if (a === undefined || b === undefined) return undefined
  let result = ''
  for (let i = 0; i < a.length; i++) result += String.fromCharCode(a.charCodeAt(i) | b.charCodeAt(i))
  return result
}

const boundsOfWord = (text: string, type: Datatype): Bounds | undefined => {
  const value = type.parse(text)
  if (value !== undefined) return type === ifname ? ofName(text, value) : { low: value, high: value }
  const slash = text.indexOf('/')
  if (slash > 0) {
    const base = type.parse(text.slice(0, slash))
    const length = text.slice(slash + 1)
    return base !== undefined && /^\d{1,3}$/.test(length) ? ofPrefix(base, Number(length)) : undefined
  }
  // names of services may have hyphens too
  for (let at = text.indexOf('-', 1); at > 0; at = text.indexOf('-', at + 1)) {
    const low = type.parse(text.slice(0, at))
    const high = type.parse(text.slice(at + 1))
    if (low !== undefined && high !== undefined) return { low, high }
  }
  return undefined
}

/** `veth*`: all names that begin so. */
const ofName = (text: string, value: Bytes): Bounds => {
  if (!text.endsWith('*') || text.endsWith('\\*')) return { low: value, high: value }
  const prefix = value.slice(0, value.indexOf('*'))
  return { low: prefix.padEnd(16, '\0'), high: prefix.padEnd(16, '\xff') }
}

const ofPrefix = (value: Bytes, length: number): Bounds | undefined => {
  if (length > value.length * 8) return undefined
  const mask = prefixMask(length, value.length)
  let low = ''
  let high = ''
  for (let i = 0; i < value.length; i++) {
    const keep = mask.charCodeAt(i)
    low += String.fromCharCode(value.charCodeAt(i) & keep)
    high += String.fromCharCode((value.charCodeAt(i) & keep) | (~keep & 0xff))
  }
  return { low, high }
}
