import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hash32, randomBelow, seededRandom, shuffle } from './random.ts'

describe('hash32', () => {
  it.each([
    ['', 0, 0],
    ['', 1, 0x514e28b7],
    ['', 0xffffffff, 0x81f16f39],
    ['test', 0, 0xba6bd213],
    ['test', 0x9747b28c, 0x704b81dc],
    ['Hello, world!', 0, 0xc0363e43],
    ['Hello, world!', 0x9747b28c, 0x24884cba],
    ['The quick brown fox jumps over the lazy dog', 0, 0x2e4ff723],
    ['The quick brown fox jumps over the lazy dog', 0x9747b28c, 0x2fa826cd],
    ['ππππππππ', 0x9747b28c, 0xd58063c1],
  ])('%j with seed %i is the published value of MurmurHash3_x86_32', (text, seed, expected) => {
    expect(hash32(text, seed)).toBe(expected)
  })
})

describe('seededRandom', () => {
  it('never changes', () => {
    const random = seededRandom('node-0 10.96.0.10:53/UDP')
    expect(Array.from({ length: 5 }, random)).toMatchInlineSnapshot(`
      [
        1395790387,
        1920629203,
        3705468477,
        1390086341,
        115182560,
      ]
    `)
  })

  it('answers uint32', () => {
    fc.assert(
      fc.property(fc.string(), (seed) => {
        const random = seededRandom(seed)
        for (let i = 0; i < 10; i++) {
          const value = random()
          expect(Number.isInteger(value) && value >= 0 && value < 2 ** 32).toBe(true)
        }
      }),
    )
  })
})

describe('randomBelow', () => {
  it('draws again where a remainder would be biased', () => {
    const draws = [2 ** 32 - 1, 7]
    expect(randomBelow(() => draws.shift() ?? 0, 3)).toBe(1)
  })
})

describe('shuffle', () => {
  it('keeps the items, leaves its argument alone and depends on nothing but the seed', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.string(), (items, seed) => {
        const before = items.slice()
        const shuffled = shuffle(items, seed)
        expect(items).toEqual(before)
        expect(shuffled.toSorted()).toEqual(before.toSorted())
        expect(shuffle(items, seed)).toEqual(shuffled)
      }),
    )
  })

  it('puts every item everywhere about equally often', () => {
    const seen = Array.from({ length: 4 }, () => [0, 0, 0, 0])
    for (let i = 0; i < 4000; i++)
      for (const [at, item] of shuffle([0, 1, 2, 3], `seed ${i}`).entries()) seen[item]![at]!++
    // 1000 expected, standard deviation 27; the seeds are fixed, so this cannot flake
    for (const count of seen.flat()) expect(Math.abs(count - 1000)).toBeLessThan(110)
  })
})
