import { number, one, onlyHas, type Options, type XtCodec } from './codec.ts'

/** Ports of xt_tcpudp.h and xt_sctp.h: first and last. */
const port = (info: Buffer, at: number, option: string, negated: boolean): string => {
  const [first, last] = [info.readUInt16LE(at), info.readUInt16LE(at + 2)]
  if (first === 0 && last === 0xffff && !negated) return ''
  return `${negated ? ' !' : ''} ${option} ${first === last ? first : `${first}:${last}`}`
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

/** 1: source, 2: destination */
const inverted = ({ negated }: Options): number => (negated.has('--sport') ? 1 : 0) | (negated.has('--dport') ? 2 : 0)

/** xt_tcp: source ports, destination ports, option, flag mask, flags, inverted */
export const tcp: XtCodec = {
  print: (info) => {
    if (info.readUInt8(8) !== 0 || info.readUInt8(9) !== 0) return null
    const inverted = info.readUInt8(11)
    return `-m tcp${port(info, 0, '--sport', (inverted & 1) !== 0)}${port(info, 4, '--dport', (inverted & 2) !== 0)}`
  },
  build: (options) => {
    const info = ports(options, { size: 16, source: 0, destination: 4 })
    info?.writeUInt8(inverted(options), 11)
    return info && { revision: 0, info }
  },
}

/** xt_udp: source ports, destination ports, inverted */
export const udp: XtCodec = {
  print: (info) => {
    const inverted = info.readUInt8(8)
    return `-m udp${port(info, 0, '--sport', (inverted & 1) !== 0)}${port(info, 4, '--dport', (inverted & 2) !== 0)}`
  },
  build: (options) => {
    const info = ports(options, { size: 16, source: 0, destination: 4 })
    info?.writeUInt8(inverted(options), 8)
    return info && { revision: 0, info }
  },
}

/** xt_sctp_info: destination ports, source ports, …, at 284 flags (1 source, 2 destination, 4 chunks), at 288 inverted */
export const sctp: XtCodec = {
  print: (info) => {
    const [flags, inverted] = [info.readUInt32LE(284), info.readUInt32LE(288)]
    if ((flags & ~3) !== 0) return null
    const source = (flags & 1) === 0 ? '' : port(info, 4, '--sport', (inverted & 1) !== 0)
    return `-m sctp${source}${(flags & 2) === 0 ? '' : port(info, 0, '--dport', (inverted & 2) !== 0)}`
  },
  build: (options) => {
    const info = ports(options, { size: 296, source: 4, destination: 0 })
    const { values } = options
    info?.writeUInt32LE((values.has('--sport') ? 1 : 0) | (values.has('--dport') ? 2 : 0), 284)
    info?.writeUInt32LE(inverted(options), 288)
    return info && { revision: 0, info }
  },
}
