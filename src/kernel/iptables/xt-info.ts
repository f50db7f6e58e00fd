import { parseAddress } from '../../model/address.ts'
import type { Bytes, NftExpr } from '../nftables/types.ts'
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
 * Extensions of x_tables as the kernel takes them (linux/netfilter/xt_*.h): the inverse of xt-text.ts, for what a Service proxy writes.
 * Structures are padded to 8 bytes (XT_ALIGN). Numbers are in the machine's order unless said otherwise.
 */
export interface Options {
  readonly family: IptablesFamily
  /** `--dport` → [`80`]; `! --dport` has the same key and is in `negated` */
  readonly values: ReadonlyMap<string, readonly string[]>
  readonly negated: ReadonlySet<string>
}

/** Null: options that are not known here. */
type Builder = (options: Options) => { readonly revision: number; readonly info: Buffer } | null

export const matchExpression = (name: string, options: Options): NftExpr | null =>
  build('match', matches, name, options)
export const targetExpression = (name: string, options: Options): NftExpr | null =>
  build('target', targets, name, options)

/** Targets that are extensions, whatever their options. */
export const isTargetExtension = (name: string): boolean => Object.hasOwn(targets, name)

const build = (
  kernelName: 'match' | 'target',
  builders: Readonly<Record<string, Builder>>,
  name: string,
  options: Options,
): NftExpr | null => {
  const built = Object.hasOwn(builders, name) ? builders[name]?.(options) : null
  if (!built) return null
  const head = Buffer.alloc(8)
  head.writeUInt16LE(8, 0)
  head.writeUInt16LE(REVISION, 2)
  head.writeUInt32BE(built.revision, 4)
  const raw = `${attribute(NAME, `${name}\0`)}${head.toString('latin1')}${attribute(INFO, built.info.toString('latin1'))}`
  return { name: 'unknown', kernelName, raw }
}

/** NFTA_MATCH_NAME …, NFTA_TARGET_NAME … */
const NAME = 1
const REVISION = 2
const INFO = 3

const attribute = (type: number, payload: Bytes): Bytes => {
  const header = Buffer.alloc(4)
  header.writeUInt16LE(payload.length + 4, 0)
  header.writeUInt16LE(type, 2)
  return header.toString('latin1') + payload.padEnd((payload.length + 3) & ~3, '\0')
}

/** The value of an option that may be missing; null: given twice over, or with something else than one value. */
const one = ({ values }: Options, option: string): string | null => {
  const given = values.get(option)
  return given?.length === 1 ? (given[0] ?? null) : null
}

const onlyHas = ({ values }: Options, ...allowed: readonly string[]): boolean =>
  values.keys().every((option) => allowed.includes(option))

const number = (text: string | null, most: number): number | null => {
  if (text === null || !/^(0x[\da-f]+|\d+)$/i.test(text)) return null
  const value = Number(text)
  return value <= most ? value : null
}

const comment: Builder = (options) => {
  const text = one(options, '--comment')
  if (text === null || !onlyHas(options, '--comment')) return null
  const info = Buffer.alloc(256)
  return Buffer.byteLength(text) < 256 && info.write(text) > 0 ? { revision: 0, info } : null
}

/** `80`, `80:90`; missing: all */
const portRange = (options: Options, option: string): readonly [number, number] | null => {
  if (!options.values.has(option)) return [0, 0xffff]
  const [first, last = first] = (one(options, option) ?? '').split(':').map((text) => number(text, 0xffff))
  return typeof first === 'number' && typeof last === 'number' ? [first, last] : null
}

interface PortPlaces {
  readonly size: number
  readonly source: number
  readonly destination: number
}

const ports = (options: Options, { size, source, destination }: PortPlaces): Buffer | null => {
  const [from, to] = [portRange(options, '--sport'), portRange(options, '--dport')]
  if (from === null || to === null || !onlyHas(options, '--sport', '--dport')) return null
  const info = Buffer.alloc(size)
  for (const [at, [first, last]] of [
    [source, from],
    [destination, to],
  ] as const) {
    info.writeUInt16LE(first, at)
    info.writeUInt16LE(last, at + 2)
  }
  return info
}

const inverted = ({ negated }: Options): number => (negated.has('--sport') ? 1 : 0) | (negated.has('--dport') ? 2 : 0)

/** source ports, destination ports, option, flag mask, flags, inverted */
const tcp: Builder = (options) => {
  const info = ports(options, { size: 16, source: 0, destination: 4 })
  info?.writeUInt8(inverted(options), 11)
  return info && { revision: 0, info }
}

const udp: Builder = (options) => {
  const info = ports(options, { size: 16, source: 0, destination: 4 })
  info?.writeUInt8(inverted(options), 8)
  return info && { revision: 0, info }
}

/** destination ports, source ports, …, flags (1 source, 2 destination), inverted */
const sctp: Builder = (options) => {
  const info = ports(options, { size: 296, source: 4, destination: 0 })
  const { values } = options
  info?.writeUInt32LE((values.has('--sport') ? 1 : 0) | (values.has('--dport') ? 2 : 0), 284)
  info?.writeUInt32LE(inverted(options), 288)
  return info && { revision: 0, info }
}

/** mode, flags, N of 2³¹ as libxt_statistic.c rounds it: lround, halves away from zero */
const statistic: Builder = (options) => {
  const text = one(options, '--probability')
  const probability = text !== null && /^\d(\.\d+)?$/.test(text) ? Number(text) : 2
  if (one(options, '--mode') !== 'random' || probability > 1 || !onlyHas(options, '--mode', '--probability'))
    return null
  const info = Buffer.alloc(24)
  info.writeUInt32LE(Math.floor(probability * 2 ** 31 + 0.5), 4)
  info.writeUInt16LE(options.negated.has('--probability') ? 1 : 0, 2)
  return { revision: 0, info }
}

const addressBits: ReadonlyMap<string, number> = new Map(addressTypes.map((name, type) => [name, 2 ** type]))

const bitsOf = (text: string, bits: ReadonlyMap<string, number>): number | null => {
  let sum = 0
  for (const name of text.split(',')) {
    const bit = bits.get(name)
    if (bit === undefined) return null
    sum |= bit
  }
  return sum
}

/** revision 1: source and destination (bit n: type n), flags (1, 2 inverted) */
const addrtype: Builder = (options) => {
  const info = Buffer.alloc(8)
  if (!onlyHas(options, '--src-type', '--dst-type')) return null
  for (const [option, at] of [
    ['--src-type', 0],
    ['--dst-type', 2],
  ] as const) {
    if (!options.values.has(option)) continue
    const bits = bitsOf(one(options, option) ?? '', addressBits)
    if (bits === null) return null
    info.writeUInt16LE(bits, at)
  }
  info.writeUInt32LE((options.negated.has('--src-type') ? 1 : 0) | (options.negated.has('--dst-type') ? 2 : 0), 4)
  return { revision: 1, info }
}

const stateBits: ReadonlyMap<string, number> = new Map(connectionStates.map(([bit, name]) => [name, bit]))

/** revision 3: what is asked (1: the state) at 146, inverted at 148, states at 150 */
const conntrack: Builder = (options) => {
  const bits = bitsOf(one(options, '--ctstate') ?? '', stateBits)
  if (bits === null || !onlyHas(options, '--ctstate')) return null
  const info = Buffer.alloc(168)
  info.writeUInt16LE(1, 146)
  info.writeUInt16LE(options.negated.has('--ctstate') ? 1 : 0, 148)
  info.writeUInt16LE(bits, 150)
  return { revision: 3, info }
}

/** XT_RECENT_NAME_LEN with its NUL */
const RECENT_NAME = 200

/** revision 1: seconds, hits, action and flags, inverted, name[200], side (1: destination), mask at 212 */
const recent: Builder = (options) => {
  const { values, negated, family } = options
  const actions = recentActions.filter(([, option]) => values.has(option))
  const [action] = actions
  const name = one(options, '--name') ?? 'DEFAULT'
  const [seconds, hits] = [number(one(options, '--seconds'), 2 ** 32 - 1), number(one(options, '--hitcount'), 255)]
  const mask = parseAddress(one(options, '--mask') ?? '')
  if (actions.length !== 1 || action === undefined || mask === null || name.length >= RECENT_NAME) return null
  if (mask.length !== (family === 'ip' ? 4 : 16)) return null
  if ((values.has('--seconds') && seconds === null) || (values.has('--hitcount') && hits === null)) return null
  const known = ['--seconds', '--hitcount', '--reap', '--name', '--mask', '--rsource', '--rdest']
  if (!onlyHas(options, action[1], ...known)) return null
  const info = Buffer.alloc(232)
  info.writeUInt32LE(seconds ?? 0, 0)
  info.writeUInt32LE(hits ?? 0, 4)
  info.writeUInt8(action[0] | (values.has('--reap') ? RECENT_REAP : 0), 8)
  info.writeUInt8(negated.has(action[1]) ? 1 : 0, 9)
  info.write(name, 10)
  info.writeUInt8(values.has('--rdest') ? 1 : 0, 210)
  info.write(mask, 212, 'latin1')
  return { revision: 1, info }
}

/** name[32], then a pointer of the kernel's */
const nfacct: Builder = (options) => {
  const name = one(options, '--nfacct-name')
  if (name === null || name.length >= 32 || !onlyHas(options, '--nfacct-name')) return null
  const info = Buffer.alloc(40)
  info.write(name)
  return { revision: 0, info }
}

/** `0x4000/0x4000`; without a mask: all of it */
const masked = (text: string | null): readonly [number, number] | null => {
  const [value, mask = 0xffffffff] = (text ?? '').split('/').map((part) => number(part, 0xffffffff))
  return typeof value === 'number' && typeof mask === 'number' ? [value, mask] : null
}

/** revision 1: mark, mask, inverted */
const mark: Builder = (options) => {
  const value = masked(one(options, '--mark'))
  if (value === null || !onlyHas(options, '--mark')) return null
  const info = Buffer.alloc(16)
  info.writeUInt32LE(value[0], 0)
  info.writeUInt32LE(value[1], 4)
  info.writeUInt8(options.negated.has('--mark') ? 1 : 0, 8)
  return { revision: 1, info }
}

/** revision 2: mark, mask */
const setMark: Builder = (options) => {
  const value = masked(one(options, '--set-xmark'))
  if (value === null || !onlyHas(options, '--set-xmark')) return null
  const info = Buffer.alloc(8)
  info.writeUInt32LE(value[0], 0)
  info.writeUInt32LE(value[1], 4)
  return { revision: 2, info }
}

/** revision 2: flags, two addresses of 16 bytes, two ports in network order */
const dnat: Builder = (options) => {
  const [, bracketed, bare, portText = ''] =
    /^(?:\[([\da-f:.]+)\]|([\d.]+)):(\d+)$/i.exec(one(options, '--to-destination') ?? '') ?? []
  const address = parseAddress(bracketed ?? bare ?? '')
  const port = number(portText, 0xffff)
  if (address === null || port === null || !onlyHas(options, '--to-destination')) return null
  if (address.length !== (options.family === 'ip' ? 4 : 16)) return null
  const info = Buffer.alloc(48)
  info.writeUInt32LE(MAP_IPS | PROTO_SPECIFIED, 0)
  info.write(address, 4, 'latin1')
  info.write(address, 20, 'latin1')
  info.writeUInt16BE(port, 36)
  info.writeUInt16BE(port, 38)
  return { revision: 2, info }
}

/** IPv4: how many ranges, then flags; IPv6: flags */
const masquerade: Builder = (options) => {
  if (!onlyHas(options, '--random-fully')) return null
  const ipv4 = options.family === 'ip'
  const info = Buffer.alloc(ipv4 ? 24 : 40)
  if (ipv4) info.writeUInt32LE(1, 0)
  info.writeUInt32LE(options.values.has('--random-fully') ? RANDOM_FULLY : 0, ipv4 ? 4 : 0)
  return { revision: 0, info }
}

const reject: Builder = (options) => {
  const wanted = one(options, '--reject-with')
  const [kind] = rejections[options.family].find(([, name]) => name === wanted) ?? []
  if (kind === undefined || !onlyHas(options, '--reject-with')) return null
  const info = Buffer.alloc(8)
  info.writeUInt32LE(kind, 0)
  return { revision: 0, info }
}

const matches: Readonly<Record<string, Builder>> = {
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
const targets: Readonly<Record<string, Builder>> = { DNAT: dnat, MARK: setMark, MASQUERADE: masquerade, REJECT: reject }
