import { describe, expect, test } from 'vitest'
import { printRule } from '../../../rules/print.ts'
import type { RuleSet } from '../../../rules/model.ts'
import { readNftText } from './index.ts'

/** One rule as nft of some version prints it, and how the rule model says it. */
const read = (rule: string, family = 'ip'): { readonly text: string; readonly sets: ReadonlyMap<string, RuleSet> } => {
  const { tables, problems } = readNftText(`table ${family} t {\n\tchain c {\n\t\t${rule}\n\t}\n}\n`, 'x')
  expect(problems).toEqual([])
  const [table] = tables
  const one = table?.chains.get('c')?.rules[0]
  if (table === undefined || one === undefined) throw new Error('no rule')
  return { text: printRule({ statements: one.statements }, table.family), sets: table.sets }
}

const rows: readonly (readonly [rule: string, means: string])[] = [
  // marks, by version and by iptables' translation
  ['meta mark set meta mark | 0x00004000', 'meta mark set meta mark | 0x00004000'],
  ['meta mark set mark or 0x4000', 'meta mark set meta mark | 0x00004000'],
  ['mark set mark xor 0x4000', 'meta mark set meta mark ^ 0x00004000'],
  ['mark and 0x4000 != 0x0', 'meta mark & 0x00004000 != 0x00000000'],
  ['meta mark & 0x00004000 == 0x00004000', 'meta mark & 0x00004000 == 0x00004000'],
  ['ct mark set meta mark', 'ct mark set ct mark & 0x00000000 ^ (meta mark & 0xffffffff)'],
  ['meta mark set ct mark & 0x000000ff', 'meta mark set meta mark & 0x00000000 ^ (ct mark & 0x000000ff)'],
  ['meta mark set meta mark & 0xffff00ff | 0x00000100', 'meta mark set meta mark & 0xffff00ff ^ 0x00000100'],
  // names and numbers
  ['tcp dport https', 'meta l4proto tcp th dport 443'],
  ['tcp dport "http-alt"', 'meta l4proto tcp th dport 8080'],
  ['udp dport 30000-32767', 'meta l4proto udp th dport 30000-32767'],
  ['ip protocol 6', 'ip protocol tcp'],
  ['meta l4proto icmp', 'meta l4proto icmp'],
  ['ip saddr 10.0.0.0/9', 'ip saddr 10.0.0.0-10.127.255.255'],
  ['ip saddr != 10.1.2.3', 'ip saddr != 10.1.2.3'],
  ['iif "lo" accept', 'meta iifname "lo" accept'],
  ['oifname != "veth*"', 'meta oifname != "veth"-"veth'],
  ['fib daddr type 2', 'fib daddr type local'],
  ['th sport 1-1023', 'th sport 1-1023'],
  ['meta mark < 0x10', 'meta mark 0x00000000-0x0000000f'],
  ['@nh,128,32 0xa000001', 'ip daddr 10.0.0.1'],
  // states
  ['ct state new', 'ct state new'],
  ['ct state 0x8', 'ct state new'],
  ['tcp flags & (fin|syn|rst|ack) == syn', 'meta l4proto tcp tcp flags & 0x00000017 == 0x00000002'],
  ['tcp flags syn / fin,syn,rst,ack', 'meta l4proto tcp tcp flags & 0x00000017 == 0x00000002'],
  // chance
  ['meta random & 2147483647 < 715827883', 'with probability 715827883/2147483648'],
  ['meta random & 2147483647 >= 1073741824', 'with probability 1/2'],
  ['numgen random mod 2 == 0', 'numgen random mod 2 0'],
  ['numgen random mod 2 vmap { 0 : goto a/b, 1 : goto c }', 'numgen random mod 2 vmap @__set0'],
  [
    'jhash ip saddr . tcp sport mod 2 seed 0xdead offset 5 vmap { 5 : drop }',
    'meta l4proto tcp jhash ip saddr . th sport mod 2 seed 0xdead offset 5 vmap @__set0',
  ],
  ['symhash mod 3 vmap { 0-1 : drop, 2 : accept }', 'symhash mod 3 vmap @__set0'],
  // NAT
  ['dnat to 10.0.0.1:80', 'dnat ip to 10.0.0.1:80'],
  ['dnat to 10.0.0.1', 'dnat ip to 10.0.0.1'],
  ['tcp dport 1 dnat to :8080', 'meta l4proto tcp th dport 1 dnat ip to :8080'],
  ['dnat ip addr . port to numgen inc mod 1 map { 0 : 10.0.0.1 . 80 }', 'dnat ip to numgen inc mod 1 map @__set0'],
  ['dnat ip to ip daddr . th dport map @m', 'dnat ip to ip daddr . th dport map @m'],
  ['dnat ip addr . port to 10.0.0.1 . 80', 'dnat ip to 10.0.0.1:80'],
  ['snat to 192.0.2.1', 'snat ip to 192.0.2.1'],
  ['snat to 192.0.2.1-192.0.2.9 random,persistent accept', 'snat ip to :0 accept'],
  ['masquerade random,fully-random', 'masquerade fully-random'],
  ['masquerade to :1024-65535', 'masquerade'],
  ['redirect to :"http"', 'redirect to :80'],
  // refusals
  ['reject', 'reject'],
  ['reject with icmp type port-unreachable', 'reject'],
  ['reject with icmp 3', 'reject'],
  // what decides nothing
  [
    'log prefix "a # b" level info flags tcp sequence,options drop',
    'log prefix "a # b" level info flags tcp sequence,options drop',
  ],
  ['meta priority set 1:2 ip dscp set cs2 return', 'meta priority set 1:2 ip dscp set cs2 return'],
  [
    'tcp flags syn tcp option maxseg size set rt mtu accept',
    'meta l4proto tcp tcp flags & 0x00000002 != 0x00000000 tcp option maxseg size set rt mtu accept',
  ],
  ['ct zone set 5 accept', 'ct zone set 5 accept'],
  ['ct helper set "ftp" accept', 'ct helper set "ftp" accept'],
  ['flow add @ft accept', 'flow add @ft accept'],
  ['counter packets 7 bytes 8 last used never accept', 'counter last used never accept'],
  // sets that packets fill
  ['update @a-1/b { ip saddr timeout 3h }', 'update @a-1/b { ip saddr }'],
  [
    'add @m { ip saddr . tcp dport limit rate over 10/second burst 5 packets } drop',
    'meta l4proto tcp update @m { ip saddr . th dport } drop',
  ],
  ['set add ip saddr @old accept', 'update @old { ip saddr } accept'],
  // what no listing tells
  ['limit rate over 5/second burst 3 packets drop', '“limit rate over 5/second burst 3 packets” does not match drop'],
  ['meta skuid 1337 return', '“meta skuid 1337” does not match return'],
  ['limit rate 1 mbytes/second accept', '“limit rate 1 mbytes/second” matches accept'],
  ['fib saddr . mark . iif oif missing drop', '“fib saddr . mark . iif oif missing” does not match drop'],
  ['ct count over 20 reject', '“ct count over 20” does not match reject'],
  ['xt match "recent" counter packets 0 bytes 0 jump x', 'iptables match recent does not match counter jump x'],
  // not understood
  ['queue flags bypass to 5', 'queue flags bypass to 5'],
  ['tproxy to :15001 accept', 'tproxy to :15001 accept'],
  ['exthdr hbh exists drop', 'exthdr hbh exists drop'],
  ['tcp dport constructor accept', 'meta l4proto tcp tcp dport constructor accept'],
  ['constructor accept', 'constructor accept'],
  ['ipsec in reqid 1 accept', 'ipsec in reqid 1 accept'],
  ['ipsec out spnum 1 ip saddr 10.0.0.1 drop', 'ipsec out spnum 1 ip saddr 10.0.0.1 drop'],
  ['rt ip nexthop 10.0.0.1 drop', 'rt ip nexthop 10.0.0.1 drop'],
  // nothing is asked of it that we know, but its verdict stays one
  ['meta ipsec accept', 'meta ipsec accept'],
]

describe('rules as nft 0.9 to 1.1 print them', () => {
  test.each(rows)('%s', (rule, means) => {
    // the wildcard's last byte is beyond what a terminal shows
    expect(read(rule).text.replace(/\xff+"$/, '')).toBe(means)
  })

  test('in a table of both families', () => {
    expect(read('ip protocol tcp accept', 'inet').text).toBe('meta nfproto ipv4 ip protocol tcp accept')
    expect(read('dnat ip6 to [fd00::1]:80', 'inet').text).toBe('meta nfproto ipv6 dnat to [fd00::1]:80')
    expect(read('icmpv6 type nd-router-advert accept', 'inet').text).toBe(
      'meta l4proto ipv6-icmp icmpv6 type 134 accept',
    )
    expect(read('reject with icmpx type admin-prohibited', 'inet').text).toContain('reject with icmpx admin-prohibited')
  })

  test('an anonymous set over several lines', () => {
    const { sets } = read('tcp dport { 22,\n\t\t\t     80-90,\n\t\t\t     443 } accept')
    const has = (port: number): boolean =>
      sets.get('__set0')?.get(String.fromCharCode(port >> 8, port & 255)) !== undefined
    expect([22, 23, 85, 443].map(has)).toEqual([true, false, true, true])
  })

  test('a catch-all element stands for what no other matches, `continue` for none', () => {
    const { sets } = read('ip daddr vmap { 10.0.0.0/8 : jump a, 11.0.0.1 : continue, * : drop }')
    const to = (...octets: number[]): unknown => sets.get('__set0')?.get(String.fromCharCode(...octets))
    expect(to(10, 1, 2, 3)).toEqual({ to: 'jump', jump: { verdict: 'jump', chain: 'a' } })
    expect(to(11, 0, 0, 1)).toEqual({ to: 'member' })
    expect(to(12, 0, 0, 1)).toEqual({ to: 'jump', jump: { verdict: 'drop' } })
  })
})
