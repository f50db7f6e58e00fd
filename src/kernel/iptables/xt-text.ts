import { formatAddress } from '../../model/address.ts'
import type { IptablesFamily } from './types.ts'
import {
  addressTypes,
  connectionStates,
  MAP_IPS,
  PROTO_SPECIFIED,
  RANDOM_FULLY,
  RECENT_REAP,
  recentActions,
  rejections,
} from './xt-names.ts'

/**
 * Extensions of x_tables as iptables-save 1.8.9 prints them, from the kernel's structures (linux/netfilter/xt_*.h): those that a Service
 * proxy uses. Numbers are in the machine's order unless said otherwise. Null: another structure, or options that are not known here.
 */
export interface Extension {
  readonly name: string
  readonly revision: number
  readonly info: Buffer
  readonly family: IptablesFamily
}

type Printer = (info: Buffer, extension: Extension) => string | null

export const matchText = (extension: Extension): string | null => print(matches, extension)
export const targetText = (extension: Extension): string | null => print(targets, extension)

/** A structure that is shorter than it should be is not understood. */
const print = (printers: Readonly<Record<string, Printer>>, extension: Extension): string | null => {
  const printer = Object.hasOwn(printers, extension.name) ? printers[extension.name] : undefined
  try {
    return printer?.(extension.info, extension) ?? null
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

/** xtables_save_string: in quotes, unless it is of letters, digits, `-` and `_` alone. */
const quoted = (text: string): string =>
  /^[-\w]+$/.test(text) ? text : `"${text.replaceAll(/["\\']/g, (character) => `\\${character}`)}"`

const textAt = (bytes: Buffer, at: number, length: number): string => {
  const end = bytes.indexOf(0, at)
  return bytes.toString('utf8', at, end < 0 || end > at + length ? at + length : end)
}

/** xt_comment.h: 256 bytes */
const comment: Printer = (info) => `-m comment --comment ${quoted(textAt(info, 0, 256))}`

/** ports of xt_tcpudp.h and xt_sctp.h: first and last */
const port = (info: Buffer, at: number, option: string, negated: boolean): string => {
  const [first, last] = [info.readUInt16LE(at), info.readUInt16LE(at + 2)]
  if (first === 0 && last === 0xffff && !negated) return ''
  return `${negated ? ' !' : ''} ${option} ${first === last ? first : `${first}:${last}`}`
}

/** source ports, destination ports, option, flag mask, flags, inverted */
const tcp: Printer = (info) => {
  if (info.readUInt8(8) !== 0 || info.readUInt8(9) !== 0) return null
  const inverted = info.readUInt8(11)
  return `-m tcp${port(info, 0, '--sport', (inverted & 1) !== 0)}${port(info, 4, '--dport', (inverted & 2) !== 0)}`
}

const udp: Printer = (info) => {
  const inverted = info.readUInt8(8)
  return `-m udp${port(info, 0, '--sport', (inverted & 1) !== 0)}${port(info, 4, '--dport', (inverted & 2) !== 0)}`
}

/** destination ports, source ports, …, at 284 flags (1 source, 2 destination, 4 chunks), inverted */
const sctp: Printer = (info) => {
  const [flags, inverted] = [info.readUInt32LE(284), info.readUInt32LE(288)]
  if ((flags & ~3) !== 0) return null
  const source = (flags & 1) === 0 ? '' : port(info, 4, '--sport', (inverted & 1) !== 0)
  return `-m sctp${source}${(flags & 2) === 0 ? '' : port(info, 0, '--dport', (inverted & 2) !== 0)}`
}

/** mode (0 random), flags (1 inverted), N of 2³¹ */
const statistic: Printer = (info) => {
  if (info.readUInt16LE(0) !== 0 || info.readUInt16LE(2) !== 0) return null
  return `-m statistic --mode random --probability ${elevenDigits(BigInt(info.readUInt32LE(4)))}`
}

/** printf("%.11f") of N/2³¹, which is exact: halves go to the even digit */
const elevenDigits = (n: bigint): string => {
  const [scale, digits] = [2n ** 31n, 10n ** 11n]
  const quotient = (n * digits) / scale
  const twice = 2n * ((n * digits) % scale)
  const rounded = twice > scale || (twice === scale && quotient % 2n === 1n) ? quotient + 1n : quotient
  return `${rounded / digits}.${(rounded % digits).toString().padStart(11, '0')}`
}

/** revision 1: source and destination (bit n: type n), flags (1, 2 inverted) */
const addrtype: Printer = (info, { revision }) => {
  const flags = info.readUInt32LE(4)
  if (revision !== 1 || (flags & ~3) !== 0) return null
  const side = (types: number, option: string, negated: boolean): string => {
    if (types === 0) return ''
    const names = addressTypes.filter((_, type) => types & (1 << type))
    return `${negated ? ' !' : ''} ${option} ${names.join(',')}`
  }
  const source = side(info.readUInt16LE(0), '--src-type', (flags & 1) !== 0)
  return `-m addrtype${source}${side(info.readUInt16LE(2), '--dst-type', (flags & 2) !== 0)}`
}

/** revisions 2 and 3: what is asked (1: the state) at 146, inverted at 148, states at 150 */
const conntrack: Printer = (info, { revision }) => {
  if (revision < 2 || info.readUInt16LE(146) !== 1) return null
  const mask = info.readUInt16LE(150)
  const names = connectionStates.flatMap(([bit, name]) => (mask & bit ? [name] : []))
  return `-m conntrack ${info.readUInt16LE(148) & 1 ? '! ' : ''}--ctstate ${names.join(',')}`
}

/** revision 1: seconds, hits, action and flags, inverted, name[200], side (1: destination), mask at 212 */
const recent: Printer = (info, { revision, family }) => {
  const asked = info.readUInt8(8) & ~RECENT_REAP
  const [, action] = recentActions.find(([bit]) => bit === asked) ?? []
  const [seconds, hits] = [info.readUInt32LE(0), info.readUInt32LE(4)]
  if (revision !== 1 || action === undefined) return null
  const length = family === 'ip' ? 4 : 16
  const mask = formatAddress(info.toString('latin1', 212, 212 + length))
  return [
    `-m recent ${info.readUInt8(9) === 0 ? '' : '! '}${action}`,
    ...(seconds === 0 ? [] : [`--seconds ${seconds}`]),
    ...(hits === 0 ? [] : [`--hitcount ${hits}`]),
    ...((info.readUInt8(8) & RECENT_REAP) === 0 ? [] : ['--reap']),
    `--name ${textAt(info, 10, 200)} --mask ${mask} ${info.readUInt8(210) === 0 ? '--rsource' : '--rdest'}`,
  ].join(' ')
}

/** name[32] */
const nfacct: Printer = (info) => `-m nfacct --nfacct-name ${textAt(info, 0, 32)}`

/** mark, mask, inverted */
const mark: Printer = (info) => markText(info.readUInt32LE(0), info.readUInt32LE(4), info.readUInt8(8) !== 0)

/** As libxt_mark prints it. */
export const markText = (value: number, mask: number, negated: boolean): string =>
  `-m mark ${negated ? '! ' : ''}--mark ${hex(value)}${mask >>> 0 === 0xffffffff ? '' : `/${hex(mask)}`}`

const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`

const setMark: Printer = (info, { revision }) =>
  revision === 2 ? `-j MARK --set-xmark ${hex(info.readUInt32LE(0))}/${hex(info.readUInt32LE(4))}` : null

/** revision 2: flags, two addresses of 16 bytes, two ports in network order */
const dnat: Printer = (info, { revision, family }) => {
  if (revision !== 2 || info.readUInt32LE(0) !== (MAP_IPS | PROTO_SPECIFIED)) return null
  const length = family === 'ip' ? 4 : 16
  const [low, high] = [info.toString('latin1', 4, 4 + length), info.toString('latin1', 20, 20 + length)]
  const [first, last] = [info.readUInt16BE(36), info.readUInt16BE(38)]
  if (low !== high || first !== last) return null
  const address = formatAddress(low)
  return `-j DNAT --to-destination ${family === 'ip' ? address : `[${address}]`}:${first}`
}

/** IPv4: how many ranges, then flags; IPv6: flags */
const masquerade: Printer = (info, { family }) => {
  const flags = info.readUInt32LE(family === 'ip' ? 4 : 0)
  if ((flags & ~RANDOM_FULLY) !== 0) return null
  return `-j MASQUERADE${flags === 0 ? '' : ' --random-fully'}`
}

const reject: Printer = (info, { family }) => {
  const number = info.readUInt32LE(0)
  const [, kind] = rejections[family].find(([one]) => one === number) ?? []
  return kind === undefined ? null : `-j REJECT --reject-with ${kind}`
}

const matches: Readonly<Record<string, Printer>> = {
  addrtype,
  comment,
  conntrack,
  mark,
  nfacct,
  recent,
  sctp,
  statistic,
  tcp,
  udp,
}
const targets: Readonly<Record<string, Printer>> = { DNAT: dnat, MARK: setMark, MASQUERADE: masquerade, REJECT: reject }
