import { expect, test } from 'vitest'
import { hexLines } from '../../../test/support/netlink.ts'
import { host32, key, port, sample } from '../../../test/support/sample-ruleset.ts'
import { Attributes, Fault } from '../netlink/reader.ts'
import { MessageWriter } from '../netlink/writer.ts'
import { equalExpressions, equalRules } from './compare.ts'
import { readExpressions } from './expression-reader.ts'
import { writeExpressions } from './expression-writer.ts'
import type { NftExpr, NftFamily } from './types.ts'

const LIST = 4

function written(expressions: readonly NftExpr[], family: NftFamily = 'ip'): Buffer {
  const writer = new MessageWriter()
  writeExpressions(writer, LIST, expressions, family)
  return writer.written()
}

function read(bytes: Buffer): NftExpr[] {
  const fault = new Fault()
  const attributes = new Attributes(bytes, 0, bytes.length, fault)
  attributes.next()
  const expressions = readExpressions(attributes.nested())
  expect(fault.text).toBe('')
  return expressions
}

test.each(['ip', 'ip6'] as const)('every expression of the %s sample comes back', (family) => {
  for (const { rule } of sample(family).rules)
    for (const [index, expression] of read(written(rule.expressions, family)).entries())
      if (expression.name !== 'counter') expect(expression).toEqual(rule.expressions[index])
})

/** Attributes inside NFTA_EXPR_DATA as nft 1.0.6 writes them (taken from its sendmsg); it sometimes writes them in another order. */
const captured: readonly (readonly [string, NftExpr, string])[] = [
  [
    'payload load 4b @ network header + 16 => reg 1',
    { name: 'payload', dreg: 1, base: 'network', offset: 16, len: 4 },
    '0c0001007061796c6f616400240002800800010000000001080002000000000108000300000000100800040000000004',
  ],
  [
    'cmp neq reg 1 0x00000000',
    { name: 'cmp', sreg: 1, op: 'neq', data: host32(0) },
    '08000100636d700020000280080001000000000108000200000000010c0003800800010000000000',
  ],
  [
    'numgen reg 11 = inc mod 1 offset 5',
    { name: 'numgen', dreg: 11, mode: 'inc', modulus: 1, offset: 5 },
    '0b0001006e756d67656e000024000280080001000000000b080002000000000108000300000000000800040000000005',
  ],
  [
    'immediate reg 0 accept',
    { name: 'verdict', verdict: { verdict: 'accept' } },
    '0e000100696d6d6564696174650000001c0002800800010000000000100002800c0002800800010000000001',
  ],
  [
    'reject type 0 code 3',
    { name: 'reject', with: 'port-unreachable' },
    '0b00010072656a65637400001400028008000100000000000500020003000000',
  ],
  ['masq flags 0x10', { name: 'masq', fullyRandom: true }, '090001006d617371000000000c0002800800010000000010'],
  [
    'nat dnat ip addr_min reg 1 proto_min reg 9',
    { name: 'nat', type: 'dnat', family: 'ip', addressReg: 1, portReg: 9 },
    '080001006e617400240002800800010000000001080002000000000208000300000000010800050000000009',
  ],
]

test.each(captured)('%s: the bytes that nft writes', (_, expression, hex) => {
  expect(hexLines(written([expression]).subarray(8))).toEqual(hexLines(Buffer.from(hex, 'hex')))
})

test('what is not known is kept as it is, and goes back as it came', () => {
  const unknown: NftExpr = { name: 'unknown', kernelName: 'limit', raw: '\x08\0\x01\0\0\0\0\x05' }
  expect(read(written([unknown]))).toEqual([unknown])
  const foreign: NftExpr = { name: 'unknown', kernelName: 'meta', raw: '\x08\0\x02\0\0\0\0\x0a\x08\0\x01\0\0\0\0\x01' }
  expect(read(written([foreign]))).toEqual([foreign])
})

test('rules are equal whatever their counts and names of registers, and not otherwise', () => {
  const load: NftExpr = { name: 'payload', dreg: 8, base: 'network', offset: 16, len: 4 }
  const rule = (...expressions: NftExpr[]) => ({ expressions, comment: 'c' })
  expect(equalRules(rule(load, { name: 'counter' }), rule({ ...load, dreg: 1 }, { name: 'counter', packets: 9 }))).toBe(
    true,
  )
  expect(equalRules(rule(load), { ...rule(load), comment: 'd' })).toBe(false)
  expect(equalRules(rule(load), rule(load, { name: 'counter' }))).toBe(false)
  expect(equalExpressions(load, { ...load, dreg: 9 })).toBe(false)
  expect(equalExpressions(load, { ...load, len: 2 })).toBe(false)
  const goto = (chain: string): NftExpr => ({ name: 'verdict', verdict: { verdict: 'goto', chain } })
  expect(equalExpressions(goto('a'), goto('a'))).toBe(true)
  expect(equalExpressions(goto('a'), goto('b'))).toBe(false)
  expect(equalExpressions(goto('a'), { name: 'verdict', verdict: { verdict: 'accept' } })).toBe(false)
  const long = 'x'.repeat(200)
  expect(equalRules({ expressions: [], comment: long }, { expressions: [], comment: long.slice(0, 127) })).toBe(true)
})

test('keys of the sample are as long as the kernel wants them', () => {
  expect(key('\x0a\0\0\x01', '\x06', port(80), host32(1)).length).toBe(16)
})
