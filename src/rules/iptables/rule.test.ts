import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { printRule } from '../print.ts'
import type { Statement } from '../model.ts'
import { createContext, parseListing, parseRule, parseSave, tablesOf } from './index.ts'

const golden = (name: string): string => readFileSync(new URL(`golden/${name}`, import.meta.url), 'utf8')
const printed = (text: string): string => printRule({ statements: parseRule(text).rule.statements }, 'ip')

describe('golden rules', () => {
  const model = (
    text: string,
    file: string,
    read = parseSave,
  ): ReadonlyMap<string, readonly (readonly Statement[])[]> =>
    new Map(
      tablesOf(read(text, file)).flatMap(({ family, name, chains }) =>
        Array.from(
          chains.values(),
          (chain) => [`${family} ${name} ${chain.name}`, chain.rules.map(({ statements }) => statements)] as const,
        ),
      ),
    )

  test.each(['ip', 'ip6'] as const)('%s: what each rule means, for eyes', async (family) => {
    const ruleset = parseSave(golden(`${family}.legacy.save`), 'golden')
    expect(ruleset.problems).toEqual([])
    const lines = tablesOf(ruleset).flatMap(({ name, chains }) =>
      Array.from(chains.values()).flatMap((chain) =>
        chain.rules.flatMap((rule) => [
          `${name} ${rule.text}`,
          `        ${printRule({ statements: rule.statements }, family)}`,
        ]),
      ),
    )
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`golden/${family}.rules`)
  })

  test.each(['ip', 'ip6'] as const)('%s: legacy and nft say the same', (family) => {
    const legacy = model(golden(`${family}.legacy.save`), 'legacy')
    const nft = model(golden(`${family}.nft.save`), 'nft')
    for (const [chain, rules] of nft) expect({ chain, rules }).toEqual({ chain, rules: legacy.get(chain) })
  })

  test.each(['ip', 'ip6'] as const)('%s: iptables -nvL says the same, but for what it does not show', (family) => {
    const saved = model(golden(`${family}.nft.save`), 'save')
    const listed = model(golden(`${family}.nft.list`), 'list', parseListing)
    const different: string[] = []
    for (const [chain, rules] of saved)
      for (const [index, statements] of rules.entries())
        if (JSON.stringify(statements, plain) !== JSON.stringify(listed.get(chain)?.[index], plain))
          different.push(printRule({ statements }, family))
    const lost = [
      // the name of a hashlimit, how LOG was called, matches without a pattern
      'meta l4proto tcp tcp flags & 0x00000017 == 0x00000002 rate not above 10/min LOG --log-prefix "x y: "',
      'rate of x not above 10/sec accept',
      '-m u32 --u32 0x0>>0x16&0x3c@0x0=0x1 accept',
      '-m length --length 100:200 -j NFQUEUE --queue-num 1',
    ]
    expect(different).toEqual(family === 'ip' ? lost : [])
  })

  const plain = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)
})

describe('words as people write them', () => {
  test.each([
    ['-A X -p tcp --dport 80 -j ACCEPT', 'meta l4proto tcp th dport 80 accept'],
    ['-A X -m tcp --dport 80 -j ACCEPT', 'meta l4proto tcp th dport 80 accept'],
    ['-A X -m comment --comment "-j DROP" -j ACCEPT', 'accept'],
    ['-A X -m comment --comment ns/svc -> 10.0.0.1:80 -j ACCEPT', 'accept'],
    ['--append X --source 10.0.0.0/255.0.0.0 --jump RETURN', 'ip saddr 10.0.0.0/8 return'],
    ['-A X -s ! 10.0.0.0/8 -j RETURN', 'ip saddr != 10.0.0.0/8 return'],
    ['-A X -s 0.0.0.0/0 -d ::/0 -p all -i + -j RETURN', 'return'],
    ['-A X -i cali+ -j Y', 'meta iifname "cali*" jump Y'],
    ['-A X ! -i lo -g Y', 'meta iifname != "lo" goto Y'],
    ['-A X -m statistic --mode random ! --probability 0.25 -j Y', 'with probability 3/4 jump Y'],
    ['-A X -m statistic --mode random --probability 1 -j Y', 'with probability 1/1 jump Y'],
    ['-A X -m multiport --dports 80 -j Y', 'th dport 80 jump Y'],
    [
      '-A X -p tcp -m multiport ! --ports 80,90 -j Y',
      'meta l4proto tcp th sport . th dport != @{ either port 80,90 } jump Y',
    ],
    [
      '-A X -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP',
      'ct state . ct status != @{ ct ESTABLISHED,RELATED,DNAT } drop',
    ],
    ['-A X -m conntrack --ctstate DNAT -j ACCEPT', 'ct status dnat accept'],
    ['-A X -p icmp -m icmp --icmp-type any -j ACCEPT', 'meta l4proto icmp accept'],
    [
      '-A X -m addrtype --dst-type LOCAL --limit-iface-in -j Y',
      'fib daddr type local the address is one of the interface that the packet comes in by jump Y',
    ],
    [
      '-A X -o tunl0 -m addrtype ! --src-type LOCAL --limit-iface-out -m addrtype --src-type LOCAL -j MASQUERADE',
      'meta oifname "tunl0" the address is none of the interface that the packet leaves by fib saddr type local masquerade',
    ],
    ['-A X -j MARK --set-mark 0x8000/0x8000', 'meta mark set meta mark | 0x00008000'],
    ['-A X -j DNAT --to-destination :8080', 'dnat ip to :8080'],
    ['-A X -j CT --zone 5', 'CT --zone 5'],
    ['-A X -p tcp --dport amqp -j Y', 'meta l4proto tcp th dport 5672 jump Y'],
    ['-A X -j DNAT --to-destination 10.0.0.1', 'dnat ip to 10.0.0.1'],
    ['-A X -m recent --name A ! --rcheck -j DROP', 'client not in list A drop'],
  ])('%s', (text, expected) => {
    expect(printed(text)).toBe(expected)
  })

  test('a negated match on state is taken as matched', () => {
    expect(parseRule('-m recent --name A ! --rcheck').rule.statements).toEqual([
      { kind: 'state', text: 'client not in list A', name: 'A', assume: true },
    ])
    expect(parseRule('-m owner ! --uid-owner 0').rule.statements).toEqual([
      { kind: 'state', text: 'sender is no process with uid-owner 0', assume: true },
    ])
  })

  test('--syn is the flags of a first packet', () => {
    expect(parseRule('-p tcp --syn').rule.statements).toEqual(
      parseRule('-p tcp -m tcp --tcp-flags SYN,RST,ACK,FIN SYN').rule.statements,
    )
  })

  test('counters, in front and behind', () => {
    expect(parseRule('[12:720] -A X -j Y').rule.counters).toEqual({ packets: 12, bytes: 720 })
    expect(parseRule('-A X -j Y -c 12 720').rule.counters).toEqual({ packets: 12, bytes: 720 })
  })

  test('an escaped comment is read back', () => {
    expect(parseRule(String.raw`-A X -m comment --comment "a \"quoted\" back\\slash it\'s" -j Y`).rule.comment).toBe(
      String.raw`a "quoted" back\slash it's`,
    )
  })
})

describe('what is not understood is a statement of its own', () => {
  test.each([
    ['-A X -m bpf --object-pinned /x -j DROP', '-m bpf --object-pinned /x', 'match'],
    ['-A X -m tcp --dport webcache -j Y', '-m tcp --dport webcache', 'match'],
    ['-A X -s node-1.example.org -j Y', '-s node-1.example.org', 'match'],
    ['-A X -m set --match-set KUBE-CLUSTER-IP dst,dst -j Y', '-m set --match-set KUBE-CLUSTER-IP dst,dst', 'match'],
    ['-A X -m conntrack [unsupported revision] -j Y', '[unsupported revision]', 'match'],
    ['-A X -m statistic --mode random --probability 2 -j Y', '-m statistic --mode random --probability 2', 'match'],
    ['-A X -j DNAT [unsupported revision]', '-j DNAT', 'target'],
    ['-A X -j DNAT --to-destination 10.0.0.1:80-90', '-j DNAT --to-destination 10.0.0.1:80-90', 'target'],
    ['-A X -j NFQUEUE --queue-num 1', '-j NFQUEUE --queue-num 1', 'target'],
    ['-A X -j SOMETHING --new 1', '-j SOMETHING --new 1', 'target'],
    ['-A X -j', '-j', 'match'],
  ] as const)('%s', (text, unknown, role) => {
    const found = parseRule(text).rule.statements.find(
      (one) => one.kind === 'unknown' && one.text === unknown && (one.role ?? 'match') === role,
    )
    expect(found).toBeDefined()
  })
})

test('DNAT to a range of addresses: each of them, by a hash', () => {
  const context = createContext()
  const { statements } = parseRule('-j DNAT --to-destination 10.1.1.254-10.1.2.1:80', context).rule
  const [statement] = statements
  if (statement?.kind !== 'dnat-map') throw new Error('no map')
  expect(statement.key).toEqual([{ kind: 'symhash', modulus: 4, offset: 0 }])
  const map = context.sets.get(statement.map)
  expect(map?.get('\0\0\0\x02')).toEqual({ to: 'data', data: '\x0a\x01\x02\0\0\x50\0\0' })
})

test('equal rules share their statements', () => {
  const context = createContext()
  const [a, b] = ['-A X -p tcp --dport 80 -j Y', '-A Z -p tcp -m tcp --dport 80 -j Y'].map(
    (text) => parseRule(text, context).rule.statements,
  )
  expect(a).toEqual(b)
  expect(a?.every((statement, index) => statement === b?.[index])).toBe(true)
})
