/**
 * Repeatable randomness: the same seed gives the same numbers on every node, Node version and release, because rules
 * already in kernels were made from them. Changing an algorithm here moves every slot of every node once.
 */

const rotl = (x: number, bits: number): number => (x << bits) | (x >>> (32 - bits))

const scramble = (k: number): number => Math.imul(rotl(Math.imul(k, 0xcc9e2d51), 15), 0x1b873593)

/** MurmurHash3_x86_32 (Austin Appleby, public domain) of the text's UTF-8 bytes: uint32. */
export const hash32 = (text: string, seed = 0): number => {
  const bytes = Buffer.from(text)
  const tail = bytes.length & ~3
  let h = seed
  for (let i = 0; i < tail; i += 4) h = (Math.imul(rotl(h ^ scramble(bytes.readInt32LE(i)), 13), 5) + 0xe6546b64) | 0
  let k = 0
  for (let i = bytes.length - 1; i >= tail; i--) k = (k << 8) | bytes.readUInt8(i)
  h ^= scramble(k) ^ bytes.length
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** xoshiro128** (Blackman and Vigna, 2018), its state four `hash32` of the seed: each call answers the next uint32. */
export const seededRandom = (seed: string): (() => number) => {
  let a = hash32(seed, 1)
  let b = hash32(seed, 2)
  let c = hash32(seed, 3)
  // the only state that never leaves itself is all zero
  let d = hash32(seed, 4) || 1
  return () => {
    const next = Math.imul(rotl(Math.imul(b, 5), 7), 9)
    const t = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    d = rotl(d, 11)
    return next >>> 0
  }
}

/** Uniform in 0 … limit − 1 (limit 1 … 2³²), without the bias of a plain remainder. */
export const randomBelow = (random: () => number, limit: number): number => {
  const usable = 2 ** 32 - (2 ** 32 % limit)
  for (;;) {
    const value = random()
    if (value < usable) return value % limit
  }
}

/** A new array in seeded order (Fisher–Yates). */
export const shuffle = <T>(items: readonly T[], seed: string): T[] => {
  const random = seededRandom(seed)
  const shuffled = items.slice()
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = randomBelow(random, i + 1)
    const kept = shuffled[i] as T
    shuffled[i] = shuffled[j] as T
    shuffled[j] = kept
  }
  return shuffled
}
