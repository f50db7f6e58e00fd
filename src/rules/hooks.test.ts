import { expect, test } from 'vitest'
import { ask, chain, dnat, ends, jumpTo, masquerade, rule, table } from '../../test/support/rules.ts'
import { addressBytes } from '../model/address.ts'
import { u32, u8 } from './bytes.ts'
import type { Chain, Rule, Statement, Table } from './model.ts'
import { iptablesHook } from './netfilter-hooks.ts'
import { accept, anyBit, drop, equals, jump, markOr } from './terms.ts'

/** A built-in chain of iptables. */
const builtIn = (of: string, name: string, ...rules: Rule[]): Chain => {
  const hook = iptablesHook(of, name)
  if (hook === null) throw new Error(`iptables has no ${of} ${name}`)
  return { name, hook, rules }
}
const counted: Rule = rule({ kind: 'counter' })
const own = addressBytes('192.168.0.1')
const isOwn = (address: string): boolean => address === own

test('iptables tables in the order of netfilter, whatever the order of the dump', () => {
  const hooks = {
    raw: ['PREROUTING', 'OUTPUT'],
    mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
    nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
    filter: ['INPUT', 'FORWARD', 'OUTPUT'],
    security: ['INPUT', 'FORWARD', 'OUTPUT'],
  }
  const tables = Object.entries(hooks).map(([name, chains]) =>
    table(
      chains.map((one) => builtIn(name, one, counted)),
      [],
      name,
    ),
  )
  const met = (more: Parameters<typeof ask>[1]): string[] =>
    ask(tables.toReversed(), more).path.map(({ table: name, chain: its }) => `${name} ${its}`)
  expect(met({})).toEqual([
    'raw PREROUTING',
    'mangle PREROUTING',
    'nat PREROUTING',
    'mangle FORWARD',
    'filter FORWARD',
    'security FORWARD',
    'mangle POSTROUTING',
    'nat POSTROUTING',
  ])
  expect(met({ keeps: () => true }).slice(3)).toEqual(['mangle INPUT', 'filter INPUT', 'security INPUT', 'nat INPUT'])
  expect(met({ entry: 'output' })).toEqual([
    'raw OUTPUT',
    'mangle OUTPUT',
    'nat OUTPUT',
    'filter OUTPUT',
    'security OUTPUT',
    'mangle POSTROUTING',
    'nat POSTROUTING',
  ])
})

test('chains that iptables does not have are nobody’s hooks', () => {
  expect([iptablesHook('nat', 'FORWARD'), iptablesHook('filter', 'DOCKER'), iptablesHook('bridge', 'INPUT')]).toEqual([
    null,
    null,
    null,
  ])
  expect(iptablesHook('filter', 'FORWARD', 'drop')).toEqual({
    type: 'filter',
    hook: 'forward',
    priority: 0,
    policy: 'drop',
  })
})

test('a table of both families meets both, one of the other family none', () => {
  const inet = table([builtIn('filter', 'FORWARD', rule(jump(drop)))], [], 'firewall', 'inet')
  const six = table([builtIn('filter', 'FORWARD', rule(jump(drop)))], [], 'filter', 'ip6')
  expect(ends(ask([inet]))).toEqual(['drop 10.96.0.1:80 1/1'])
  expect(ends(ask([six]))).toEqual(['none 10.96.0.1:80 1/1'])
  const packet = { family: 'ip6', saddr: addressBytes('fd00::1'), daddr: addressBytes('fd00::2') } as const
  for (const one of [inet, six]) expect(ends(ask([one], packet))).toEqual(['drop fd00::2:80 1/1'])
})

test('what DNAT sends to an address of the machine goes to input, what it sends elsewhere is forwarded', () => {
  const tables = (to: string): Table[] => [
    table([builtIn('nat', 'PREROUTING', rule(dnat(to))), builtIn('nat', 'POSTROUTING', rule(masquerade))]),
    table(
      [builtIn('filter', 'INPUT', rule(jump(accept))), builtIn('filter', 'FORWARD', rule(jump(drop)))],
      [],
      'filter',
    ),
  ]
  expect(ends(ask(tables('192.168.0.1'), { keeps: isOwn }))).toEqual(['dnat 192.168.0.1:8080 1/1'])
  expect(ends(ask(tables('10.1.0.1'), { keeps: isOwn }))).toEqual(['drop 10.1.0.1:8080 1/1'])
})

test('a planned trace may treat what was translated apart', () => {
  const tables = [table([builtIn('filter', 'INPUT', rule(jump(drop)))], [], 'filter')]
  const keeps = (_: string, translated: boolean): boolean => !translated
  expect(ends(ask(tables, { keeps }))).toEqual(['drop 10.96.0.1:80 1/1'])
  expect(ends(ask([...tables, table([builtIn('nat', 'PREROUTING', rule(dnat('10.1.0.1')))])], { keeps }))).toEqual([
    'dnat 10.1.0.1:8080 1/1',
  ])
})

test('what the machine sends itself leaves, comes in again by lo, and nat has had its say', () => {
  const loopback = equals('meta iifname', 'lo'.padEnd(16, '\0'))
  const tables = [
    table([
      builtIn('nat', 'OUTPUT', rule(dnat('192.168.0.1'))),
      builtIn('nat', 'POSTROUTING', rule(masquerade)),
      builtIn('nat', 'PREROUTING', rule(dnat('10.9.9.9'))),
    ]),
    table([builtIn('filter', 'INPUT', rule(loopback, jump(drop)))], [], 'filter'),
  ]
  const sent = { entry: 'output', keeps: isOwn } as const
  expect(ends(ask(tables, sent))).toEqual(['drop 192.168.0.1:8080 masqueraded 1/1'])
  expect(ends(ask(tables.slice(0, 1), sent))).toEqual(['dnat 192.168.0.1:8080 masqueraded 1/1'])
})

test('notrack: no nat chain sees the packet, and its state is untracked', () => {
  const tables = [
    table([builtIn('raw', 'PREROUTING', rule({ kind: 'notrack' }))], [], 'raw'),
    table([builtIn('nat', 'PREROUTING', rule(dnat('10.1.0.1')))]),
    table([builtIn('filter', 'FORWARD', rule(anyBit('ct state', 64), jump(drop)))], [], 'filter'),
  ]
  expect(ends(ask(tables))).toEqual(['drop 10.96.0.1:80 1/1'])
  expect(ends(ask(tables.slice(1)))).toEqual(['dnat 10.1.0.1:8080 1/1'])
})

test('before conntrack a packet is of no connection, and afterwards it is too late to leave it untracked', () => {
  const raw = (...rules: Rule[]): Table => table([builtIn('raw', 'PREROUTING', ...rules)], [], 'raw')
  expect(ends(ask(raw(rule(anyBit('ct state', 1), jump(drop)))))).toEqual(['drop 10.96.0.1:80 1/1'])
  expect(ends(ask(raw(rule(equals('ct mark', u32(0)), jump(drop)))))).toEqual(['none 10.96.0.1:80 1/1'])
  const late = [
    table([builtIn('mangle', 'PREROUTING', rule({ kind: 'notrack' }))], [], 'mangle'),
    table([builtIn('nat', 'PREROUTING', rule(dnat('10.1.0.1')))]),
  ]
  expect(ends(ask(late))).toEqual(['dnat 10.1.0.1:8080 1/1'])
})

test('NAT to what the packet has already sets no status', () => {
  const rules = (to: string): Table[] => [
    table([builtIn('nat', 'PREROUTING', rule(dnat(to, 80)))]),
    table([builtIn('filter', 'FORWARD', rule(anyBit('ct status', 0x20), jump(drop)))], [], 'filter'),
  ]
  expect(ends(ask(rules('10.96.0.1')))).toEqual(['dnat 10.96.0.1:80 1/1'])
  expect(ends(ask(rules('10.1.0.1')))).toEqual(['drop 10.1.0.1:80 1/1'])
})

test('output rules are told of the way before DNAT, postrouting of the way after it', () => {
  const way = (name: string): string => name.padEnd(16, '\0')
  const by = (name: string): Statement => equals('meta oifname', way(name))
  const tables = (hook: string): Table[] => [
    table([builtIn('nat', 'OUTPUT', rule(dnat('10.1.0.1')))]),
    table([builtIn('mangle', hook, rule(by('eth1'), jump(drop)))], [], 'mangle'),
    table([builtIn('filter', 'OUTPUT', rule(by('eth1'), jump(drop)))], [], 'filter'),
  ]
  const sent = {
    entry: 'output',
    outputInterface: (address: string) => way(address === addressBytes('10.1.0.1') ? 'eth1' : 'eth0'),
  } as const
  expect(ends(ask(tables('OUTPUT'), sent))).toEqual(['dnat 10.1.0.1:8080 1/1'])
  expect(ends(ask(tables('POSTROUTING'), sent))).toEqual(['drop 10.1.0.1:8080 1/1'])
})

test('marks travel: a packet’s through all tables, a connection’s by save and restore', () => {
  const tables = [
    table(
      [
        builtIn(
          'mangle',
          'PREROUTING',
          rule(markOr(0x4010)),
          rule({ kind: 'save-mark', ctMask: 0xff, markMask: 0xff }),
          rule({ kind: 'mark', and: 0, xor: 0 }),
          rule({ kind: 'ct-mark', and: 0xffffffff, xor: 0x1 }),
          rule({ kind: 'restore-mark', ctMask: 0xff, markMask: 0xffffffff }),
        ),
      ],
      [],
      'mangle',
    ),
    table([
      builtIn('filter', 'FORWARD', rule(equals('meta mark', u32(0x11)), equals('ct mark', u32(0x11)), jump(drop))),
    ]),
  ]
  expect(ends(ask(tables))).toEqual(['drop 10.96.0.1:80 1/1'])
})

test('accept is said where rules say it, only when asked for, and DNAT goes before it', () => {
  const forward = table(
    [builtIn('filter', 'FORWARD', rule(jumpTo('ok'))), chain('ok', rule(jump(accept)))],
    [],
    'filter',
  )
  const asked = { accepts: true }
  expect(ends(ask(forward))).toEqual(['none 10.96.0.1:80 1/1'])
  expect(ends(ask(forward, {}, asked))).toEqual(['accept 10.96.0.1:80 1/1'])
  const nat = table([builtIn('nat', 'PREROUTING', rule(dnat('10.1.0.1')))])
  expect(ends(ask([nat, forward], {}, asked))).toEqual(['dnat 10.1.0.1:8080 1/1'])
  expect(ends(ask(table([builtIn('filter', 'FORWARD')]), {}, asked))).toEqual(['none 10.96.0.1:80 1/1'])
})

test('SNAT names the source, masquerade does not, and one of them is enough', () => {
  const snat = { kind: 'snat', address: addressBytes('192.0.2.7') } as const
  const outcome = ask(table([builtIn('nat', 'POSTROUTING', rule(snat), rule(masquerade))]))
  expect(outcome.ends.map(({ saddr, masquerade: changed }) => ({ saddr, changed }))).toEqual([
    { saddr: addressBytes('192.0.2.7'), changed: true },
  ])
  expect(ask(table([builtIn('nat', 'POSTROUTING', rule(masquerade))])).ends[0]?.saddr).toBe('')
})

test('redirect keeps the packet here: at 127.0.0.1 what the machine sent, else at an address that rules do not name', () => {
  const tables = [
    table(['PREROUTING', 'OUTPUT'].map((name) => builtIn('nat', name, rule({ kind: 'redirect', port: 15001 })))),
    table([builtIn('filter', 'FORWARD', rule(jump(drop)))], [], 'filter'),
  ]
  expect(ends(ask(tables))).toEqual(['dnat 0.0.0.0:15001 1/1'])
  expect(ends(ask(tables, { entry: 'output' }))).toEqual(['dnat 127.0.0.1:15001 1/1'])
})

test('facts of every first packet are no riddles', () => {
  const rules = [
    rule(equals('tcp flags', u8(2)), markOr(1)),
    rule(equals('ct direction', u8(0)), markOr(2)),
    rule(equals('ct original daddr', addressBytes('10.96.0.1')), markOr(4)),
    rule(equals('icmp type', u8(8)), jump(drop)),
    rule(equals('meta nfproto', u8(10)), jump(drop)),
    rule(
      { kind: 'match', left: { kind: 'field', field: 'ip frag-off' }, op: '!=', right: '\0\0', mask: '\x1f\xff' },
      jump(drop),
    ),
    rule(equals('meta mark', u32(7)), jump({ verdict: 'accept' })),
  ]
  const outcome = ask(table([builtIn('filter', 'FORWARD', ...rules)], [], 'filter'), {}, { accepts: true })
  expect(ends(outcome)).toEqual(['accept 10.96.0.1:80 1/1'])
  expect(outcome.unknown).toEqual([])
})
