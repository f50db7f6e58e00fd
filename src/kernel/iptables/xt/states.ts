import { addressTypes } from '../../../model/address-types.ts'
import { bitsOf, one, onlyHas, type XtCodec } from './codec.ts'

const addressBits: ReadonlyMap<string, number> = new Map(addressTypes.map((name, type) => [name, 2 ** type]))

/** xt_addrtype_info_v1: source and destination (bit n: type n), flags (1, 2 inverted) */
export const addrtype: XtCodec = {
  print: (info, { revision }) => {
    const flags = info.readUInt32LE(4)
    if (revision !== 1 || (flags & ~3) !== 0) return null
    const side = (types: number, option: string, negated: boolean): string => {
      if (types === 0) return ''
      const names = addressTypes.filter((_, type) => types & (1 << type))
      return `${negated ? ' !' : ''} ${option} ${names.join(',')}`
    }
    const source = side(info.readUInt16LE(0), '--src-type', (flags & 1) !== 0)
    return `-m addrtype${source}${side(info.readUInt16LE(2), '--dst-type', (flags & 2) !== 0)}`
  },
  build: (options) => {
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
  },
}

/** XT_CONNTRACK_STATE_*, in the order of printing */
const connectionStates = [
  [1, 'INVALID'],
  [8, 'NEW'],
  [4, 'RELATED'],
  [2, 'ESTABLISHED'],
  [0x100, 'UNTRACKED'],
  [0x40, 'SNAT'],
  [0x80, 'DNAT'],
] as const

const stateBits: ReadonlyMap<string, number> = new Map(connectionStates.map(([bit, name]) => [name, bit]))

/** xt_conntrack_mtinfo2 and 3: what is asked (1: the state) at 146, inverted at 148, states at 150 */
export const conntrack: XtCodec = {
  print: (info, { revision }) => {
    if (revision < 2 || info.readUInt16LE(146) !== 1) return null
    const mask = info.readUInt16LE(150)
    const names = connectionStates.flatMap(([bit, name]) => (mask & bit ? [name] : []))
    return `-m conntrack ${info.readUInt16LE(148) & 1 ? '! ' : ''}--ctstate ${names.join(',')}`
  },
  build: (options) => {
    const bits = bitsOf(one(options, '--ctstate') ?? '', stateBits)
    if (bits === null || !onlyHas(options, '--ctstate')) return null
    const info = Buffer.alloc(168)
    info.writeUInt16LE(1, 146)
    info.writeUInt16LE(options.negated.has('--ctstate') ? 1 : 0, 148)
    info.writeUInt16LE(bits, 150)
    return { revision: 3, info }
  },
}
