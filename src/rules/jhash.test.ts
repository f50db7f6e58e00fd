import { expect, test } from 'vitest'
import { jhash, scaled } from './jhash.ts'

/** From a C transcription of include/linux/jhash.h; a running kernel is asked in dataplane/nftables/plane.kernel.test.ts. */
test.each([
  ['', 0, 3735928559],
  ['a', 0, 1490454280],
  ['abc', 1, 4193291934],
  ['abcd', 0xffffffff, 2311699674],
  ['\x0a\x01\x00\x09', 0x65766b6c, 3855969544],
  ['abcdefghijkl', 0, 1074985083],
  ['abcdefghijklm', 7, 4154586032],
  ['abcdefghijklmnopqrstuvwxyz', 0, 1966650813],
  ['\xfd\xff\x80\x81\xfe' + '\xff'.repeat(15), 0, 3251003691],
])('jhash(%o, %i) is %i', (text, seed, hash) => {
  expect(jhash(text, seed)).toBe(hash)
})

test('scaling keeps to 0 … modulus − 1, in order', () => {
  expect(scaled(0, 7)).toBe(0)
  expect(scaled(0xffffffff, 7)).toBe(6)
  expect(scaled(0x80000000, 2)).toBe(1)
  expect(scaled(0x7fffffff, 2)).toBe(0)
})
