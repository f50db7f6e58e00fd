import type { Bytes } from './model.ts'

/** JHASH_INITVAL */
const GOLDEN = 0xdeadbeef

const rotate = (x: number, bits: number): number => (x << bits) | (x >>> (32 - bits))

/** Little-endian, as x86 and arm64 read it. */
const word = (bytes: Bytes, at: number, length: number): number => {
  let value = 0
  for (let i = Math.min(4, length - at) - 1; i >= 0; i--) value = (value << 8) | bytes.charCodeAt(at + i)
  return value
}

/** Bob Jenkins' hash as the kernel has it (include/linux/jhash.h), on a little-endian machine: uint32. */
export const jhash = (bytes: Bytes, seed: number): number => {
  const { length } = bytes
  let a = (GOLDEN + length + seed) | 0
  let b = a
  let c = a
  let at = 0
  for (; length - at > 12; at += 12) {
    a = (a + word(bytes, at, length)) | 0
    b = (b + word(bytes, at + 4, length)) | 0
    c = (c + word(bytes, at + 8, length)) | 0
    a = ((a - c) ^ rotate(c, 4)) | 0
    c = (c + b) | 0
    b = ((b - a) ^ rotate(a, 6)) | 0
    a = (a + c) | 0
    c = ((c - b) ^ rotate(b, 8)) | 0
    b = (b + a) | 0
    a = ((a - c) ^ rotate(c, 16)) | 0
    c = (c + b) | 0
    b = ((b - a) ^ rotate(a, 19)) | 0
    a = (a + c) | 0
    c = ((c - b) ^ rotate(b, 4)) | 0
    b = (b + a) | 0
  }
  if (length === at) return c >>> 0
  a = (a + word(bytes, at, length)) | 0
  b = (b + word(bytes, at + 4, length)) | 0
  c = (c + word(bytes, at + 8, length)) | 0
  return finish(a, b, c)
}

const finish = (a: number, b: number, c: number): number => {
  c = ((c ^ b) - rotate(b, 14)) | 0
  a = ((a ^ c) - rotate(c, 11)) | 0
  b = ((b ^ a) - rotate(a, 25)) | 0
  c = ((c ^ b) - rotate(b, 16)) | 0
  a = ((a ^ c) - rotate(c, 4)) | 0
  b = ((b ^ a) - rotate(a, 14)) | 0
  return ((c ^ b) - rotate(b, 24)) >>> 0
}

/** reciprocal_scale(): ⌊hash · modulus / 2³²⌋, in 0 … modulus − 1. */
export const scaled = (hash: number, modulus: number): number => Number((BigInt(hash) * BigInt(modulus)) >> 32n)
