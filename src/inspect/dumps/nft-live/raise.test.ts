import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { NftExpr } from '../../../kernel/nftables/types.ts'
import { printRule } from '../../../rules/print.ts'
import { raiseRule } from './raise.ts'
import type { RaiseContext } from './context.ts'

const context: RaiseContext = {
  family: 'ip',
  links: new Map([[1, 'lo']]),
  keyLength: (set) => (set === 'services' ? 12 : undefined),
  isOver: () => false,
  uses: () => {},
  anonymous: () => 'list',
}

const u32 = (value: number): string =>
  String.fromCharCode(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255)
const attribute = (type: number, value: string): string => {
  const length = value.length + 4
  return String.fromCharCode(length & 255, length >> 8, type, 0) + value.padEnd((value.length + 3) & ~3, '\0')
}
const unknown = (kernelName: string, ...attributes: readonly string[]): NftExpr => ({
  name: 'unknown',
  kernelName,
  raw: attributes.join(''),
})
const extension = (kernelName: 'match' | 'target', name: string, revision: number, info: string): NftExpr =>
  unknown(kernelName, attribute(1, `${name}\0`), attribute(2, u32(revision)), attribute(3, info))

const payload = (dreg: number, offset: number, len: number): NftExpr => ({
  name: 'payload',
  dreg,
  base: 'network',
  offset,
  len,
})

const rows: readonly (readonly [what: string, expressions: readonly NftExpr[], means: string])[] = [
  [
    'a prefix of whole bytes',
    [payload(1, 16, 2), { name: 'cmp', sreg: 1, op: 'eq', data: '\x0a\x60' }],
    'ip daddr 10.96.0.0/16',
  ],
  [
    'both addresses in one load',
    [payload(1, 12, 8), { name: 'cmp', sreg: 1, op: 'eq', data: '\x0a\x00\x00\x01\x0a\x00\x00\x02' }],
    'ip saddr 10.0.0.1 ip daddr 10.0.0.2',
  ],
  [
    'a key of three parts',
    [
      payload(1, 16, 4),
      { name: 'meta', key: 'l4proto', dreg: 9 },
      { name: 'payload', dreg: 10, base: 'transport', offset: 2, len: 2 },
      { name: 'lookup', set: 'services', sreg: 1, dreg: 0, invert: false },
    ],
    'ip daddr . meta l4proto . th dport vmap @services',
  ],
  [
    'the mark, or with a bit',
    [
      { name: 'meta', key: 'mark', dreg: 1 },
      { name: 'bitwise', sreg: 1, dreg: 1, len: 4, mask: '\xff\xbf\xff\xff', xor: '\x00\x40\x00\x00' },
      { name: 'meta-set', key: 'mark', sreg: 1 },
    ],
    'meta mark set meta mark | 0x00004000',
  ],
  [
    'an interface by index',
    [
      unknown('meta', attribute(1, u32(1)), attribute(2, u32(4))),
      { name: 'cmp', sreg: 1, op: 'eq', data: '\x01\0\0\0' },
    ],
    'meta iifname "lo"',
  ],
  [
    'continue ends the rule',
    [
      unknown('immediate', attribute(1, u32(0)), attribute(2, attribute(2, attribute(1, u32(0xffffffff))))),
      { name: 'verdict', verdict: { verdict: 'drop' } },
    ],
    '',
  ],
  [
    'statistic',
    [extension('match', 'statistic', 0, '\0\0\0\0\xab\xaa\xaa\x2a\0\0\0\0\0\0\0\0')],
    'with probability 715827883/2147483648',
  ],
  [
    'an extension that is cut',
    [extension('match', 'tcp', 0, '\0\0')],
    'xt match "tcp": nft does not show its content, iptables-save does',
  ],
  ['one that nobody knows', [unknown('frobnicate', attribute(1, u32(1)))], 'frobnicate'],
  ['a register that nothing loaded', [{ name: 'cmp', sreg: 3, op: 'eq', data: '\x01' }], 'register 3 eq 0x01'],
]

describe('expressions of the kernel', () => {
  test.each(rows)('%s', (_what, expressions, means) =>
    expect(printRule(raiseRule(expressions, context), 'ip')).toBe(means),
  )
})

const names = [
  'meta',
  'ct',
  'hash',
  'fib',
  'socket',
  'exthdr',
  'payload',
  'limit',
  'quota',
  'match',
  'target',
  'nat',
  'redir',
  'masq',
]
const more = [
  'reject',
  'dynset',
  'immediate',
  'objref',
  'byteorder',
  'bitwise',
  'connlimit',
  'queue',
  'osf',
  'constructor',
]
const extensions = [
  'tcp',
  'udp',
  'conntrack',
  'addrtype',
  'multiport',
  'recent',
  'mark',
  'DNAT',
  'SNAT',
  'MARK',
  'REJECT',
  'CT',
  'CONNMARK',
  '__proto__',
]

test('whatever bytes the kernel or nobody sends: no exception', () => {
  const bytes = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    maxLength: 200,
  })
  const raw = fc.oneof(
    bytes,
    fc
      .array(fc.tuple(fc.integer({ min: 1, max: 12 }), bytes), { maxLength: 6 })
      .map((list) => list.map(([type, value]) => attribute(type, value)).join('')),
  )
  const expression = fc.oneof(
    fc.record({ name: fc.constant('unknown' as const), kernelName: fc.constantFrom(...names, ...more), raw }),
    fc
      .tuple(fc.constantFrom('match' as const, 'target' as const), fc.constantFrom(...extensions), fc.nat(3), bytes)
      .map((all) => extension(...all)),
    fc.constantFrom(...rows.flatMap(([, expressions]) => expressions)),
  )
  fc.assert(
    fc.property(fc.array(expression, { maxLength: 8 }), fc.constantFrom('ip', 'ip6', 'inet'), (expressions, family) => {
      const { statements } = raiseRule(expressions, { ...context, family })
      expect(Array.isArray(statements)).toBe(true)
    }),
    { numRuns: 200 },
  )
})
