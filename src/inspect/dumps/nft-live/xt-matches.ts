import { u16, u32, u8 } from '../../../rules/bytes.ts'
import { fraction } from '../../../rules/fraction.ts'
import type { Bytes, ElementValue, Field, Statement } from '../../../rules/model.ts'
import { field } from '../../../rules/terms.ts'
import { type Range, ruleSetOf } from '../nft-rules/sets.ts'
import type { XtData } from './context.ts'

type Reader = (blob: XtData) => readonly Statement[] | undefined

const match = (left: Field, right: Bytes, negated: boolean): Statement => ({
  kind: 'match',
  left: field(left),
  op: negated ? '!=' : '==',
  right,
})

const range = (left: Field, low: number, high: number, negated: boolean): readonly Statement[] => {
  if (low === high) return [match(left, u16(low), negated)]
  if (low === 0 && high === 0xffff && !negated) return []
  return [{ kind: 'range', left: field(left), negated, low: u16(low), high: u16(high) }]
}

const anyBit = (name: Field, bits: number, none: boolean): Statement => ({
  kind: 'match',
  left: field(name),
  op: none ? '==' : '!=',
  right: u32(0),
  mask: u32(bits),
})

/** xt_tcpudp.h, `spts[2], dpts[2]`, of TCP then `option, flg_mask, flg_cmp`, then `invflags`. */
const ports = (bytes: Buffer, inverted: number): readonly Statement[] => [
  ...range('th sport', bytes.readUInt16LE(0), bytes.readUInt16LE(2), (inverted & 1) !== 0),
  ...range('th dport', bytes.readUInt16LE(4), bytes.readUInt16LE(6), (inverted & 2) !== 0),
]

const tcp: Reader = ({ bytes }) => {
  const [option, mask, wanted, inverted] = [
    bytes.readUInt8(8),
    bytes.readUInt8(9),
    bytes.readUInt8(10),
    bytes.readUInt8(11),
  ]
  if (option !== 0) return undefined
  const flags: Statement = {
    kind: 'match',
    left: field('tcp flags'),
    op: (inverted & 4) !== 0 ? '!=' : '==',
    right: u8(wanted),
    mask: u8(mask),
  }
  return [...ports(bytes, inverted), ...(mask === 0 ? [] : [flags])]
}

const udp: Reader = ({ bytes }) => ports(bytes, bytes.readUInt8(8))

/** xt_multiport_v1: flags (0 source, 1 destination, 2 either), count, ports[15], pflags[15] (1: a range begins), invert. */
const multiport: Reader = ({ bytes, context }) => {
  const [side, count, invert] = [bytes.readUInt8(0), bytes.readUInt8(1), bytes.readUInt8(47)]
  if (side > 1) return undefined
  const exact = new Map<Bytes, ElementValue>()
  const ranges: Range[] = []
  const value: ElementValue = { to: 'member' }
  for (let i = 0; i < count; i++) {
    const port = bytes.readUInt16LE(2 + 2 * i)
    if (bytes.readUInt8(32 + i) === 0) exact.set(u16(port), value)
    else ranges.push({ bounds: [{ low: u16(port), high: u16(bytes.readUInt16LE(2 + 2 * ++i)) }], value })
  }
  const set = context.anonymous(ruleSetOf('', false, { exact, ranges, other: undefined, lengths: [2] }))
  return [{ kind: 'lookup', key: [field(side === 0 ? 'th sport' : 'th dport')], set, negated: invert !== 0 }]
}

/** xt_mark_mtinfo1: mark, mask, invert. */
const mark: Reader = ({ bytes }) => [{ kind: 'match', left: field('meta mark'), ...marked(bytes) }]
const connmark: Reader = ({ bytes }) => [{ kind: 'match', left: field('ct mark'), ...marked(bytes) }]
const marked = (bytes: Buffer): { op: '==' | '!='; right: Bytes; mask: Bytes } => ({
  op: bytes.readUInt8(8) === 0 ? '==' : '!=',
  right: u32(bytes.readUInt32LE(0)),
  mask: u32(bytes.readUInt32LE(4)),
})

/** xt_statistic_info: mode (0 random, 1 nth), flags (1 inverted), then the probability of 2³¹ or every − 1. */
const statistic: Reader = ({ bytes }) => {
  const [mode, flags, number] = [bytes.readUInt16LE(0), bytes.readUInt16LE(2), bytes.readUInt32LE(4)]
  const whole = mode === 0 ? 1n << 31n : BigInt(number) + 1n
  const hit = mode === 0 ? BigInt(number) : 1n
  return [{ kind: 'chance', odds: fraction((flags & 1) === 0 ? hit : whole - hit, whole) }]
}

const conntrackFlag = {
  state: 1,
  protocol: 2,
  originalDestination: 8,
  status: 0x40,
  originalPort: 0x200,
  direction: 0x1000,
}
const KNOWN_FLAGS = 1 | 2 | 8 | 0x40 | 0x200 | 0x1000 | 0x2000
/** XT_CONNTRACK_STATE_SNAT, _DNAT, _UNTRACKED */
const STATE_SNAT = 0x40
const STATE_DNAT = 0x80
const STATE_UNTRACKED = 0x100

/**
 * xt_conntrack_mtinfo2 and 3: eight addresses and masks of 16 bytes, expiry (8), protocol at 136, four ports at 138, flags at 146,
 * inverted at 148, states at 150, statuses at 152, of revision 3 the ports' ends at 154.
 */
const conntrack: Reader = ({ bytes, revision, context }) => {
  const [flags, inverted] = [bytes.readUInt16LE(146), bytes.readUInt16LE(148)]
  if (revision < 2 || (flags & ~KNOWN_FLAGS) !== 0) return undefined
  const has = (flag: number): boolean => (flags & flag) !== 0
  const not = (flag: number): boolean => (inverted & flag) !== 0
  const statements: Statement[] = []
  if (has(conntrackFlag.state)) {
    const states = stateMatches(bytes.readUInt16LE(150), not(conntrackFlag.state))
    if (states === undefined) return undefined
    statements.push(...states)
  }
  if (has(conntrackFlag.status))
    statements.push(anyBit('ct status', bytes.readUInt16LE(152), not(conntrackFlag.status)))
  if (has(conntrackFlag.protocol))
    statements.push(match('ct l4proto', u8(bytes.readUInt16LE(136)), not(conntrackFlag.protocol)))
  if (has(conntrackFlag.originalDestination)) {
    const length = context.family === 'ip' ? 4 : 16
    const at = (offset: number): Bytes => bytes.toString('latin1', offset, offset + length)
    const op = not(conntrackFlag.originalDestination) ? '!=' : '=='
    statements.push({ kind: 'match', left: field('ct original daddr'), op, right: at(32), mask: at(48) })
  }
  if (has(conntrackFlag.originalPort)) {
    const port = revision < 3 ? bytes.readUInt16BE(140) : bytes.readUInt16LE(140)
    const last = revision < 3 ? port : bytes.readUInt16LE(156)
    statements.push(...range('ct original proto-dst', port, Math.max(port, last), not(conntrackFlag.originalPort)))
  }
  // the bit says which direction, the inversion the other
  if (has(conntrackFlag.direction))
    statements.push(match('ct direction', u8(not(conntrackFlag.direction) ? 1 : 0), false))
  return statements
}

/** A state or a translation is enough; of an inverted list neither may be there. Both, not inverted, is not to be said here. */
const stateMatches = (mask: number, inverted: boolean): readonly Statement[] | undefined => {
  const states = (mask & 0xf) | ((mask & STATE_UNTRACKED) === 0 ? 0 : 0x40)
  const statuses = ((mask & STATE_SNAT) === 0 ? 0 : 0x10) | ((mask & STATE_DNAT) === 0 ? 0 : 0x20)
  if (states !== 0 && statuses !== 0 && !inverted) return undefined
  return [
    ...(states === 0 ? [] : [anyBit('ct state', states, inverted)]),
    ...(statuses === 0 ? [] : [anyBit('ct status', statuses, inverted)]),
  ]
}

/** xt_addrtype_info_v1: source, dest (bit n: RTN type n), flags (1, 2 inverted; 4, 8 only of the interface). */
const addrtype: Reader = ({ bytes, revision, context }) => {
  const flags =
    revision === 0 ? (bytes.readUInt32LE(4) ? 1 : 0) | (bytes.readUInt32LE(8) ? 2 : 0) : bytes.readUInt32LE(4)
  if ((flags & ~3) !== 0) return undefined
  const side = (types: number, name: Field, negated: boolean): readonly Statement[] => {
    if (types === 0) return []
    const exact = new Map<Bytes, ElementValue>()
    for (let type = 0; type < 16; type++) if (types & (1 << type)) exact.set(u32(type), { to: 'member' })
    const [only] = exact.keys()
    if (exact.size === 1 && only !== undefined) return [match(name, only, negated)]
    const set = context.anonymous(ruleSetOf('', false, { exact, ranges: [], other: undefined, lengths: [4] }))
    return [{ kind: 'lookup', key: [field(name)], set, negated }]
  }
  return [
    ...side(bytes.readUInt16LE(0), 'fib saddr type', (flags & 1) !== 0),
    ...side(bytes.readUInt16LE(2), 'fib daddr type', (flags & 2) !== 0),
  ]
}

const RECENT_SET = 2

/** xt_recent_mtinfo: seconds, hits, what (1 check, 2 set, 4 update, 8 remove), invert, name[200]. */
const recent: Reader = ({ bytes }) => {
  const [what, invert] = [bytes.readUInt8(8), bytes.readUInt8(9) !== 0]
  const name = bytes.toString('latin1', 10, 210).replace(/\0.*$/s, '')
  if ((what & RECENT_SET) !== 0 && !invert) return [{ kind: 'side-effect', text: `recent list ${name}` }]
  const text = `client not in affinity list ${name}`
  return [invert ? { kind: 'state', text, name, assume: true } : { kind: 'state', text, name }]
}

/** ipt_icmp: type, first and last code, inverted. 255: any type. */
const icmp =
  (name: 'icmp type' | 'icmpv6 type'): Reader =>
  ({ bytes }) => {
    const [type, first, last, inverted] = [
      bytes.readUInt8(0),
      bytes.readUInt8(1),
      bytes.readUInt8(2),
      bytes.readUInt8(3),
    ]
    if (type === 255) return []
    return first === 0 && last === 255 ? [match(name, u8(type), inverted !== 0)] : undefined
  }

export const matchers: Readonly<Record<string, Reader>> = {
  addrtype,
  connmark,
  conntrack,
  icmp: icmp('icmp type'),
  icmp6: icmp('icmpv6 type'),
  mark,
  multiport,
  recent,
  statistic,
  tcp,
  udp,
}
