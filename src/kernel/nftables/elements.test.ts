import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Attributes, Fault } from '../netlink/reader.ts'
import { MessageWriter } from '../netlink/writer.ts'
import { assembleElements, type DumpedElement, predecessor, readElements, successor, writeElement } from './elements.ts'
import { plainSet } from './plain-set.ts'
import type { NftElement, NftSet } from './types.ts'

/** Through the bytes and back, in whatever order the kernel lists. */
function roundTrip(set: NftSet, elements: readonly NftElement[], shuffle: (list: DumpedElement[]) => DumpedElement[]) {
  const writer = new MessageWriter()
  for (const element of elements) writeElement(writer, set, element, true)
  const fault = new Fault()
  const dumped: DumpedElement[] = []
  readElements(new Attributes(writer.bytes, 0, writer.length, fault), dumped)
  expect(fault.text).toBe('')
  return assembleElements(set, shuffle(dumped))
}

const reversed = (list: DumpedElement[]): DumpedElement[] => [...list].reverse()
const address = (number: number): string =>
  String.fromCharCode(number >>> 24, (number >>> 16) & 0xff, (number >>> 8) & 0xff, number & 0xff)

test('intervals, also ones that touch and one to the last address, come back whatever the order', () => {
  const set = { ...plainSet('s', ['ipv4_addr']), interval: true }
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(0xffffffff), { minLength: 2, maxLength: 12 }), fc.boolean(), (bounds, last) => {
      const sorted = bounds.sort((a, b) => a - b)
      const elements: NftElement[] = []
      for (let i = 0; i + 1 < sorted.length; i += 2)
        elements.push({ key: address(sorted[i] as number), keyEnd: address((sorted[i + 1] as number) - 1) })
      const tail = elements.at(-1)
      if (last && tail) elements[elements.length - 1] = { key: tail.key, keyEnd: '\xff\xff\xff\xff' }
      expect(roundTrip(set, elements, reversed)).toEqual(elements)
    }),
  )
})

test('an end that ends nothing (nft writes one at 0) is passed over', () => {
  const set = { ...plainSet('s', ['ipv4_addr']), interval: true }
  const dumped = [
    { intervalEnd: address(0) },
    { key: address(1) },
    { intervalEnd: address(2) },
    { intervalEnd: address(9) },
  ]
  expect(assembleElements(set, dumped)).toEqual([{ key: address(1), keyEnd: address(1) }])
})

test('maps and ranges of concatenations come back as they are', () => {
  const set = { ...plainSet('s', ['inet_service', 'ipv4_addr']), interval: true, data: 'verdict' } as const
  const elements = [
    { key: 'ab\0\0\x0a\0\0\0', keyEnd: 'ab\0\0\x0a\xff\xff\xff', verdict: { verdict: 'accept' } },
    { key: 'ac\0\0\x0a\0\0\0', keyEnd: 'ac\0\0\x0a\0\0\0', verdict: { verdict: 'goto', chain: 'f' } },
  ] as const
  expect(roundTrip(set, elements, (list) => list)).toEqual(elements)
})

test('the next key and the one before', () => {
  expect(successor('\x01\xff')).toBe('\x02\0')
  expect(successor('\xff\xff')).toBeNull()
  fc.assert(
    fc.property(
      fc.string({ unit: fc.nat(255).map((code) => String.fromCharCode(code)), minLength: 1, maxLength: 16 }),
      (key) => {
        const next = successor(key)
        if (next === null) return
        expect(next > key).toBe(true)
        expect(predecessor(next)).toBe(key)
      },
    ),
  )
})
