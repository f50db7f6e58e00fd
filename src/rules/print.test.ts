import { expect, test } from 'vitest'
import { addressBytes } from '../model/address.ts'
import { prefixMask, u16, u32, u8 } from './bytes.ts'
import type { Statement } from './model.ts'
import { printRule } from './print.ts'
import { anyBit, counted, drop, equals, field, goto, inSet, jump, markOr, markXor, notInSet, vmap } from './terms.ts'

const key = [field('ip daddr'), field('meta l4proto'), field('th dport')]

/** As nft 1.0.6 lists them. */
test.each<[string, Statement[]]>([
  ['ip daddr . meta l4proto . th dport vmap @services', [vmap(key, 'services')]],
  [
    'dnat ip to ip daddr . meta l4proto . th dport . numgen inc mod 3 offset 16384 map @backends-1a',
    [
      {
        kind: 'dnat-map',
        key: [...key, { kind: 'numgen', mode: 'inc', modulus: 3, offset: 16384 }],
        map: 'backends-1a',
      },
    ],
  ],
  [
    'dnat ip to jhash ip saddr . th sport mod 251 seed 0x65766b6c map @backends-1a',
    [
      {
        kind: 'dnat-map',
        key: [{ kind: 'jhash', of: [field('ip saddr'), field('th sport')], modulus: 251, seed: 0x65766b6c, offset: 0 }],
        map: 'backends-1a',
      },
    ],
  ],
  ['ip saddr != @pods meta mark set meta mark | 0x00004000', [notInSet([field('ip saddr')], 'pods'), markOr(0x4000)]],
  [
    'meta mark & 0x00004000 != 0x00000000 meta mark set meta mark ^ 0x00004000 masquerade fully-random',
    [anyBit('meta mark', 0x4000), markXor(0x4000), { kind: 'masquerade', fullyRandom: true }],
  ],
  ['ct state new jump a', [anyBit('ct state', 8), jump({ verdict: 'jump', chain: 'a' })]],
  ['ct status dnat', [anyBit('ct status', 0x20)]],
  ['fib daddr type local goto node-ports', [equals('fib daddr type', u32(2)), goto('node-ports')]],
  [
    'ip daddr != 127.0.0.0/8',
    [{ kind: 'match', left: field('ip daddr'), op: '!=', right: addressBytes('127.0.0.0'), mask: prefixMask(8, 4) }],
  ],
  [
    'meta l4proto tcp update @clients { ip saddr } counter dnat ip to 10.1.0.2:8080',
    [
      equals('meta l4proto', u8(6)),
      { kind: 'update', set: 'clients', key: [field('ip saddr')] },
      { kind: 'counter' },
      { kind: 'dnat', address: addressBytes('10.1.0.2'), port: 8080 },
    ],
  ],
  ['counter name "missed" drop', [counted('missed'), jump(drop)]],
  ['ip saddr @clients', [inSet([field('ip saddr')], 'clients')]],
  ['reject with tcp reset', [equals('meta l4proto', u8(6)), { kind: 'reject', with: 'tcp-reset' }]],
  ['reject', [{ kind: 'reject', with: 'port-unreachable' }]],
  [
    'th dport 30000-32767',
    [{ kind: 'range', left: field('th dport'), low: u16(30000), high: u16(32767), negated: false }],
  ],
])('%s', (text, statements) => {
  expect(printRule({ statements }, 'ip')).toBe(text)
  expect(printRule({ statements, comment: 'why' }, 'ip')).toBe(`${text} comment "why"`)
})

test('an IPv6 target is in brackets', () => {
  expect(printRule({ statements: [{ kind: 'dnat', address: addressBytes('fd00::2'), port: 80 }] }, 'ip6')).toBe(
    'dnat ip6 to [fd00::2]:80',
  )
})
