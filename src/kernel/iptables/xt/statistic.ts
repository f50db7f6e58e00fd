import { one, onlyHas, type XtCodec } from './codec.ts'

/** xt_statistic_info: mode (0 random), flags (1 inverted), N of 2³¹ as libxt_statistic.c rounds it: lround, halves away from zero */
export const statistic: XtCodec = {
  print: (info) => {
    if (info.readUInt16LE(0) !== 0 || info.readUInt16LE(2) !== 0) return null
    return `-m statistic --mode random --probability ${elevenDigits(BigInt(info.readUInt32LE(4)))}`
  },
  build: (options) => {
    const text = one(options, '--probability')
    const probability = text !== null && /^\d(\.\d+)?$/.test(text) ? Number(text) : 2
    if (one(options, '--mode') !== 'random' || probability > 1 || !onlyHas(options, '--mode', '--probability'))
      return null
    const info = Buffer.alloc(24)
    info.writeUInt32LE(Math.floor(probability * 2 ** 31 + 0.5), 4)
    info.writeUInt16LE(options.negated.has('--probability') ? 1 : 0, 2)
    return { revision: 0, info }
  },
}

/** printf("%.11f") of N/2³¹, which is exact: halves go to the even digit */
const elevenDigits = (n: bigint): string => {
  const [scale, digits] = [2n ** 31n, 10n ** 11n]
  const quotient = (n * digits) / scale
  const twice = 2n * ((n * digits) % scale)
  const rounded = twice > scale || (twice === scale && quotient % 2n === 1n) ? quotient + 1n : quotient
  return `${rounded / digits}.${(rounded % digits).toString().padStart(11, '0')}`
}
