import { describe, expect, test } from 'vitest'
import {
  ask,
  chain,
  chance,
  dnat,
  ends,
  hook,
  jumpTo,
  prerouting,
  rule,
  set,
  table,
  unknown,
} from '../../test/support/rules.ts'
import { addressBytes } from '../model/address.ts'
import { prefixMask, u16 } from './bytes.ts'
import type { Bytes, Chain, Field, Rule, RuleSet, Statement } from './model.ts'
import type { Outcome } from './outcome.ts'
import { accept, drop, equals, inSet, field, jump, vmap } from './terms.ts'
import { traceOf } from './trace.ts'

const named = (name: string): Bytes => name.padEnd(16, '\0')
const by = (of: Field, name: string): Statement => equals(of, named(name))
const notBy = (of: Field, name: string): Statement => ({ kind: 'match', left: field(of), op: '!=', right: named(name) })
/** `-i cali+` */
const begins = (of: Field, name: string): Statement => ({
  kind: 'match',
  left: field(of),
  op: '==',
  right: named(name),
  mask: prefixMask(name.length * 8, 16),
})
const drops: Statement = jump(drop)
const forward = (...rules: Rule[]): Chain => ({ name: 'forward', hook: hook('forward', 0, 'filter'), rules })
const possible = (outcome: Outcome): string[] =>
  outcome.possible.map(
    ({ ends: all, unless }) => `${ends({ ...outcome, ends: all }).join(' | ')} if ${unless.join(' & ')}`,
  )

describe('a match that nobody understands', () => {
  test('is reported with its line, and what it would change is said', () => {
    const odd = { ...rule(unknown('-m foo --bar'), drops), file: 'node.save', line: 12 }
    const outcome = ask(table([prerouting(odd, rule(dnat('10.1.0.1')))]))
    expect(ends(outcome)).toEqual(['dnat 10.1.0.1:8080 1/1'])
    expect(outcome.unknown).toEqual(['nat prerouting (node.save:12): -m foo --bar'])
    expect(possible(outcome)).toEqual(['drop 10.96.0.1:80 1/1 if nat prerouting (node.save:12): -m foo --bar'])
    expect(outcome.path.map(({ line, result }) => ({ line, result }))).toEqual([
      { line: 12, result: 'not understood: -m foo --bar' },
      { line: undefined, result: 'dnat to 10.1.0.1:8080' },
    ])
    expect(traceOf(outcome)).toMatchObject({
      partial: true,
      conditions: ['if otherwise than taken (nat prerouting (node.save:12): -m foo --bar): drop'],
    })
  })

  test('is still reported where it changes nothing: it was met and not understood', () => {
    const log: Statement = { kind: 'side-effect', text: 'LOG' }
    const outcome = ask(table([prerouting(rule(unknown('-m foo'), log), rule(unknown('-m bar'), jump(accept)))]))
    expect(outcome.unknown).toEqual(['nat prerouting: -m foo', 'nat prerouting: -m bar'])
    expect(outcome.possible).toEqual([])
  })

  test('is not met where the rest of the rule is for other packets, before it or behind it', () => {
    const elsewhere = equals('th dport', u16(443))
    const outcome = ask(
      table([prerouting(rule(unknown('-m foo'), elsewhere, drops), rule(elsewhere, unknown('-m bar'), drops))]),
    )
    expect(outcome.unknown).toEqual([])
  })

  test('two of them that matter only together', () => {
    const outcome = ask(
      table([
        prerouting(rule(unknown('-m foo'), jumpTo('inner')), rule(dnat('10.1.0.1'))),
        chain('inner', rule(unknown('-m bar'), drops)),
      ]),
    )
    expect(possible(outcome)).toEqual(['drop 10.96.0.1:80 1/1 if nat prerouting: -m foo & nat inner: -m bar'])
    expect(outcome.unknown).toEqual(['nat prerouting: -m foo', 'nat inner: -m bar'])
  })

  test('shifts odds: also that is another answer', () => {
    const outcome = ask(
      table([prerouting(rule(unknown('-m foo'), chance(0.5), dnat('10.1.0.1')), rule(dnat('10.1.0.2')))]),
    )
    expect(possible(outcome)).toEqual(['dnat 10.1.0.1:8080 1/2 | dnat 10.1.0.2:8080 1/2 if nat prerouting: -m foo'])
  })

  test('a target that nobody understands: the packet is taken to go on, and the answer is partial', () => {
    const outcome = ask(
      table([prerouting(rule({ kind: 'unknown', text: '-j FOO', role: 'target' }), rule(dnat('10.1.0.1')))]),
    )
    expect(ends(outcome)).toEqual(['dnat 10.1.0.1:8080 1/1'])
    expect(outcome.unknown).toEqual(['nat prerouting: -j FOO'])
    expect(outcome.path[0]?.result).toBe('not understood: -j FOO')
  })
})

describe('a fact that the packet as asked does not have', () => {
  const docker = [
    rule(by('meta iifname', 'docker0'), jump({ verdict: 'return' })),
    rule(notBy('meta iifname', 'docker0'), dnat('10.1.0.1')),
  ]

  test('makes no difference: is not mentioned', () => {
    const outcome = ask(table([prerouting(rule(by('meta iifname', 'docker0'), jump(accept)))]))
    expect({ unknown: outcome.unknown, possible: outcome.possible }).toEqual({ unknown: [], possible: [] })
  })

  test('makes a difference: taken to be none that a rule names, in all rules alike', () => {
    const outcome = ask(table([prerouting(...docker)]))
    expect(ends(outcome)).toEqual(['dnat 10.1.0.1:8080 1/1'])
    expect(possible(outcome)).toEqual([
      'none 10.96.0.1:80 1/1 if nat prerouting: meta iifname is not known (asked: "docker0")',
    ])
    expect(traceOf(outcome).partial).toBe(true)
  })

  test('one that changes nothing is not named for the company it keeps', () => {
    const outcome = ask(
      table([
        prerouting(
          rule(by('meta iifname', 'eth0'), { kind: 'mark', and: 0, xor: 1 }),
          rule(by('meta oifname', 'eth1'), { kind: 'counter' }),
        ),
        forward(rule(by('meta oifname', 'eth1'), drops)),
      ]),
    )
    expect(outcome.unknown).toEqual(['nat forward: meta oifname is not known (asked: "eth1")'])
  })

  test('given, it is used', () => {
    const given = (name: string): string[] =>
      ends(ask(table([prerouting(...docker)]), { fields: { 'meta iifname': named(name) } }))
    expect(given('docker0')).toEqual(['none 10.96.0.1:80 1/1'])
    expect(given('eth0')).toEqual(['dnat 10.1.0.1:8080 1/1'])
  })

  test('two that matter only together', () => {
    const outcome = ask(table([forward(rule(by('meta iifname', 'eth0'), by('meta oifname', 'eth1'), drops))]))
    expect(ends(outcome)).toEqual(['none 10.96.0.1:80 1/1'])
    expect(possible(outcome)).toEqual([
      'drop 10.96.0.1:80 1/1 if nat forward: meta iifname is not known (asked: "eth0") & nat forward: meta oifname is not known (asked: "eth1")',
    ])
  })

  test('the beginning of a name, then the whole of it', () => {
    const tables = table([
      forward(rule(begins('meta iifname', 'cali'), jumpTo('pods'))),
      chain(
        'pods',
        rule(by('meta iifname', 'cali1'), jump(accept)),
        rule(by('meta iifname', 'eth0'), drops),
        rule(by('meta iifname', 'cali2'), drops),
      ),
    ])
    expect(possible(ask(tables))).toHaveLength(1)
    expect(possible(ask(tables, { fields: { 'meta iifname': named('cali1') } }))).toEqual([])
  })

  test('which of the keys of a map it is', () => {
    const map: RuleSet = {
      ...set('ways', { [named('eth0')]: { to: 'jump', jump: drop } }),
      entries: () => [[named('eth0'), { to: 'jump', jump: drop }]],
    }
    const tables = (ways: RuleSet): Outcome =>
      ask(table([prerouting(rule(vmap([field('meta iifname')], 'ways')))], [ways]))
    expect(possible(tables(map))).toEqual([
      'drop 10.96.0.1:80 1/1 if nat prerouting: meta iifname is not known (asked: "eth0")',
    ])
    expect(tables(set('ways', {})).unknown).toEqual(['nat prerouting: the key of map ways is not known'])
    expect(tables({ ...map, intervals: true }).unknown).toEqual(['nat prerouting: the key of map ways is not known'])
  })

  test('who is asked for in a set', () => {
    const outcome = ask(table([prerouting(rule(inSet([field('meta iifname')], 'ways'), drops))], [set('ways', {})]))
    expect(possible(outcome)).toEqual([
      'drop 10.96.0.1:80 1/1 if nat prerouting: what set ways is asked for is not known',
    ])
  })

  test('of more than can be tried all are named', () => {
    const rules = Array.from({ length: 100 }, (_, i) =>
      rule(by('meta iifname', `eth${i}`), i === 99 ? drops : jump(accept)),
    )
    expect(traceOf(ask(table([prerouting(...rules)]))).partial).toBe(true)
  })
})

describe('states of the kernel', () => {
  const recent = (assume: boolean): Statement => ({ kind: 'state', text: 'client not in affinity list X', assume })

  test('are conditions of the answer, taken the likelier way', () => {
    const one = ask(table([prerouting(rule(recent(false), dnat('10.1.0.1')), rule(dnat('10.1.0.2')))]))
    expect(ends(one)).toEqual(['dnat 10.1.0.2:8080 1/1'])
    expect({ conditions: one.conditions, unknown: one.unknown }).toEqual({
      conditions: ['client not in affinity list X'],
      unknown: [],
    })
    expect(ends(ask(table([prerouting(rule(recent(true), dnat('10.1.0.1')), rule(dnat('10.1.0.2')))])))).toEqual([
      'dnat 10.1.0.1:8080 1/1',
    ])
  })

  test('are none where the rule only logs, or is for other packets', () => {
    const log: Statement = { kind: 'side-effect', text: 'LOG' }
    const outcome = ask(
      table([prerouting(rule(recent(false), log), rule(recent(false), equals('th dport', u16(1)), drops))]),
    )
    expect(outcome.conditions).toEqual([])
  })
})

describe('rules that did not match', () => {
  const rules = [
    rule(equals('ip daddr', addressBytes('10.96.0.2')), drops),
    rule(equals('th dport', u16(443)), drops),
    rule(by('meta iifname', 'eth0'), jump(accept)),
    rule(dnat('10.1.0.1')),
  ]
  const misses = (most: number): { why: (string | undefined)[]; unshown: number } => {
    const { path, unshown } = ask(table([prerouting(...rules)]), {}, { misses: most })
    return { why: path.filter(({ result }) => result === 'no match').map(({ whyNot }) => whyNot), unshown }
  }

  test('are shown with the reason when asked for', () => {
    expect(misses(10)).toEqual({
      why: [
        'ip daddr 10.96.0.2: the packet has 10.96.0.1',
        'th dport 443: the packet has 80',
        'meta iifname is not known (asked: "eth0")',
      ],
      unshown: 0,
    })
  })

  test('are shown up to a limit, and counted beyond it', () => {
    expect(misses(1)).toMatchObject({ unshown: 2 })
    expect(misses(0)).toEqual({ why: [], unshown: 0 })
  })

  test('thousands for other destinations are one step', () => {
    const many = Array.from({ length: 1000 }, (_, i) =>
      rule(equals('ip daddr', addressBytes(`10.97.${i >> 8}.${i & 255}`)), drops),
    )
    const { path } = ask(table([prerouting(...many, rule(dnat('10.1.0.1')))]), {}, { misses: 5 })
    expect(path.map(({ rule: text, result }) => `${text}: ${result}`)).toEqual([
      '1000 rules for other destinations: no match',
      'dnat ip to 10.1.0.1:8080: dnat to 10.1.0.1:8080',
    ])
  })
})
