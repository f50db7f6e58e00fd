import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { isIP, isIPv6 } from 'node:net'
import { describe, expect, it, test } from 'vitest'
import {
  canonicalAddress,
  canonicalCidr,
  compareAddresses,
  formatEndpoint,
  inCidr,
  parseAddress,
  parseCidr,
} from './address.ts'

describe('addresses in the forms Kubernetes accepts', () => {
  test.each([
    ['10.0.0.1', '10.0.0.1'],
    ['010.000.0.09', '10.0.0.9'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['FD00:10::00A', 'fd00:10::a'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ])('%s is %s', (text, canonical) => expect(canonicalAddress(text)).toBe(canonical))
})

test.each([
  [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '1..2.3',
    '256.1.1.1',
    '1.2.3.4a',
    '1.2.3.',
    '.1.2.3.4',
    '1.2.3.0004',
    '1.2.3.4/24',
    ' 1.2.3.4',
  ],
  [
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '12345::',
    'g::',
    '::1%eth0',
    '1:',
    ':1',
    '::1.2.3',
  ],
])('no address: %s …', (...texts) => expect(texts.map(parseAddress)).toEqual(texts.map(() => null)))

describe('properties', () => {
  const octets = (length: number) =>
    fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 255 })), { minLength: length, maxLength: length })

  it('reads IPv6 as ipaddr.js writes it', () => {
    fc.assert(
      fc.property(octets(16), (bytes) => {
        const address = new ipaddr.IPv6(bytes)
        fc.pre(!address.isIPv4MappedAddress())
        const expected = String.fromCharCode(...bytes)
        for (const text of [address.toString(), address.toRFC5952String(), address.toNormalizedString()])
          expect(parseAddress(text)).toBe(expected)
      }),
    )
  })

  it('accepts what Node accepts and nothing else, but for leading zeros', () => {
    const part = fc.constantFrom('0', '1', 'ff', 'abcd', '12345', ':', '::', '1.2.3.4', '.', 'g', '%')
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 10 }).map((parts) => parts.join(':').replaceAll(':::', '::')),
        (text) => {
          expect(parseAddress(text) !== null).toBe(text.includes('%') ? false : isIP(text) !== 0)
        },
      ),
      { numRuns: 2000 },
    )
    expect(isIPv6('::1%eth0')).toBe(true)
  })

  it('orders by family, then by bytes', () => {
    expect(['fd00::10', '10.0.0.10', 'fd00::2', '10.0.0.9'].sort(compareAddresses)).toEqual([
      '10.0.0.9',
      '10.0.0.10',
      'fd00::2',
      'fd00::10',
    ])
  })
})

describe('CIDRs', () => {
  test.each([
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:db8::5/64', '2001:db8::/64'],
    ['192.0.2.1/32', '192.0.2.1/32'],
  ])('%s is %s', (text, canonical) => expect(canonicalCidr(text)).toBe(canonical))

  test.each(['10.0.0.1', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/', '::/129', 'x/8'])('%s is none', (text) =>
    expect(parseCidr(text)).toBeNull(),
  )

  test.each([
    ['10.255.255.255', '10.0.0.0/8', true],
    ['11.0.0.0', '10.0.0.0/8', false],
    ['fd00::1', '10.0.0.0/8', false],
    ['fd00:0:0:1::1', 'fd00::/64', false],
    ['192.168.0.129', '192.168.0.128/25', true],
  ])('%s in %s: %s', (address, cidr, inside) => expect(inCidr(address, cidr)).toBe(inside))
})

test('an endpoint in brackets where it has colons', () => {
  expect(formatEndpoint('10.0.0.1', 80)).toBe('10.0.0.1:80')
  expect(formatEndpoint('fd00::1', 80)).toBe('[fd00::1]:80')
})
