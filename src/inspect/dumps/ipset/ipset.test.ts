import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addressBytes } from '../../../model/address.ts'
import { padded, u16, u8 } from '../../../rules/bytes.ts'
import { parseRule, createContext, parseSave, tablesOf } from '../../../rules/iptables/index.ts'
import type { Bytes } from '../../../rules/model.ts'
import { ask } from '../../../../test/support/rules.ts'
import { parseIpsets } from './ipset.ts'

const golden = (name: string): string => readFileSync(new URL(`golden/${name}`, import.meta.url), 'utf8')
const key = (...parts: readonly Bytes[]): Bytes => (parts.length === 1 ? (parts[0] ?? '') : parts.map(padded).join(''))
const ip = addressBytes
const tcp = u8(6)
const udp = u8(17)

describe.each(['ipset.list', 'ipset.save'])('%s', (file) => {
  const { sets, problems } = parseIpsets(golden(file), file)

  test('is read without a problem', () => {
    expect(problems).toEqual([])
    expect([...sets.keys()].sort()).toEqual(['A', 'B', 'C', 'D', 'E', 'F', 'G'])
  })

  test.each<[string, string, Bytes, boolean]>([
    ['hash:ip,port', 'A', key(ip('10.0.0.1'), tcp, u16(80)), true],
    ['another protocol', 'A', key(ip('10.0.0.1'), udp, u16(80)), false],
    ['one of a range of ports', 'A', key(ip('10.0.0.1'), udp, u16(54)), true],
    ['hash:net', 'B', key(ip('10.200.0.1')), true],
    ['nomatch inside a network', 'B', key(ip('10.1.0.1')), false],
    ['outside', 'B', key(ip('11.0.0.1')), false],
    ['bitmap:port', 'C', key(u16(80)), true],
    ['bitmap:port, another', 'C', key(u16(81)), false],
    ['list:set asks its members', 'D', key(ip('10.0.0.1'), tcp, u16(80)), true],
    ['list:set, in none', 'D', key(ip('10.0.0.1'), tcp, u16(81)), false],
    ['hash:ip,port,ip of IPv6', 'E', key(ip('fd00::1'), tcp, u16(80), ip('fd00::1')), true],
    ['the last part differs', 'E', key(ip('fd00::1'), tcp, u16(80), ip('fd00::2')), false],
    ['hash:net,iface', 'F', key(ip('10.9.9.9'), 'eth0'.padEnd(16, '\0')), true],
    ['another interface', 'F', key(ip('10.9.9.9'), 'eth1'.padEnd(16, '\0')), false],
    ['hash:ip with a netmask', 'G', key(ip('10.0.0.200')), true],
    ['hash:ip with a netmask, outside', 'G', key(ip('10.0.1.7')), false],
  ])('%s', (_, name, asked, expected) => {
    expect(sets.get(name)?.get(asked) !== undefined).toBe(expected)
  })
})

test('the directions of a rule are those of the set’s dimensions', () => {
  const { sets } = parseIpsets(golden('ipset.list'), 'f')
  const fields = (rule: string): unknown => {
    const [lookup] = parseRule(rule, createContext(sets)).rule.statements
    return lookup?.kind === 'lookup' ? lookup.key.map((part) => part.kind === 'field' && part.field) : lookup?.kind
  }
  expect(fields('-m set --match-set A dst,dst')).toEqual(['ip daddr', 'meta l4proto', 'th dport'])
  expect(fields('-m set --match-set A src,dst')).toEqual(['ip saddr', 'meta l4proto', 'th dport'])
  expect(fields('-m set --match-set E dst,dst,src')).toEqual(['ip6 daddr', 'meta l4proto', 'th dport', 'ip6 saddr'])
  expect(fields('-m set --match-set C dst')).toEqual(['th dport'])
  expect(fields('-m set --match-set F src,src')).toEqual(['ip saddr', 'meta iifname'])
  expect(fields('-m set --match-set D dst,dst')).toEqual(['ip daddr', 'meta l4proto', 'th dport'])
  expect(fields('-m set --match-set A dst')).toBe('unknown')
  expect(fields('-m set --match-set MISSING dst,dst')).toBe('unknown')
})

test('rules of a dump look into the sets of another', () => {
  const { sets } = parseIpsets('create S hash:ip,port family inet\nadd S 10.96.0.1,tcp:80\n', 'f')
  const dump = parseSave(
    '*nat\n:PREROUTING ACCEPT\n-A PREROUTING -m set --match-set S dst,dst -j DNAT --to-destination 10.1.0.1:80\nCOMMIT\n',
    'f',
  )
  expect(ask(tablesOf(dump, sets)).ends.map(({ verdict }) => verdict)).toEqual(['dnat'])
  expect(ask(tablesOf(dump, sets), { dport: 81 }).ends.map(({ verdict }) => verdict)).toEqual(['none'])
  expect(ask(tablesOf(dump)).unknown.join()).toContain('--match-set S dst,dst')
})

describe('problems', () => {
  const problems = (text: string): readonly string[] =>
    parseIpsets(text, 'f').problems.map(
      ({ line = 0, text: what, doubt = false }) => `${line} ${what}${doubt ? ' !' : ''}`,
    )

  test.each<[string, string, readonly string[]]>([
    [
      'cut',
      'Name: A\nType: hash:ip\nHeader: family inet\nNumber of entries: 2\nMembers:\n10.0.0.1\n',
      ['1 ipset A has 2 entries, 1 are here: the listing is cut !'],
    ],
    [
      'an element of another type',
      'create A hash:ip family inet\nadd A 10.0.0.1,tcp:80\n',
      ['2 not a line of ipset: "add A 10.0.0.1,tcp:80" !'],
    ],
    ['a type unheard of', 'create A hash:soul\n', ['1 ipset A is of a type that is not understood !']],
    ['an element of no set', 'add A 10.0.0.1\n', ['1 not a line of ipset: "add A 10.0.0.1" !']],
  ])('%s', (_, text, expected) => {
    expect(problems(text)).toEqual(expected)
  })

  test('a set with an element that was not understood is not there', () => {
    expect(parseIpsets('create A hash:ip\nadd A x\n', 'f').sets.size).toBe(0)
  })
})

test('any text, and real listings cut or changed: never an exception', () => {
  const text = fc.oneof(
    fc.string({ maxLength: 200 }),
    fc
      .tuple(
        fc.constantFrom(golden('ipset.list'), golden('ipset.save')),
        fc.nat(),
        fc.nat(20),
        fc.string({ maxLength: 5 }),
      )
      .map(
        ([dump, at, length, inserted]) =>
          dump.slice(0, at % dump.length) + inserted + dump.slice((at % dump.length) + length),
      ),
  )
  fc.assert(
    fc.property(text, (some) => {
      for (const set of parseIpsets(some, 'f').sets.values()) set.get(ip('10.0.0.1'))
    }),
    { numRuns: 300 },
  )
})
