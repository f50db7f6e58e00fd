import { describe, expect, test } from 'vitest'
import { hexLines } from '../../../test/support/netlink.ts'
import { concatenationNumber, concatenationParts } from './datatypes.ts'
import { plainSet } from './plain-set.ts'
import type { NftSet } from './types.ts'
import { commentOf, commentUserdata, setCommentOf, setUserdata } from './userdata.ts'

/** What nft 1.0.6 itself wrote for each declaration (taken from its sendmsg). */
const captured: readonly { readonly declared: string; readonly set: NftSet; readonly bytes: string }[] = [
  {
    declared:
      'map { typeof ip daddr . meta l4proto . th dport . numgen inc mod 65536 : ip daddr . th dport; comment "hi2" }',
    set: {
      ...plainSet('m', ['ipv4_addr', 'inet_proto', 'inet_service', 'slot']),
      data: ['ipv4_addr', 'inet_service'],
      comment: 'hi2',
    },
    bytes:
      '000400000000010400000000036000040d00000001580014000407000000010c00040c00000001040c000000010e00040900000001060004100000000214000407000000010c00040b000000010402000000031a0004170000000112000400000000010400000100020400000000043400040d000000012c0014000407000000010c00040c00000001040c0000000114000407000000010c00040b000000010402000000060400000000070468693200',
  },
  {
    declared: 'map { typeof ip6 daddr . meta l4proto . th dport . numgen inc mod 65536 : ip6 daddr . th dport }',
    set: { ...plainSet('m', ['ipv6_addr', 'inet_proto', 'inet_service', 'slot']), data: ['ipv6_addr', 'inet_service'] },
    bytes:
      '000400000000010400000000036000040d00000001580014000407000000010c00040d000000010409000000010e00040900000001060004100000000214000407000000010c00040b000000010402000000031a0004170000000112000400000000010400000100020400000000043400040d000000012c0014000407000000010c00040d0000000104090000000114000407000000010c00040b000000010402000000060400000000',
  },
  {
    declared: 'map { typeof ip daddr . meta l4proto . th dport . numgen inc mod 65536 : verdict }',
    set: { ...plainSet('m', ['ipv4_addr', 'inet_proto', 'inet_service', 'slot']), data: 'verdict' },
    bytes:
      '000400000000010400000000036000040d00000001580014000407000000010c00040c00000001040c000000010e00040900000001060004100000000214000407000000010c00040b000000010402000000031a000417000000011200040000000001040000010002040000000004080004010000000100060400000000',
  },
  {
    declared: 'map { typeof numgen inc mod 65536 : verdict }',
    set: { ...plainSet('m', ['slot']), data: 'verdict' },
    bytes:
      '000401000000010400000000031a000417000000011200040000000001040000010002040000000004080004010000000100060400000000',
  },
  {
    declared: 'set { type ipv4_addr . ipv4_addr . inet_proto . inet_service }',
    set: plainSet('s', ['ipv4_addr', 'ipv4_addr', 'inet_proto', 'inet_service']),
    bytes: '000400000000030800040d0000000100',
  },
  {
    declared: 'map { type ipv6_addr . inet_service : ipv6_addr . inet_service }',
    set: { ...plainSet('m', ['ipv6_addr', 'inet_service']), data: ['ipv6_addr', 'inet_service'] },
    bytes: '000400000000010400000000030800040d0000000100040800040d0000000100060400000000',
  },
  {
    declared: 'map { type ipv4_addr : ipv4_addr . inet_service }',
    set: { ...plainSet('m', ['ipv4_addr']), data: ['ipv4_addr', 'inet_service'] },
    bytes: '000402000000010400000000040800040d0000000100060400000000',
  },
  {
    declared: 'map { type ipv4_addr : mark }',
    set: { ...plainSet('m', ['ipv4_addr']), data: ['mark'] },
    bytes: '000402000000010401000000060400000000',
  },
  {
    declared: 'map { type ipv4_addr : verdict }',
    set: { ...plainSet('m', ['ipv4_addr']), data: 'verdict' },
    bytes: '000402000000010400000000060400000000',
  },
  { declared: 'set { type ipv6_addr }', set: plainSet('s', ['ipv6_addr']), bytes: '000402000000' },
  { declared: 'set { type inet_proto }', set: plainSet('s', ['inet_proto']), bytes: '000400000000' },
  { declared: 'set { type inet_service }', set: plainSet('s', ['inet_service']), bytes: '000402000000' },
  { declared: 'set { type mark }', set: plainSet('s', ['mark']), bytes: '000401000000' },
  { declared: 'set { type ifname }', set: plainSet('s', ['ifname']), bytes: '000401000000' },
]

test.each(captured)('$declared: the bytes that nft writes', ({ set, bytes }) => {
  expect(hexLines(Buffer.from(setUserdata(set), 'latin1'))).toEqual(hexLines(Buffer.from(bytes, 'hex')))
  expect(setCommentOf(setUserdata(set))).toBe(set.comment)
})

test('types of concatenations are the numbers that nft gives them, and come back', () => {
  const frontend = ['ipv4_addr', 'inet_proto', 'inet_service', 'slot'] as const
  expect(concatenationNumber(frontend)).toBe(0x1cc344)
  expect(concatenationNumber(['ipv4_addr', 'inet_service'])).toBe(0x1cd)
  expect(concatenationParts(0x1cc344)).toEqual(frontend)
  expect(concatenationParts(5)).toBeNull()
})

describe('comments', () => {
  test.each([
    ['plain', 'Services, by evenkeel', 'Services, by evenkeel'],
    ['not ASCII', 'für → alle', 'für → alle'],
    ['as long as nft can hold', 'x'.repeat(127), 'x'.repeat(127)],
    ['longer', 'x'.repeat(400), 'x'.repeat(127)],
    ['longer, cut between characters', 'x'.repeat(126) + 'ü', 'x'.repeat(126)],
    ['with a NUL', 'a\0b', 'a b'],
    ['none', '', ''],
  ])('%s', (_, comment, back) => {
    const bytes = commentUserdata(comment)
    expect(bytes.length).toBeLessThanOrEqual(130)
    expect(commentOf(bytes)).toBe(back)
  })

  test('userdata that lies about its length holds no comment, and ends', () => {
    expect(commentOf('\x05\xff')).toBe('')
    expect(commentOf('\x00\xffab')).toBe('ab')
    expect(commentOf('\x07')).toBe('')
  })
})
