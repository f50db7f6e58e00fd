import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createNamespace } from '../../test/support/namespaces.ts'
import { enterPrivateNetwork } from '../kernel/namespace.ts'
import { addressBytes, formatAddress, inCidr } from '../model/address.ts'
import { evaluate } from './evaluate.ts'
import { parseSave, tablesOf } from './iptables/index.ts'
import type { Bytes, Table } from './model.ts'

/**
 * Random iptables rulesets in a real kernel, a packet, and the counters: the rules that the kernel counted are the path, no more and
 * no fewer. This process is a router in a namespace of its own; another namespace stands on both sides of it.
 */
const run = (command: string, args: readonly string[], input = ''): string =>
  execFileSync(command, args, { encoding: 'utf8', input, stdio: ['pipe', 'pipe', 'pipe'], timeout: 20_000 })
const ip = (...args: readonly string[]): void => void run('ip', args)

let around: ReturnType<typeof createNamespace> | undefined

beforeAll(async () => {
  await enterPrivateNetwork()
  around = createNamespace('ek-rules', 'around')
  ip('link', 'set', 'lo', 'up')
  for (const [name, peer, net] of [
    ['in0', 'p0', '10.0.0'],
    ['out0', 'p1', '10.2.0'],
  ] as const) {
    const [mac, peerMac] = [`02:00:00:00:00:1${peer.slice(1)}`, `02:00:00:00:00:2${peer.slice(1)}`]
    ip(
      'link',
      'add',
      name,
      'address',
      mac,
      'type',
      'veth',
      'peer',
      'name',
      peer,
      'address',
      peerMac,
      'netns',
      around.name,
    )
    ip('address', 'add', `${net}.1/24`, 'dev', name)
    ip('link', 'set', name, 'up')
    ip('-n', around.name, 'address', 'add', `${net}.2/24`, 'dev', peer)
    ip('-n', around.name, 'link', 'set', peer, 'up')
    // neighbours are known before anything is counted
    ip('neighbour', 'replace', `${net}.2`, 'lladdr', peerMac, 'dev', name, 'nud', 'permanent')
    ip('-n', around.name, 'neighbour', 'replace', `${net}.1`, 'lladdr', mac, 'dev', peer, 'nud', 'permanent')
  }
  ip('route', 'add', 'default', 'via', '10.2.0.2')
  ip('-n', around.name, 'route', 'add', 'default', 'via', '10.0.0.1')
  for (const name of ['all', 'in0', 'out0']) writeFileSync(`/proc/sys/net/ipv4/conf/${name}/rp_filter`, '0')
  writeFileSync('/proc/sys/net/ipv4/ip_forward', '1')
})

afterAll(() => {
  around?.[Symbol.dispose]()
})

const own = new Set(['10.0.0.1', '10.2.0.1'])
const isOwn = (address: string): boolean => own.has(address) || address.startsWith('127.')
const remote = ['10.96.0.1', '10.96.0.2', '10.97.0.1'] as const
const addresses = fc.constantFrom(...remote, '10.0.0.1')
const networks = fc.constantFrom('10.96.0.1', '10.96.0.2', '10.0.0.1', '10.96.0.0/16', '10.0.0.0/8', '10.97.0.0/24')
const not = fc.constantFrom('', '! ')

const hooksOf = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
} as const
type TableName = keyof typeof hooksOf

const matches = (hook: string): fc.Arbitrary<string> => {
  const some = [
    fc.tuple(not, networks).map(([no, net]) => `${no}-d ${net}`),
    fc.tuple(not, fc.constantFrom('10.0.0.2', '10.2.0.0/24')).map(([no, net]) => `${no}-s ${net}`),
    fc.tuple(not, fc.constantFrom('53', '80', '50:60', '80:')).map(([no, ports]) => `-p udp ${no}--dport ${ports}`),
    fc.tuple(not, fc.constantFrom('0x1', '0x2/0x2', '0x0')).map(([no, mark]) => `-m mark ${no}--mark ${mark}`),
    fc.tuple(not, fc.constantFrom('0x1', '0x0/0xff')).map(([no, mark]) => `-m connmark ${no}--mark ${mark}`),
    fc
      .tuple(not, fc.constantFrom('NEW', 'INVALID', 'DNAT', 'NEW,DNAT', 'SNAT', 'UNTRACKED', 'ESTABLISHED,RELATED'))
      .map(([no, states]) => `-m conntrack ${no}--ctstate ${states}`),
    fc.tuple(not, networks).map(([no, net]) => `-m conntrack ${no}--ctorigdst ${net}`),
    fc.tuple(not, fc.constantFrom('src', 'dst')).map(([no, end]) => `-m addrtype ${no}--${end}-type LOCAL`),
  ]
  if (hook !== 'OUTPUT' && hook !== 'POSTROUTING')
    some.push(fc.tuple(not, fc.constantFrom('in0', 'in+', 'lo')).map(([no, name]) => `${no}-i ${name}`))
  if (hook !== 'PREROUTING' && hook !== 'INPUT')
    some.push(fc.tuple(not, fc.constantFrom('out0', 'o+', 'lo')).map(([no, name]) => `${no}-o ${name}`))
  return fc.oneof(...some)
}

const targets = (table: TableName, hook: string, later: readonly string[]): fc.Arbitrary<string> => {
  const some = [
    '',
    '-j RETURN',
    '-j ACCEPT',
    '-j MARK --set-xmark 0x1/0x1',
    '-j MARK --set-xmark 0x2/0xff',
    '-j CONNMARK --save-mark',
    '-j CONNMARK --set-xmark 0x1/0xffffffff',
    '-j CONNMARK --restore-mark',
  ]
  for (const chain of later) some.push(`-j ${chain}`, `-g ${chain}`)
  if (table === 'raw') some.push('-j CT --notrack')
  if (table !== 'nat') some.push('-j DROP')
  if (table === 'filter') some.push('-j REJECT --reject-with icmp-port-unreachable')
  if (table === 'nat' && hook === 'OUTPUT') some.push('-p udp -j REDIRECT --to-ports 5300')
  if (table === 'nat' && (hook === 'OUTPUT' || hook === 'PREROUTING'))
    for (const to of ['10.96.0.2:5300', '10.97.0.1', '10.0.0.1:80']) some.push(`-p udp -j DNAT --to-destination ${to}`)
  if (table === 'nat' && hook === 'POSTROUTING') some.push('-j MASQUERADE', '-j SNAT --to-source 10.2.0.1')
  return fc.constantFrom(...some)
}

/** `-m mark`: iptables takes each flag once. */
const kindOf = (match: string): string =>
  match
    .replace(/^! /, '')
    .split(' ')
    .slice(0, match.includes('-m ') ? 2 : 1)
    .join(' ')

const oneProtocol = (parts: readonly string[]): string[] =>
  parts.flatMap((part, i) => {
    const known = parts.slice(0, i).some((before) => before.startsWith('-p udp'))
    const text = known ? part.replace('-p udp ', '') : part
    return text === '' ? [] : [text]
  })

/** Chains of one table and hook; what answers come back is none of the rules' business. */
const chainsAt = (table: TableName, hook: string): fc.Arbitrary<{ heads: string[]; rules: string[] }> => {
  const names = [hook, `${hook}-1`, `${hook}-2`]
  const rulesOf = (index: number): fc.Arbitrary<string[]> =>
    fc.array(
      fc
        .tuple(
          fc.uniqueArray(matches(hook), { maxLength: 2, selector: kindOf }),
          targets(table, hook, names.slice(index + 1)),
        )
        .map(([parts, target]) => [`-A ${names[index]}`, ...oneProtocol([...parts, target])].join(' ')),
      { maxLength: 4 },
    )
  const policy =
    table === 'filter' || table === 'mangle' ? fc.constantFrom('ACCEPT', 'ACCEPT', 'DROP') : fc.constant('ACCEPT')
  return fc.tuple(policy, rulesOf(0), rulesOf(1), rulesOf(2)).map(([end, ...rules]) => ({
    heads: [`:${hook} ${end} [0:0]`, `:${hook}-1 - [0:0]`, `:${hook}-2 - [0:0]`],
    rules: [`-A ${hook} -p icmp -j ACCEPT`, ...rules.flat()],
  }))
}

const ruleset = fc
  .tuple(
    ...Object.entries(hooksOf).map(([table, hooks]) =>
      fc
        .tuple(...hooks.map((hook) => chainsAt(table as TableName, hook)))
        .map((chains) =>
          [
            `*${table}`,
            ...chains.flatMap(({ heads }) => heads),
            ...chains.flatMap(({ rules }) => rules),
            'COMMIT',
          ].join('\n'),
        ),
    ),
  )
  .map((tables) => `${tables.join('\n')}\n`)

/** Back ends stand beside each other in a kernel, and each has its say: no rules, and policies that let pass. */
const empty = Object.entries(hooksOf)
  .map(([table, hooks]) => `*${table}\n${hooks.map((hook) => `:${hook} ACCEPT [0:0]\n`).join('')}COMMIT\n`)
  .join('')
afterEach(() => {
  for (const backEnd of ['legacy', 'nft']) run(`iptables-${backEnd}-restore`, [], empty)
})

const interfaceBytes = (name: string): Bytes => name.padEnd(16, '\0')

/** Lines of the rules that a packet meets. */
const expected = (tables: readonly Table[], to: string, port: number, sent: boolean): Set<number> => {
  const { path, unknown } = evaluate(
    tables,
    {
      family: 'ip',
      saddr: addressBytes(sent ? source(to) : '10.0.0.2'),
      daddr: addressBytes(to),
      protocol: 17,
      sport: null,
      dport: port,
    },
    {
      entry: sent ? 'output' : 'prerouting',
      keeps: (address) => isOwn(formatAddress(address)),
      addressType: (address) => (isOwn(formatAddress(address)) ? 2 : 1),
      fields: sent ? {} : { 'meta iifname': interfaceBytes('in0') },
      outputInterface: (address) => {
        const text = formatAddress(address)
        return interfaceBytes(isOwn(text) ? 'lo' : inCidr(text, '10.0.0.0/24') ? 'in0' : 'out0')
      },
    },
  )
  expect(unknown).toEqual([])
  return new Set(path.flatMap(({ line, rule }) => (line === undefined || rule.startsWith('policy') ? [] : [line])))
}

const source = (to: string): string => (isOwn(to) ? to : '10.2.0.1')

const send = (to: string, port: number, sent: boolean): void => {
  const shell = ['bash', '-c', `echo > /dev/udp/${to}/${port}`]
  // a packet that OUTPUT drops is an error of the sender's: counted all the same
  const [command = '', ...args] = sent ? shell : ['ip', 'netns', 'exec', around?.name ?? '', ...shell]
  try {
    run(command, args)
  } catch {
    // see above
  }
}

/** Rules that the packet should meet, and that the kernel counted. */
const look = (backEnd: string, to: string, port: number, sent: boolean): { met: string[]; real: string[] } => {
  const save = run(`iptables-${backEnd}-save`, ['-c'])
  const tables = tablesOf(parseSave(save, 'save'))
  const lines = save.split('\n')
  const real = lines.flatMap((line, i) => (/^\[[1-9]/.test(line) && !line.includes('-p icmp') ? [i + 1] : []))
  const met = [...expected(tables, to, port, sent)].sort((a, b) => a - b)
  const rule = (line: number): string => (lines[line - 1] ?? '').replace(/^\[\S+ /, '')
  return { met: met.map(rule), real: real.map(rule) }
}

describe.each(['legacy', 'nft'])('%s', (backEnd) => {
  test('the rules that the kernel counts are the path', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(ruleset, addresses, fc.constantFrom(53, 80), fc.boolean(), (text, to, port, sent) => {
        run(`iptables-${backEnd}-restore`, [], text)
        send(to, port, sent)
        let seen = look(backEnd, to, port, sent)
        // the packet may still be on its way
        for (let i = 0; i < 10 && seen.real.join() !== seen.met.join(); i++) {
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
          seen = look(backEnd, to, port, sent)
        }
        expect({ text, met: seen.met }).toEqual({ text, met: seen.real })
      }),
      { numRuns: 40, seed: 5, endOnFailure: true },
    )
  })
})
