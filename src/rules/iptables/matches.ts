import { addressTypes } from '../../model/address-types.ts'
import { parseAddress } from '../../model/address.ts'
import { number, u16, u32, u8 } from '../bytes.ts'
import { fraction } from '../fraction.ts'
import type { Field, Statement } from '../model.ts'
import { field } from '../terms.ts'
import { inRanges, type MatchReader, ownSet, type RuleContext, within } from './context.ts'
import { parseMark, parsePorts, parsePrefix, parseUnsigned, type NumberRange } from './prefix.ts'
import { parseProtocol } from './protocols.ts'
import type { Extension, Option } from './spec.ts'
import { stateMatches } from './state-matches.ts'

type OptionReader = (option: Option, context: RuleContext) => Statement | readonly Statement[] | null

/** A match whose options each stand for themselves. */
const each =
  (readers: Readonly<Record<string, OptionReader>>): MatchReader =>
  (options, context) => {
    const statements: Statement[] = []
    for (const option of options) {
      const read = readers[option.name]?.(option, context) ?? null
      if (read === null) return null
      if (Array.isArray(read)) statements.push(...(read as readonly Statement[]))
      else statements.push(read as Statement)
    }
    return statements
  }

/** The only value of an option. */
const only = ({ values }: Option): string | null => (values.length === 1 ? (values[0] as string) : null)

const port =
  (name: Field): OptionReader =>
  (option, context) => {
    const value = only(option)
    const range = value === null ? null : parsePorts(value)
    return range && inRanges(name, [range], { negated: option.negated, bytes: u16, context })
  }

const ports = { '--sport': port('th sport'), '--dport': port('th dport') }

const portList =
  (name: Field): OptionReader =>
  (option, context) => {
    const ranges = parsePortList(option)
    return ranges && inRanges(name, ranges, { negated: option.negated, bytes: u16, context })
  }

const parsePortList = (option: Option): readonly NumberRange[] | null => {
  const ranges = (only(option) ?? '').split(',').map((text) => parsePorts(text))
  return ranges.every((range) => range !== null) ? ranges : null
}

/** Source or destination: one set over both. */
const eitherPort: OptionReader = (option, context) => {
  const ranges = parsePortList(option)
  if (ranges === null) return null
  const set = `{ either port ${only(option)} }`
  ownSet(context, set, (key) => within(ranges, number(key.slice(0, 2))) || within(ranges, number(key.slice(4, 6))))
  return { kind: 'lookup', key: [field('th sport'), field('th dport')], set, negated: option.negated }
}

const mark =
  (name: Field): OptionReader =>
  (option) => {
    const parsed = parseMark(only(option) ?? '')
    if (parsed === null) return null
    const { value, mask } = parsed
    const op = option.negated ? '!=' : '=='
    const match = { kind: 'match', left: field(name), op, right: u32(value) } as const
    return mask === 0xffffffff ? match : { ...match, mask: u32(mask) }
  }

const flagBits: Readonly<Record<string, number>> = {
  FIN: 1,
  SYN: 2,
  RST: 4,
  PSH: 8,
  ACK: 16,
  URG: 32,
  ALL: 63,
  NONE: 0,
}

const flags = (text: string): number | null => {
  if (/^0x[\da-f]{1,2}$/i.test(text)) return Number.parseInt(text, 16)
  let bits = 0
  for (const name of text.split(',')) {
    const bit = flagBits[name]
    if (bit === undefined) return null
    bits |= bit
  }
  return bits
}

const tcpFlags: OptionReader = ({ values, negated }) => {
  const [mask = null, set = null] = values.map(flags)
  if (values.length !== 2 || mask === null || set === null) return null
  return { kind: 'match', left: field('tcp flags'), op: negated ? '!=' : '==', right: u8(set), mask: u8(mask) }
}

const syn: OptionReader = (option, context) => tcpFlags({ ...option, values: ['FIN,SYN,RST,ACK', 'SYN'] }, context)

const states: Readonly<Record<string, number>> = { INVALID: 1, ESTABLISHED: 2, RELATED: 4, NEW: 8, UNTRACKED: 64 }
const statuses: Readonly<Record<string, number>> = { SNAT: 0x10, DNAT: 0x20 }
const flowStatuses: Readonly<Record<string, number>> = { EXPECTED: 1, SEEN_REPLY: 2, ASSURED: 4, CONFIRMED: 8 }

const allStates = [...Object.keys(states), ...Object.keys(statuses)]

const anyOf = (name: Field, bits: number, negated: boolean): Statement => ({
  kind: 'match',
  left: field(name),
  op: negated ? '==' : '!=',
  right: u32(0),
  mask: u32(bits),
})

/** States of conntrack and, in the same list, what NAT has done: any of them (xt_conntrack.c). */
const ctState: OptionReader = (option, context) => {
  let state = 0
  let status = 0
  for (const name of (only(option) ?? '').split(',')) {
    const bit = states[name]
    const natted = statuses[name]
    if (bit !== undefined) state |= bit
    else if (natted !== undefined) status |= natted
    else return null
  }
  if (status === 0) return anyOf('ct state', state, option.negated)
  if (state === 0) return anyOf('ct status', status, option.negated)
  const names = (only(option) ?? '').split(',')
  const set = `{ ct ${allStates.filter((name) => names.includes(name)).join(',')} }`
  ownSet(context, set, (key) => ((number(key.slice(0, 4)) & state) | (number(key.slice(4, 8)) & status)) !== 0)
  return { kind: 'lookup', key: [field('ct state'), field('ct status')], set, negated: option.negated }
}

const ctStatus: OptionReader = (option) => {
  const text = only(option) ?? ''
  if (text === 'NONE')
    return { kind: 'match', left: field('ct status'), op: option.negated ? '!=' : '==', right: u32(0) }
  let bits = 0
  for (const name of text.split(',')) {
    const bit = flowStatuses[name]
    if (bit === undefined) return null
    bits |= bit
  }
  return anyOf('ct status', bits, option.negated)
}

const directions: Readonly<Record<string, number>> = { ORIGINAL: 0, REPLY: 1 }

const ctDirection: OptionReader = (option) => {
  const direction = directions[only(option) ?? '']
  if (direction === undefined) return null
  return { ...equalsOrNot('ct direction', option.negated), right: u8(direction) }
}

const equalsOrNot = (name: Field, negated: boolean) =>
  ({ kind: 'match', left: field(name), op: negated ? '!=' : '==' }) as const

const ctProtocol: OptionReader = (option) => {
  const protocol = parseProtocol(only(option) ?? '')
  return protocol === null ? null : { ...equalsOrNot('ct l4proto', option.negated), right: u8(protocol) }
}

/** An address in a network; all addresses: nothing is asked. */
export const inPrefix = (name: Field, option: Option): Statement | readonly Statement[] | null => {
  const prefix = parsePrefix(only(option) ?? '')
  if (prefix === null) return null
  const { address, mask, length } = prefix
  if (length === 0 && !option.negated) return []
  const match = { ...equalsOrNot(name, option.negated), right: address }
  return length === address.length * 8 ? match : { ...match, mask }
}

const inNetwork =
  (name: Field): OptionReader =>
  (option) =>
    inPrefix(name, option)

const addressTypeNumbers: ReadonlyMap<string, number> = new Map(addressTypes.map((name, type) => [name, type]))

const addressType =
  (name: Field): OptionReader =>
  (option, context) => {
    const types = (only(option) ?? '').split(',').map((type) => addressTypeNumbers.get(type) ?? -1)
    if (types.includes(-1)) return null
    const ranges = types.map((type) => ({ low: type, high: type }))
    return inRanges(name, ranges, { negated: option.negated, bytes: u32, context })
  }

const readTypes = each({
  '--src-type': addressType('fib saddr type'),
  '--dst-type': addressType('fib daddr type'),
})

/** With --limit-iface-in the address must be one of that interface; `!` then holds for local addresses of others too. */
const addrtype: MatchReader = (options, context) => {
  const types = options.filter(({ name }) => !name.startsWith('--limit-iface'))
  const limit = options.find(({ name }) => name.startsWith('--limit-iface'))
  if (limit === undefined) return readTypes(types, context)
  const interfaceOf = limit.name.endsWith('in') ? 'comes in by' : 'leaves by'
  const [type] = types
  const negated = type?.negated ?? false
  const state: Statement = {
    kind: 'state',
    text: `the address is ${negated ? 'none' : 'one'} of the interface that the packet ${interfaceOf}`,
    assume: true,
  }
  const read = negated ? [] : readTypes(types, context)
  return types.length === 1 && read !== null ? [...read, state] : null
}

const range =
  (v4: Field, v6: Field): OptionReader =>
  (option) => {
    const [low = null, high = null] = (only(option) ?? '').split('-').map(parseAddress)
    if (low === null || high === null || low.length !== high.length) return null
    return { kind: 'range', left: field(low.length === 4 ? v4 : v6), negated: option.negated, low, high }
  }

const packetTypes: Readonly<Record<string, number>> = { unicast: 0, host: 0, broadcast: 1, multicast: 2 }

const packetType: OptionReader = (option) => {
  const type = packetTypes[only(option) ?? '']
  return type === undefined ? null : { ...equalsOrNot('meta pkttype', option.negated), right: u8(type) }
}

/** Type without code; 255 is any. */
const icmpType =
  (name: Field): OptionReader =>
  (option) => {
    const text = only(option) ?? ''
    if ((text === 'any' || text === '255') && !option.negated) return []
    const type = /^\d+$/.test(text) ? parseUnsigned(text) : null
    return type === null || type > 255 ? null : { ...equalsOrNot(name, option.negated), right: u8(type) }
  }

const TWO_31 = 2 ** 31

/** p·2³¹ rounded half away from zero, as libxt_statistic does; the kernel then compares 31 random bits with it. */
export const probabilityOf = (text: string): number | null => {
  if (!/^\d*\.?\d+(?:e-?\d+)?$/i.test(text)) return null
  const p = Number(text)
  return p > 1 ? null : Math.floor(p * TWO_31 + 0.5)
}

const statistic: MatchReader = (options) => {
  const given = new Map(options.map((option) => [option.name, option]))
  const [mode, probability, every] = ['--mode', '--probability', '--every'].map((name) => given.get(name))
  const negated = (probability ?? every)?.negated ?? false
  if (mode?.values[0] === 'random' && probability !== undefined) {
    const N = probabilityOf(only(probability) ?? '')
    return N === null ? null : [chance(negated ? TWO_31 - N : N, TWO_31)]
  }
  if (mode?.values[0] !== 'nth' || every === undefined) return null
  const n = parseUnsigned(only(every) ?? '')
  return n === null || n === 0 ? null : [chance(negated ? n - 1 : 1, n)]
}

const chance = (hits: number, of: number): Statement => ({ kind: 'chance', odds: fraction(BigInt(hits), BigInt(of)) })

const nothing: MatchReader = () => []

const readers: ReadonlyMap<string, MatchReader> = new Map<string, MatchReader>([
  ...stateMatches,
  ['comment', nothing],
  ['tcp', each({ ...ports, '--tcp-flags': tcpFlags, '--syn': syn })],
  ['udp', each(ports)],
  ['sctp', each(ports)],
  ['dccp', each(ports)],
  ['udplite', each(ports)],
  ['icmp', each({ '--icmp-type': icmpType('icmp type') })],
  ['icmp6', each({ '--icmpv6-type': icmpType('icmpv6 type') })],
  ['multiport', each({ '--sports': portList('th sport'), '--dports': portList('th dport'), '--ports': eitherPort })],
  ['mark', each({ '--mark': mark('meta mark') })],
  ['connmark', each({ '--mark': mark('ct mark') })],
  ['state', each({ '--state': ctState })],
  [
    'conntrack',
    each({
      '--ctstate': ctState,
      '--ctstatus': ctStatus,
      '--ctdir': ctDirection,
      '--ctproto': ctProtocol,
      '--ctorigsrc': inNetwork('ct original saddr'),
      '--ctorigdst': inNetwork('ct original daddr'),
      '--ctorigsrcport': port('ct original proto-src'),
      '--ctorigdstport': port('ct original proto-dst'),
    }),
  ],
  ['addrtype', addrtype],
  ['iprange', each({ '--src-range': range('ip saddr', 'ip6 saddr'), '--dst-range': range('ip daddr', 'ip6 daddr') })],
  ['pkttype', each({ '--pkt-type': packetType })],
  ['statistic', statistic],
])

/** What a match asks of a packet; null: not understood. */
export const readMatch = ({ name, options }: Extension, context: RuleContext): readonly Statement[] | null =>
  readers.get(name)?.(options, context) ?? null
