import { number, one, onlyHas, type XtCodec } from './codec.ts'

/** As libxt_mark prints it. */
export const markText = (value: number, mask: number, negated: boolean): string =>
  `-m mark ${negated ? '! ' : ''}--mark ${hex(value)}${mask >>> 0 === 0xffffffff ? '' : `/${hex(mask)}`}`

const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`

/** `0x4000/0x4000`; without a mask: all of it */
const masked = (text: string | null): readonly [number, number] | null => {
  const [value, mask = 0xffffffff] = (text ?? '').split('/').map((part) => number(part, 0xffffffff))
  return typeof value === 'number' && typeof mask === 'number' ? [value, mask] : null
}

/** xt_mark_mtinfo1: mark, mask, inverted */
export const mark: XtCodec = {
  print: (info) => markText(info.readUInt32LE(0), info.readUInt32LE(4), info.readUInt8(8) !== 0),
  build: (options) => {
    const value = masked(one(options, '--mark'))
    if (value === null || !onlyHas(options, '--mark')) return null
    const info = Buffer.alloc(16)
    info.writeUInt32LE(value[0], 0)
    info.writeUInt32LE(value[1], 4)
    info.writeUInt8(options.negated.has('--mark') ? 1 : 0, 8)
    return { revision: 1, info }
  },
}

/** xt_mark_tginfo2: mark, mask */
export const setMark: XtCodec = {
  print: (info, { revision }) =>
    revision === 2 ? `-j MARK --set-xmark ${hex(info.readUInt32LE(0))}/${hex(info.readUInt32LE(4))}` : null,
  build: (options) => {
    const value = masked(one(options, '--set-xmark'))
    if (value === null || !onlyHas(options, '--set-xmark')) return null
    const info = Buffer.alloc(8)
    info.writeUInt32LE(value[0], 0)
    info.writeUInt32LE(value[1], 4)
    return { revision: 2, info }
  },
}
