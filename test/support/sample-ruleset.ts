import { plainSet } from '../../src/kernel/nftables/plain-set.ts'
import { addressBytes } from '../../src/model/address.ts'
import type {
  NftElement,
  NftExpr,
  NftHook,
  NftOperation,
  NftRule,
  NftSet,
  NftType,
} from '../../src/kernel/nftables/types.ts'

/** A table with every kind of object and expression that src/kernel/nftables can say, for goldens and round trips. */
export const TABLE = 'evenkeel-sample'

export const port = (number: number): string => String.fromCharCode(number >>> 8, number & 0xff)
export const host32 = (number: number): string =>
  String.fromCharCode(number & 0xff, (number >>> 8) & 0xff, (number >>> 16) & 0xff, number >>> 24)
const pad = (text: string): string => text + '\0'.repeat(-text.length & 3)
/** parts of a concatenation, each padded to 4 bytes */
export const key = (...parts: readonly string[]): string => parts.map(pad).join('')

const TCP = '\x06'
const UDP = '\x11'

export interface Sample {
  readonly family: 'ip' | 'ip6'
  readonly sets: readonly { readonly set: NftSet; readonly elements: readonly NftElement[] }[]
  readonly rules: readonly { readonly chain: string; readonly rule: NftRule }[]
  readonly operations: readonly NftOperation[]
}

export function sample(family: 'ip' | 'ip6'): Sample {
  const address = family === 'ip' ? 'ipv4_addr' : 'ipv6_addr'
  const at = (text: string): string => addressBytes(family === 'ip' ? text : `fd00::${text.replaceAll('.', ':')}`)
  const sets = sampleSets(address, at)
  const rules = sampleRules(family, at)
  return { family, sets, rules, operations: operationsOf(family, sets, rules) }
}

function sampleSets(address: NftType, at: (text: string) => string): Sample['sets'] {
  const frontend = [address, 'inet_proto', 'inet_service'] as const
  const goto = (chain: string) => ({ verdict: { verdict: 'goto', chain } }) as const
  return [
    {
      set: { ...plainSet('services', frontend), data: 'verdict', comment: 'frontends with an address of their own' },
      elements: [
        { key: key(at('10.96.0.1'), TCP, port(80)), ...goto('f-web') },
        { key: key(at('10.96.0.2'), UDP, port(53)), ...goto('f-dns') },
      ],
    },
    {
      set: { ...plainSet('nodeports', ['inet_proto', 'inet_service']), data: 'verdict' },
      elements: [{ key: key(TCP, port(30080)), ...goto('f-web') }],
    },
    {
      set: {
        ...plainSet('backends-1a7', [...frontend, 'slot']),
        data: [address, 'inet_service'],
        counter: true,
        comment: 'frontend . slot -> backend',
      },
      elements: [0, 1, 2, 32768].map((slot) => ({
        key: key(at('10.96.0.1'), TCP, port(80), host32(slot)),
        data: key(at(`10.1.0.${(slot % 7) + 1}`), port(8080)),
      })),
    },
    {
      set: { ...plainSet('picks-1a7', [...frontend, 'slot']), data: 'verdict' },
      elements: [{ key: key(at('10.96.0.3'), TCP, port(80), host32(1)), ...goto('f-web') }],
    },
    {
      set: plainSet('hairpin', [address, address, 'inet_proto', 'inet_service']),
      elements: [{ key: key(at('10.1.0.2'), at('10.1.0.2'), TCP, port(8080)) }],
    },
    {
      set: { ...plainSet('pods', [address]), interval: true, comment: 'half-open pairs in the kernel' },
      elements: [
        { key: at('10.1.0.0'), keyEnd: at('10.1.0.9') },
        { key: at('10.2.0.0'), keyEnd: at('10.2.0.0') },
        { key: '\xff'.repeat(at('10.0.0.0').length - 1) + '\xf0', keyEnd: '\xff'.repeat(at('10.0.0.0').length) },
      ],
    },
    {
      set: { ...plainSet('source-ranges', [...frontend, address]), data: 'verdict', interval: true },
      elements: [
        {
          key: key(at('10.96.0.1'), TCP, port(80), at('192.0.2.0')),
          keyEnd: key(at('10.96.0.1'), TCP, port(80), at('192.0.2.9')),
          verdict: { verdict: 'return' },
        },
      ],
    },
    {
      set: { ...plainSet('affinity-3', [address]), dynamic: true, timeoutMs: 10_800_000, size: 65_536 },
      elements: [],
    },
    { set: plainSet('marks', ['mark']), elements: [{ key: host32(0x4000) }] },
    { set: plainSet('ports', ['inet_service']), elements: [{ key: port(80) }, { key: port(443) }] },
    { set: plainSet('octets', ['octet', 'octet']), elements: [{ key: key('\x05', '\x05') }] },
    { set: plainSet('protocols', ['inet_proto']), elements: [{ key: TCP }] },
    { set: plainSet('interfaces', ['ifname']), elements: [{ key: 'eth0'.padEnd(16, '\0') }] },
    {
      set: { ...plainSet('translate', [address]), data: [address] },
      elements: [{ key: at('10.0.0.1'), data: at('10.0.0.2') }],
    },
  ]
}

function sampleRules(family: 'ip' | 'ip6', at: (text: string) => string): Sample['rules'] {
  const [saddr, daddr, len, last] = family === 'ip' ? [12, 16, 4, 9] : [8, 24, 16, 12]
  const network = (offset: number, dreg: number): NftExpr => ({ name: 'payload', dreg, base: 'network', offset, len })
  const l4proto = (dreg: number): NftExpr => ({ name: 'meta', key: 'l4proto', dreg })
  const dport = (dreg: number): NftExpr => ({ name: 'payload', dreg, base: 'transport', offset: 2, len: 2 })
  const frontend: NftExpr[] = [network(daddr, 1), l4proto(last), dport(last + 1)]
  const slot: NftExpr = { name: 'numgen', dreg: last + 2, mode: 'inc', modulus: 3, offset: 0 }
  const backend: NftExpr[] = [
    { name: 'lookup', set: 'backends-1a7', sreg: 1, dreg: 1, invert: false },
    { name: 'nat', type: 'dnat', family, addressReg: 1, portReg: last },
  ]
  const isTcp: NftExpr[] = [l4proto(1), { name: 'cmp', sreg: 1, op: 'eq', data: TCP }]
  const verdict = (name: 'jump' | 'goto', chain: string): NftExpr => ({
    name: 'verdict',
    verdict: { verdict: name, chain },
  })
  const rule = (chain: string, expressions: readonly NftExpr[], comment = ''): Sample['rules'][number] => ({
    chain,
    rule: { expressions, comment },
  })
  return [
    rule('refuse', [...isTcp, { name: 'reject', with: 'tcp-reset' }]),
    rule('refuse', [{ name: 'reject', with: 'port-unreachable' }]),
    rule('early', [
      { name: 'ct', key: 'state', dreg: 1 },
      { name: 'bitwise', sreg: 1, dreg: 1, len: 4, mask: host32(8), xor: host32(0) },
      { name: 'cmp', sreg: 1, op: 'neq', data: host32(0) },
      network(daddr, 1),
      l4proto(last),
      dport(last + 1),
      network(saddr, last + 2),
      { name: 'lookup', set: 'source-ranges', sreg: 1, dreg: 0, invert: false },
    ]),
    rule('early', [
      network(saddr, 1),
      { name: 'lookup', set: 'pods', sreg: 1, dreg: null, invert: true },
      verdict('goto', 'refuse'),
    ]),
    rule('prerouting', [verdict('jump', 'dispatch')]),
    rule(
      'prerouting',
      [
        { name: 'objref', counter: 'missed' },
        { name: 'verdict', verdict: { verdict: 'drop' } },
      ],
      'no backend',
    ),
    rule('dispatch', [
      { name: 'meta', key: 'mark', dreg: 1 },
      { name: 'bitwise', sreg: 1, dreg: 1, len: 4, mask: host32(0xffffbfff), xor: host32(0x4000) },
      { name: 'meta-set', key: 'mark', sreg: 1 },
    ]),
    rule('dispatch', [...frontend, { name: 'lookup', set: 'services', sreg: 1, dreg: 0, invert: false }]),
    rule('dispatch', [
      { name: 'fib', dreg: 1, result: 'type', from: 'daddr' },
      { name: 'cmp', sreg: 1, op: 'eq', data: host32(2) },
      l4proto(1),
      dport(9),
      { name: 'lookup', set: 'nodeports', sreg: 1, dreg: 0, invert: false },
    ]),
    rule('dispatch', [{ name: 'counter' }, { name: 'verdict', verdict: { verdict: 'accept' } }]),
    rule('f-web', [...frontend, slot, ...backend], 'ns/web:http rr'),
    rule('f-dns', [
      ...frontend,
      network(saddr, family === 'ip' ? 12 : 4),
      {
        name: 'jhash',
        sreg: family === 'ip' ? 12 : 4,
        dreg: last + 2,
        len,
        modulus: 4,
        seed: 0x1234,
        offset: 32768,
      },
      ...backend,
    ]),
    rule('f-affinity', [
      network(saddr, 1),
      { name: 'dynset', set: 'affinity-3', op: 'update', sregKey: 1, timeoutMs: 0 },
    ]),
    rule('f-affinity', [
      dport(1),
      { name: 'range', sreg: 1, op: 'neq', from: port(10), to: port(20) },
      { name: 'meta', key: 'iifname', dreg: 1 },
      { name: 'lookup', set: 'interfaces', sreg: 1, dreg: null, invert: false },
      dport(1),
      { name: 'cmp', sreg: 1, op: 'lt', data: port(1024) },
      ...isTcp,
      { name: 'immediate', dreg: 1, data: at('10.1.0.9') },
      { name: 'immediate', dreg: 2, data: port(8080) },
      { name: 'nat', type: 'dnat', family, addressReg: 1, portReg: 2 },
    ]),
    rule('postrouting', [
      { name: 'ct', key: 'status', dreg: 1 },
      { name: 'bitwise', sreg: 1, dreg: 1, len: 4, mask: host32(0x20), xor: host32(0) },
      { name: 'cmp', sreg: 1, op: 'neq', data: host32(0) },
      { name: 'masq', fullyRandom: true },
    ]),
  ]
}

function operationsOf(family: 'ip' | 'ip6', sets: Sample['sets'], rules: Sample['rules']): NftOperation[] {
  const table = { family, table: TABLE } as const
  const chain = (name: string, hook: NftHook | null = null): NftOperation => ({
    op: 'add-chain',
    ...table,
    chain: { name, hook, comment: hook === null ? `what ${name} is for` : '' },
  })
  return [
    { op: 'add-table', ...table, comment: 'a table of the tests' },
    { op: 'add-counter', ...table, counter: { name: 'missed', comment: 'packets without a backend' } },
    ...sets.map(({ set }) => ({ op: 'add-set', ...table, set }) as const),
    ...['refuse', 'dispatch', 'f-web', 'f-dns', 'f-affinity'].map((name) => chain(name)),
    chain('early', { type: 'filter', hook: 'prerouting', priority: -110, policy: 'accept' }),
    chain('prerouting', { type: 'nat', hook: 'prerouting', priority: -100, policy: 'accept' }),
    chain('postrouting', { type: 'nat', hook: 'postrouting', priority: 100, policy: 'accept' }),
    ...rules.map((rule) => ({ op: 'add-rule', ...table, ...rule }) as const),
    ...sets.map(({ set, elements }) => ({ op: 'add-elements', ...table, set, elements }) as const),
  ]
}
