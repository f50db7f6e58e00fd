import type { Bytes } from './model.ts'

/** Numbers as the rule model holds them: big-endian, one character a byte. */

export const u8 = (value: number): Bytes => String.fromCharCode(value)

export const u16 = (value: number): Bytes => String.fromCharCode(value >>> 8, value & 0xff)

export const u32 = (value: number): Bytes =>
  String.fromCharCode(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff)

/** Up to 4 bytes, unsigned. */
export const number = (bytes: Bytes): number => {
  let value = 0
  for (let i = 0; i < bytes.length; i++) value = value * 256 + bytes.charCodeAt(i)
  return value
}

const zeros = '\0\0\0'

/** Zeros up to a multiple of 4 bytes, as every part of a concatenation has them. */
export const padded = (bytes: Bytes): Bytes => {
  const over = bytes.length & 3
  return over === 0 ? bytes : bytes + zeros.slice(0, 4 - over)
}

/** `(bytes & mask) ^ xor`; all of one length. */
export const masked = (bytes: Bytes, mask: Bytes, xor?: Bytes): Bytes => {
  let result = ''
  for (let i = 0; i < bytes.length; i++) {
    const kept = bytes.charCodeAt(i) & mask.charCodeAt(i)
    result += String.fromCharCode(xor === undefined ? kept : kept ^ xor.charCodeAt(i))
  }
  return result
}

/** `(bytes & mask) == right`, without making a string: it is asked of every rule. */
export const equalsMasked = (bytes: Bytes, mask: Bytes, right: Bytes): boolean => {
  if (bytes.length !== right.length) return false
  for (let i = 0; i < bytes.length; i++)
    if ((bytes.charCodeAt(i) & mask.charCodeAt(i)) !== right.charCodeAt(i)) return false
  return true
}

/** A netmask: `prefix` ones, then zeros. */
export const prefixMask = (prefix: number, length: number): Bytes => {
  let mask = ''
  for (let i = 0; i < length; i++) {
    const ones = Math.min(8, Math.max(0, prefix - i * 8))
    mask += String.fromCharCode((0xff << (8 - ones)) & 0xff)
  }
  return mask
}

export const isZero = (bytes: Bytes): boolean => {
  for (let i = 0; i < bytes.length; i++) if (bytes.charCodeAt(i) !== 0) return false
  return true
}

/** The other byte order. */
export const reversed = (bytes: Bytes): Bytes => {
  let result = ''
  for (let i = bytes.length - 1; i >= 0; i--) result += bytes[i]
  return result
}
