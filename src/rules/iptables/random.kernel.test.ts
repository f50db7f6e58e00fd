import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { enterOwnNetwork } from '../../../test/support/private-network.ts'
import { createContext, normalRule, parseListing, parseRule, parseSave, tablesOf } from './index.ts'
import type { Statement } from '../model.ts'

/** This file's process lives in a network namespace of its own, which ends with it. */
const run = (command: string, args: readonly string[] = [], input = ''): string =>
  execFileSync(command, args, { encoding: 'utf8', input, stdio: ['pipe', 'pipe', 'pipe'], timeout: 20_000 })

beforeAll(async () => {
  await enterOwnNetwork()
})

const octet = fc.nat(255)
const address = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'))
const prefix = fc.tuple(address, fc.integer({ min: 1, max: 32 })).map(([text, length]) => `${text}/${length}`)
const port = fc.integer({ min: 1, max: 65535 })
const ports = fc.oneof(
  port.map(String),
  fc
    .tuple(fc.integer({ min: 1, max: 60_000 }), fc.integer({ min: 1, max: 5_000 }))
    .map(([low, more]) => `${low}:${low + more}`),
)
const mark = fc
  .tuple(fc.nat(0xffffffff), fc.nat(0xffffffff))
  .map(
    ([value, mask]) =>
      `0x${(value & mask) >>> 0 === 0 ? '0' : ((value & mask) >>> 0).toString(16)}/0x${mask.toString(16)}`,
  )
const not = fc.constantFrom('', '! ')
const option = (name: string, value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(not, value).map(([negated, text]) => `${negated}${name} ${text}`)
const list = (...names: readonly string[]): fc.Arbitrary<string> =>
  fc.subarray([...names], { minLength: 1 }).map((some) => some.join(','))
const interfaces = fc.constantFrom('eth0', 'cali+', 'lo', 'veth-1.2')
const comment = fc
  .string({ unit: fc.constantFrom(...Array.from('abc ->:/"\'\\!,;[]{}$#*')), minLength: 1, maxLength: 20 })
  .map((text) => `"${text.trim().replace(/["\\]/g, '\\$&') || 'x'}"`)

const matches: readonly fc.Arbitrary<string>[] = [
  comment.map((text) => `-m comment --comment ${text}`),
  option('--mark', mark).map((text) => `-m mark ${text}`),
  option('--mark', mark).map((text) => `-m connmark ${text}`),
  option('--ctstate', list('INVALID', 'NEW', 'ESTABLISHED', 'RELATED', 'UNTRACKED', 'SNAT', 'DNAT')).map(
    (text) => `-m conntrack ${text}`,
  ),
  option('--dst-type', list('LOCAL', 'UNICAST', 'BROADCAST')).map((text) => `-m addrtype ${text}`),
  option(
    '--probability',
    fc.double({ min: 0, max: 1, noNaN: true }).map((p) => p.toFixed(10)),
  ).map((text) => `-m statistic --mode random ${text}`),
  fc.integer({ min: 1, max: 99 }).map((n) => `-m statistic --mode nth --every ${n} --packet ${n - 1}`),
  fc.constantFrom(
    '-m recent --name A --set',
    '-m recent --name A --rcheck --seconds 10 --reap',
    '-m recent --name B ! --update --hitcount 3',
  ),
  fc.constantFrom('3/sec', '10/minute', '5/hour').map((rate) => `-m limit --limit ${rate}`),
  fc.tuple(address, address).map(([a, b]) => `-m iprange --src-range ${[a, b].sort(byBytes).join('-')}`),
  fc.constantFrom('-m physdev --physdev-is-in', '-m pkttype --pkt-type broadcast', '-m rpfilter --validmark'),
]

const byBytes = (a: string, b: string): number =>
  Buffer.from(a.split('.').map(Number)).compare(Buffer.from(b.split('.').map(Number)))

const protocols: readonly fc.Arbitrary<string>[] = [
  fc.constantFrom('-p tcp', '-p udp', '-p 132', '! -p icmp'),
  fc.tuple(fc.constantFrom('tcp', 'udp', 'sctp'), option('--dport', ports)).map(([name, text]) => `-p ${name} ${text}`),
  option(
    '--sports',
    fc.array(ports, { minLength: 1, maxLength: 6 }).map((some) => some.join(',')),
  ).map((text) => `-p tcp -m multiport ${text}`),
  fc.constantFrom('-p tcp --syn', '-p tcp --tcp-flags ALL SYN,ACK', '-p icmp --icmp-type 8'),
]

const targets: readonly fc.Arbitrary<string>[] = [
  fc.constantFrom(
    '',
    '-j ACCEPT',
    '-j RETURN',
    '-j X',
    '-g X',
    '-j NFLOG --nflog-group 3',
    '-j LOG --log-prefix "a b: "',
  ),
  fc
    .tuple(fc.constantFrom('MARK', 'CONNMARK'), fc.constantFrom('--set-xmark', '--set-mark'), mark)
    .map((words) => `-j ${words.join(' ')}`),
  fc
    .tuple(fc.constantFrom('--or-mark', '--and-mark', '--xor-mark'), fc.nat(0xffffffff))
    .map(([name, value]) => `-j MARK ${name} 0x${value.toString(16)}`),
]

const optional = (some: readonly fc.Arbitrary<string>[]): fc.Arbitrary<string> => fc.oneof(fc.constant(''), ...some)
const rule = fc
  .tuple(
    fc.oneof(fc.constant(''), option('-s', prefix)),
    fc.oneof(fc.constant(''), option('-d', address)),
    fc.oneof(fc.constant(''), option('-i', interfaces)),
    optional(protocols),
    fc.subarray([...matches], { maxLength: 3 }).chain((some) => fc.tuple(...some)),
    fc.oneof(...targets),
  )
  .map((parts) => `-A PREROUTING ${parts.flat().filter(Boolean).join(' ')}`)

const meaning = (statements: readonly Statement[]): string =>
  JSON.stringify(statements, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)).replaceAll(
    /LOG[^}]*/g,
    'LOG',
  )

const prerouting = (text: string, read = parseSave): readonly string[] => {
  const ruleset = read(text, 'f')
  expect(ruleset.problems).toEqual([])
  return (tablesOf(ruleset)[0]?.chains.get('PREROUTING')?.rules ?? []).map(({ statements }) => meaning(statements))
}

test.each(['legacy', 'nft'])('%s: any rules mean the same written, saved and listed, and compare equal', (backEnd) => {
  fc.assert(
    fc.property(fc.array(rule, { minLength: 1, maxLength: 25 }), (rules) => {
      run(`iptables-${backEnd}-restore`, [], `*mangle\n:X - [0:0]\n${rules.join('\n')}\nCOMMIT\n`)
      const save = run(`iptables-${backEnd}-save`, ['-t', 'mangle'])
      const saved = save.split('\n').filter((line) => line.startsWith('-A '))
      expect(saved.map((line) => normalRule(line))).toEqual(rules.map((line) => normalRule(line)))
      const context = createContext()
      expect(prerouting(save)).toEqual(rules.map((line) => meaning(parseRule(line, context).rule.statements)))
      expect(prerouting(run(`iptables-${backEnd}`, ['-t', 'mangle', '-nvL']), parseListing)).toEqual(prerouting(save))
    }),
    { numRuns: 25, seed: 5, endOnFailure: false },
  )
})
