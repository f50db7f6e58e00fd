import { describe, expect, test } from 'vitest'
import {
  ask,
  chain,
  dnat,
  ends,
  hook,
  jumpTo,
  masquerade,
  prerouting,
  returns,
  rule,
  set,
  table,
} from '../../test/support/rules.ts'
import { addressBytes } from '../model/address.ts'
import { u16, u32, u8 } from './bytes.ts'
import type { Surroundings } from './flow.ts'
import { fraction } from './fraction.ts'
import type { Chain, ElementValue, Expression, Hook, Rule, RuleSet, Statement } from './model.ts'
import type { Outcome } from './outcome.ts'
import { accept, anyBit, drop, equals, field, goto, inSet, jump, markOr, vmap } from './terms.ts'

const N31 = 2 ** 31
/** iptables' `-m statistic --mode random --probability`: matches when 31 random bits are below N */
const statistic = (n: number): Statement => ({
  kind: 'range',
  left: { kind: 'numgen', mode: 'random', modulus: N31, offset: 0 },
  low: u32(0),
  high: u32(n - 1),
  negated: false,
})

describe('odds', () => {
  test("a chain of iptables' probabilities, as published: .333333333489, .333333333256, .333333333256", () => {
    const chance = (printed: string): number => Math.floor(N31 * Number(printed) + 0.5)
    const outcome = ask(
      table([
        prerouting(
          rule(statistic(chance('0.3333333333')), dnat('10.1.0.1')),
          rule(statistic(chance('0.5000000000')), dnat('10.1.0.2')),
          rule(dnat('10.1.0.3')),
        ),
      ]),
    )
    expect(ends(outcome)).toEqual([
      `dnat 10.1.0.1:8080 715827883/${N31}`,
      `dnat 10.1.0.2:8080 1431655765/${2 * N31}`,
      `dnat 10.1.0.3:8080 1431655765/${2 * N31}`,
    ])
  })

  test('numgen random: every slot has its part of 2^32, counted exactly; numgen inc: exact rotation', () => {
    const backends = (offset: number): RuleSet =>
      set('backends', Object.fromEntries([0, 1, 2].map((i) => [u32(offset + i), data(`10.1.0.${i + 1}`)] as const)))
    const pick = (mode: 'inc' | 'random'): Outcome =>
      ask(table([prerouting(rule(dnatMap({ kind: 'numgen', mode, modulus: 3, offset: 5 })))], [backends(5)]))
    expect(pick('random').ends.map(({ odds }) => odds)).toEqual([
      fraction(1431655766n, 1n << 32n),
      fraction(1431655765n, 1n << 32n),
      fraction(1431655765n, 1n << 32n),
    ])
    expect(ends(pick('inc'))).toEqual([1, 2, 3].map((i) => `dnat 10.1.0.${i}:8080 1/3`))
  })

  test('slots of one backend add up; slots that are missing fall to the next rule', () => {
    const backends = set('backends', {
      [u32(0)]: data('10.1.0.1'),
      [u32(1)]: data('10.1.0.1'),
      [u32(3)]: data('10.1.0.2'),
    })
    const pick = dnatMap({ kind: 'numgen', mode: 'inc', modulus: 4, offset: 0 })
    const outcome = ask(table([prerouting(rule(pick), rule(dnat('10.1.0.9')))], [backends]))
    expect(ends(outcome)).toEqual(['dnat 10.1.0.1:8080 1/2', 'dnat 10.1.0.2:8080 1/4', 'dnat 10.1.0.9:8080 1/4'])
  })

  test('a hash of what is known is certain, of what is not even', () => {
    const backends = set('backends', { [u32(0)]: data('10.1.0.1'), [u32(1)]: data('10.1.0.2') })
    const hash = (...of: Expression[]): Outcome =>
      ask(table([prerouting(rule(dnatMap({ kind: 'jhash', of, modulus: 2, offset: 0, seed: 1 })))], [backends]))
    expect(hash(field('ip saddr')).ends).toHaveLength(1)
    const flow = hash(field('ip saddr'), field('th sport'))
    expect(ends(flow)).toEqual(['dnat 10.1.0.1:8080 1/2', 'dnat 10.1.0.2:8080 1/2'])
    expect(flow.conditions).toEqual(['the hash spreads source ports evenly'])
  })

  test('a matter of chance: what jumps away comes back with what was done to it', () => {
    const even: Statement = {
      kind: 'match',
      left: { kind: 'numgen', mode: 'inc', modulus: 4, offset: 0 },
      op: '==',
      right: u32(2),
    }
    const outcome = ask(
      table([prerouting(rule(even, jumpTo('aside')), rule(dnat('10.1.0.1'))), chain('aside', rule(markOr(1)))]),
    )
    expect(ends(outcome)).toEqual(['dnat 10.1.0.1:8080 3/4', 'dnat 10.1.0.1:8080 1/4'])
  })
})

const data = (address: string): ElementValue => ({ to: 'data', data: `${addressBytes(address)}${u16(8080)}\0\0` })
const dnatMap = (part: Expression): Statement => ({ kind: 'dnat-map', key: [part], map: 'backends' })

describe('verdicts', () => {
  test('hooks by priority; accept ends one base chain, drop ends all', () => {
    const early: Chain = { name: 'early', hook: hook('prerouting', -110, 'filter'), rules: [rule(jump(accept))] }
    const late: Chain = { name: 'late', hook: hook('prerouting', 0, 'filter'), rules: [rule(jump(drop))] }
    expect(ends(ask([table([late], [], 'filter'), table([early], [], 'first')]))).toEqual(['drop 10.96.0.1:80 1/1'])
    const path = ask([table([late], [], 'filter'), table([early], [], 'first')]).path.map(({ table: name }) => name)
    expect(path).toEqual(['first', 'filter'])
  })

  test('once translated, later nat chains of the hook are passed over, filter chains see the new destination', () => {
    const second: Chain = { name: 'second', hook: hook('prerouting', -90), rules: [rule(dnat('10.9.9.9'))] }
    const filter: Chain = {
      name: 'filter',
      hook: hook('prerouting', -80, 'filter'),
      rules: [rule(equals('ip daddr', addressBytes('10.1.0.1')), equals('th dport', u16(8080)), jump(drop))],
    }
    expect(ends(ask(table([prerouting(rule(dnat('10.1.0.1'))), second])))).toEqual(['dnat 10.1.0.1:8080 1/1'])
    expect(ends(ask(table([prerouting(rule(dnat('10.1.0.1'))), filter])))).toEqual(['drop 10.1.0.1:8080 1/1'])
  })

  test('goto does not come back, jump does, return goes to where the jump was', () => {
    const rules = (via: Statement): Outcome =>
      ask(
        table([
          prerouting(rule(jumpTo('outer')), rule(dnat('10.1.0.3'))),
          chain('outer', rule(via), rule(dnat('10.1.0.2'))),
          chain('inner', rule(equals('meta l4proto', u8(6)), returns), rule(dnat('10.1.0.1'))),
        ]),
      )
    expect(ends(rules(jumpTo('inner')))).toEqual(['dnat 10.1.0.2:8080 1/1'])
    expect(ends(rules(goto('inner')))).toEqual(['dnat 10.1.0.3:8080 1/1'])
  })

  test('a policy of drop drops what no rule accepted', () => {
    const closed = (...rules: Rule[]): Chain => ({
      name: 'closed',
      hook: { ...hook('prerouting', 0, 'filter'), policy: 'drop' },
      rules,
    })
    expect(ends(ask(table([closed()])))).toEqual(['drop 10.96.0.1:80 1/1'])
    expect(ask(table([closed()])).path.map(({ rule: text, result }) => `${text}: ${result}`)).toEqual([
      'policy drop: drop',
    ])
    expect(ends(ask(table([closed(rule(jump(accept)))])))).toEqual(['none 10.96.0.1:80 1/1'])
  })

  test('which hooks a packet meets', () => {
    const at = (name: Hook['hook']): Chain => ({
      name,
      hook: hook(name, 0, 'filter'),
      rules: [rule({ kind: 'counter' })],
    })
    const all = table((['prerouting', 'input', 'forward', 'output', 'postrouting'] as const).map(at))
    const met = (more: Partial<Surroundings>): string[] => ask(all, more).path.map(({ chain: name }) => name)
    expect(met({})).toEqual(['prerouting', 'forward', 'postrouting'])
    expect(met({ keeps: () => true })).toEqual(['prerouting', 'input'])
    expect(met({ entry: 'output' })).toEqual(['output', 'postrouting'])
  })

  test('a mark set before DNAT is seen in postrouting, by each backend for itself', () => {
    const post: Chain = {
      name: 'postrouting',
      hook: hook('postrouting', 100),
      rules: [
        rule(anyBit('meta mark', 0x4000), masquerade),
        rule(anyBit('ct status', 0x20), equals('ip daddr', addressBytes('10.1.0.1')), masquerade),
      ],
    }
    const backends = set('backends', { [u32(0)]: data('10.1.0.1'), [u32(1)]: data('10.1.0.2') })
    const pick = rule(dnatMap({ kind: 'numgen', mode: 'inc', modulus: 2, offset: 0 }))
    expect(ends(ask(table([prerouting(pick), post], [backends])))).toEqual([
      'dnat 10.1.0.1:8080 masqueraded 1/2',
      'dnat 10.1.0.2:8080 1/2',
    ])
    expect(ends(ask(table([prerouting(rule(markOr(0x4000)), pick), post], [backends])))).toEqual([
      'dnat 10.1.0.1:8080 masqueraded 1/2',
      'dnat 10.1.0.2:8080 masqueraded 1/2',
    ])
  })
})

describe('what cannot be known', () => {
  test('who is in a set that packets fill is a condition', () => {
    const saddr = field('ip saddr')
    const tables = table([prerouting(rule(inSet([saddr], 'clients'), jump(drop)))], [set('clients', {}, true)])
    const outcome = ask(tables)
    expect(ends(outcome)).toEqual(['none 10.96.0.1:80 1/1'])
    expect(outcome.conditions).toEqual(['client not in set clients'])
  })

  test('what is not understood is named and the answer goes on without it', () => {
    const outcome = ask(
      table([prerouting(rule({ kind: 'unknown', text: 'xt match "foo"' }, jump(drop)), rule(dnat('10.1.0.1')))]),
    )
    expect(ends(outcome)).toEqual(['dnat 10.1.0.1:8080 1/1'])
    expect(outcome.unknown).toEqual(['nat prerouting: xt match "foo"'])
  })

  test.each([
    ['a field that the packet does not say', rule(equals('th sport', u16(1)), jump(drop)), /is not known/],
    ['a set that is not there', rule(inSet([field('ip saddr')], 'gone'), jump(drop)), /set gone/],
    ['a map that is not there', rule(vmap([field('ip saddr')], 'gone')), /no map gone/],
    ['a chain that is not there', rule(jumpTo('gone')), /no chain gone/],
  ])('%s', (_, odd, text) => {
    const outcome = ask(table([prerouting(odd)]))
    expect(ends(outcome)).toEqual(['none 10.96.0.1:80 1/1'])
    expect(outcome.unknown.join()).toMatch(text)
  })

  test('loops of gotos and endless jumps end, named', { timeout: 60_000 }, () => {
    const circle = ask(table([prerouting(rule(jumpTo('a'))), chain('a', rule(goto('b'))), chain('b', rule(goto('a')))]))
    expect(circle.unknown.join()).toMatch(/leads back into itself/)
    const wide = Array.from({ length: 12 }, (_, i) =>
      chain(`c${i}`, ...Array.from({ length: 8 }, () => rule(jumpTo(`c${i + 1}`)))),
    )
    const bush = ask(table([prerouting(rule(jumpTo('c0'))), ...wide, chain('c12', rule({ kind: 'counter' }))]))
    expect(bush.unknown.join()).toMatch(/^more rules than are followed for one packet, at nat c\d+$/)
  })

  test('a field of the other family does not match, and is no riddle', () => {
    const outcome = ask(table([prerouting(rule(equals('ip6 daddr', addressBytes('fd00::1')), jump(drop)))]))
    expect(ends(outcome)).toEqual(['none 10.96.0.1:80 1/1'])
    expect(outcome.unknown).toEqual([])
  })
})
