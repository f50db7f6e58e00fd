/** Low and high word of the first half, then of the second. */
export type HsiphashKey = readonly [number, number, number, number]

/**
 * hsiphash() of one 32-bit word as 64-bit kernels have it (lib/siphash.c: SipHash-1-3, its lower half): uint32. 64-bit words are pairs
 * of 32-bit ones, because BigInt is ten times slower.
 */
export const hsiphashOf = (key: HsiphashKey): ((word: number) => number) => {
  const [a, b, c, d] = key
  const start = Int32Array.of(
    0x70736575 ^ a,
    0x736f6d65 ^ b,
    0x6e646f6d ^ c,
    0x646f7261 ^ d,
    0x6e657261 ^ a,
    0x6c796765 ^ b,
    0x79746573 ^ c,
    0x74656462 ^ d,
  )
  const v = new Int32Array(8)
  return (word) => {
    v.set(start)
    absorb(v, word)
    v[4] = (v[4] as number) ^ 0xff
    for (let i = 0; i < 3; i++) round(v)
    return ((v[0] as number) ^ (v[2] as number) ^ v[4] ^ (v[6] as number)) >>> 0
  }
}

/** The only block: four bytes, and their number on top. */
const absorb = (v: Int32Array, word: number): void => {
  const high = 4 << 24
  v[6] = (v[6] as number) ^ word
  v[7] = (v[7] as number) ^ high
  round(v)
  v[0] = (v[0] as number) ^ word
  v[1] = (v[1] as number) ^ high
}

/** SIPROUND of include/linux/siphash.h; word v is at 2v (low) and 2v + 1 (high). */
const round = (v: Int32Array): void => {
  addTo(v, 0, 2)
  rotate(v, 2, 13)
  mix(v, 2, 0)
  rotate(v, 0, 32)
  addTo(v, 4, 6)
  rotate(v, 6, 16)
  mix(v, 6, 4)
  addTo(v, 0, 6)
  rotate(v, 6, 21)
  mix(v, 6, 0)
  addTo(v, 4, 2)
  rotate(v, 2, 17)
  mix(v, 2, 4)
  rotate(v, 4, 32)
}

const addTo = (v: Int32Array, to: number, from: number): void => {
  const low = ((v[to] as number) >>> 0) + ((v[from] as number) >>> 0)
  v[to + 1] = (v[to + 1] as number) + (v[from + 1] as number) + (low > 0xffffffff ? 1 : 0)
  v[to] = low
}

const mix = (v: Int32Array, to: number, from: number): void => {
  v[to] = (v[to] as number) ^ (v[from] as number)
  v[to + 1] = (v[to + 1] as number) ^ (v[from + 1] as number)
}

const rotate = (v: Int32Array, at: number, bits: number): void => {
  const low = v[at] as number
  const high = v[at + 1] as number
  if (bits === 32) {
    v[at] = high
    v[at + 1] = low
    return
  }
  v[at] = (low << bits) | (high >>> (32 - bits))
  v[at + 1] = (high << bits) | (low >>> (32 - bits))
}
