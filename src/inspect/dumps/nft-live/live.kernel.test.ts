import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { frontend, someNode } from '../../../../test/support/frontends.ts'
import { type Asked, asking } from '../../../../test/support/nft-asked.ts'
import { nftables } from '../../../dataplane/nftables/index.ts'
import { tablesOf as tablesOfPrograms } from '../../../dataplane/nftables/tables.ts'
import { openNftablesDriver } from '../../../dataplane/nftables/driver.ts'
import { openKernel } from '../../../kernel/index.ts'
import { enterPrivateNetwork } from '../../../kernel/namespace.ts'
import type { Backend, Frontend } from '../../../model/frontend.ts'
import type { NodeView } from '../../../model/node-view.ts'
import { parseSave, tablesOf } from '../../../rules/iptables/index.ts'
import type { Table } from '../../../rules/model.ts'
import { silent } from '../../../util/log.ts'
import { readNftJson } from '../nft-json/index.ts'
import { readNftText } from '../nft-text/index.ts'
import { readNftLive } from './index.ts'

/** This file's process lives in a network namespace of its own, which ends with it. */
const run = (command: string, args: readonly string[] = [], input = ''): string =>
  execFileSync(command, args, { encoding: 'utf8', input, maxBuffer: 64 << 20, stdio: ['pipe', 'pipe', 'pipe'] })

const golden = (name: string): string => readFileSync(new URL(`../nft-rules/golden/${name}`, import.meta.url), 'utf8')

const NODE = '192.0.2.1'

beforeAll(async () => {
  await enterPrivateNetwork()
  run('ip', ['link', 'set', 'lo', 'up'])
})
afterEach(() => run('nft', ['flush', 'ruleset']))

interface Readings {
  readonly live: readonly Table[]
  readonly text: readonly Table[]
  readonly json: readonly Table[]
}

const readings = async (): Promise<Readings> => {
  const live = await readNftLive()
  const text = readNftText(run('nft', ['-a', 'list', 'ruleset']), 'text')
  const json = readNftJson(run('nft', ['-j', 'list', 'ruleset']), 'json')
  for (const { problems } of [live, text, json]) expect(problems).toEqual([])
  return { live: live.tables, text: text.tables, json: json.tables }
}

const addresses = [
  NODE,
  '10.0.0.5',
  '9.0.0.5',
  '10.180.0.3',
  '10.180.0.5',
  '172.30.0.41',
  '172.30.0.44',
  '172.30.0.45',
  '172.30.0.46',
  '172.30.0.99',
  '5.6.7.8',
  '1.2.3.4',
  '203.0.113.7',
  '192.168.99.33',
  '10.8.0.1',
  '10.9.0.1',
]

const clients = [NODE, '10.0.0.5', '9.0.0.5', '10.180.0.3', '203.0.113.7']

const packets: readonly Asked[] = clients.flatMap((from) =>
  addresses.flatMap((to) =>
    [80, 53, 22, 81, 88, 3001, 3003, 8888].flatMap((port) =>
      (['tcp', 'udp'] as const).map((protocol) => ({ from, to, port, protocol })),
    ),
  ),
)

/** All answers in a line each, so that a difference shows the packet. */
const answers = (tables: readonly Table[], asked: readonly Asked[]): readonly string[] => {
  const ask = asking(tables, NODE)
  return asked.map((one) => `${one.from} ${one.to}:${one.port}/${one.protocol}: ${ask(one)}`)
}

/** The first few packets that are answered otherwise. */
const differences = (found: readonly string[], expected: readonly string[]): readonly string[] =>
  found
    .flatMap((answer, index) => (answer === expected[index] ? [] : [`${answer} instead of ${expected[index]}`]))
    .slice(0, 5)

describe('rules of others, live, as text and as JSON', () => {
  test.each(['kube-proxy-1.29', 'kube-proxy-1.36'])('%s: the same answers', async (name) => {
    run('nft', ['-f', '-'], golden(`${name}.nft`))
    const { live, text, json } = await readings()
    const expected = answers(text, packets)
    expect(expected.some((answer) => answer.includes(': dnat '))).toBe(true)
    expect(expected.some((answer) => answer.includes('partial'))).toBe(false)
    expect(differences(answers(live, packets), expected)).toEqual([])
    expect(differences(answers(json, packets), expected)).toEqual([])
  })

  test('a firewall of everything: the same, apart from the words for what is not known', async () => {
    run('nft', ['-f', '-'], golden('firewall.nft'))
    const { live, text, json } = await readings()
    const briefly = (tables: readonly Table[]): readonly string[] =>
      answers(tables, packets).map((answer) => answer.replace(/partial: .*/s, 'partial'))
    const expected = briefly(text)
    expect(new Set(expected.map((answer) => answer.replace(/^.*?: /, ''))).size).toBeGreaterThan(4)
    expect(differences(briefly(live), expected)).toEqual([])
    expect(differences(briefly(json), expected)).toEqual([])
  })

  test('handles, comments and counters are those of the listing', async () => {
    run('nft', ['-f', '-'], golden('firewall.nft'))
    const { live, text } = await readings()
    const facts = (tables: readonly Table[]): unknown =>
      tables.flatMap(({ chains }) =>
        Array.from(chains.values(), ({ name, hook, rules }) => ({
          name,
          hook,
          rules: rules.map(({ handle, comment, counters }) => ({ handle, comment, counters })),
        })),
      )
    expect(facts(live)).toEqual(facts(text))
  })

  test('families that do not matter are left out by name, a dormant table sees no packet', async () => {
    run(
      'nft',
      ['-f', '-'],
      `table arp a {
}
table bridge b {
}
table ip sleeps {
  flags dormant
  chain x { type filter hook prerouting priority 0; policy drop; }
}
`,
    )
    const live = await readNftLive()
    expect(live.omitted.toSorted()).toEqual(['arp a', 'bridge b'])
    expect(live.tables).toEqual([])
    const text = readNftText(run('nft', ['list', 'ruleset']), 'text')
    expect(text.omitted.toSorted()).toEqual(['arp a', 'bridge b'])
    expect(text.tables).toEqual([])
  })
})

const save = `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:KUBE-FIREWALL - [0:0]
:KUBE-SERVICES - [0:0]
-A INPUT -j KUBE-FIREWALL
-A INPUT -m addrtype --src-type UNICAST,LOCAL -p tcp --dport 22 -j DROP
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -d 5.6.7.8/32 -p tcp -m multiport --dports 22,80:81,3001 -j REJECT --reject-with tcp-reset
-A FORWARD -d 10.180.0.5/32 -m conntrack --ctorigdst 172.30.0.44/32 --ctorigdstport 53 -j DROP
-A FORWARD -d 1.2.3.0/24 -m statistic --mode nth --every 4 --packet 0 -j DROP
-A FORWARD -d 1.2.3.0/24 ! -s 10.0.0.0/9 -j REJECT --reject-with icmp-admin-prohibited
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-SERVICES -d 172.30.0.46/32 -p tcp -m comment --comment "ns/empty has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
COMMIT
*mangle
:PREROUTING ACCEPT [0:0]
-A PREROUTING -p udp -m udp --dport 81 -j MARK --set-xmark 0x4000/0x4000
-A PREROUTING -j CONNMARK --save-mark --nfmask 0xff00 --ctmask 0xff00
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SVC-AAAAAAAAAAAAAAAA - [0:0]
:KUBE-SEP-AAAAAAAAAAAAAAAA - [0:0]
:KUBE-SEP-BBBBBBBBBBBBBBBB - [0:0]
:KUBE-SEP-CCCCCCCCCCCCCCCC - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A PREROUTING -d 10.9.0.0/16 -p udp -m udp --dport 53 -j REDIRECT --to-ports 5353
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j RETURN
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A POSTROUTING -s 10.180.0.0/16 ! -o docker0 -j MASQUERADE
-A POSTROUTING -s 203.0.113.0/24 -j SNAT --to-source 192.168.1.1
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-NODEPORTS -p tcp -m tcp --dport 3001 -j KUBE-SVC-AAAAAAAAAAAAAAAA
-A KUBE-SERVICES -d 172.30.0.44/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-AAAAAAAAAAAAAAAA
-A KUBE-SERVICES -d 172.30.0.44/32 -p tcp -m tcp --dport 53 -j KUBE-SEP-BBBBBBBBBBBBBBBB
-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-AAAAAAAAAAAAAAAA ! -s 10.0.0.0/8 -d 172.30.0.44/32 -p tcp -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-AAAAAAAAAAAAAAAA -m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-AAAAAAAAAAAAAAAA --mask 255.255.255.255 --rsource -j KUBE-SEP-AAAAAAAAAAAAAAAA
-A KUBE-SVC-AAAAAAAAAAAAAAAA -m comment --comment "default/web -> 10.180.0.3:8080" -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-AAAAAAAAAAAAAAAA
-A KUBE-SVC-AAAAAAAAAAAAAAAA -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-BBBBBBBBBBBBBBBB
-A KUBE-SVC-AAAAAAAAAAAAAAAA -j KUBE-SEP-CCCCCCCCCCCCCCCC
-A KUBE-SEP-AAAAAAAAAAAAAAAA -s 10.180.0.3/32 -j KUBE-MARK-MASQ
-A KUBE-SEP-AAAAAAAAAAAAAAAA -p tcp -m recent --set --name KUBE-SEP-AAAAAAAAAAAAAAAA --mask 255.255.255.255 --rsource -m tcp -j DNAT --to-destination 10.180.0.3:8080
-A KUBE-SEP-BBBBBBBBBBBBBBBB -s 10.180.0.5/32 -j KUBE-MARK-MASQ
-A KUBE-SEP-BBBBBBBBBBBBBBBB -p tcp -m tcp -j DNAT --to-destination 10.180.0.5:8080
-A KUBE-SEP-CCCCCCCCCCCCCCCC -s 10.180.0.6/32 -j KUBE-MARK-MASQ
-A KUBE-SEP-CCCCCCCCCCCCCCCC -p tcp -m tcp -j DNAT --to-destination 10.180.0.6:8080
COMMIT
`

describe('rules of iptables-nft', () => {
  test('live, with the extensions decoded, says what iptables-save says', async () => {
    run('iptables-nft-restore', [], save)
    const { tables, iptables } = await readNftLive()
    expect([...iptables].toSorted()).toEqual(['ip filter', 'ip mangle', 'ip nat'])
    const saved = tablesOf(parseSave(run('iptables-nft-save'), 'save'))
    const expected = answers(saved, packets)
    expect(expected.some((answer) => answer.includes('715827883/2147483648'))).toBe(true)
    expect(expected.filter((answer) => answer.includes('partial')).slice(0, 5)).toEqual([])
    expect(differences(answers(tables, packets), expected)).toEqual([])
  })

  test('as text, nft answers the same or says what it cannot know', async () => {
    run('iptables-nft-restore', [], save)
    const { text, live } = await readings()
    const expected = answers(live, packets)
    for (const [index, answer] of answers(text, packets).entries())
      if (!answer.includes('partial: ')) expect(answer).toBe(expected[index])
  })

  test('IPv6', async () => {
    run(
      'ip6tables-nft-restore',
      [],
      `*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -d fd00:96::a/128 -p tcp -m tcp --dport 80 -j DNAT --to-destination [fd00:1::4]:8080
-A PREROUTING -d fd00:96::b/128 -p udp -m udp --dport 53 -j DNAT --to-destination fd00:1::5
-A POSTROUTING -s fd00:1::/64 -j MASQUERADE
COMMIT
*filter
:FORWARD ACCEPT [0:0]
-A FORWARD -d fd00:96::/112 -j REJECT --reject-with icmp6-port-unreachable
COMMIT
`,
    )
    const ask = asking((await readNftLive()).tables, '2001:db8::1')
    const from = 'fd00:1::9'
    expect(ask({ from, to: 'fd00:96::a', port: 80, protocol: 'tcp' })).toBe('dnat fd00:1::4:8080 1/1 masqueraded')
    expect(ask({ from, to: 'fd00:96::b', port: 53, protocol: 'udp' })).toBe('dnat fd00:1::5:53 1/1 masqueraded')
    expect(ask({ from, to: 'fd00:96::c', port: 80, protocol: 'tcp' })).toBe('reject')
  })
})

describe('our own rules', () => {
  const node: NodeView = {
    ...someNode,
    addresses: [NODE, '2001:db8::1'],
    clusterCIDRs: ['10.0.0.0/16', 'fd00:1::/64'],
    serviceCIDRs: ['172.30.0.0/16', 'fd00:96::/112'],
  }
  const backends: readonly Backend[] = ['10.180.0.3', '10.180.0.4', '10.180.0.5'].map((address) => ({
    address,
    port: 8080,
    weight: 1,
    pod: '',
    node: '',
  }))
  const service = (index: number, address: string | null, more: Partial<Frontend> = {}): Frontend =>
    frontend(1, [index], {
      family: 'IPv4',
      address,
      key: `${address ?? 'node'}:${more.port ?? 80}/TCP`,
      sets: { cluster: { backends }, local: null },
      ...more,
    })
  const frontends = [
    service(1, '172.30.0.41'),
    service(2, '172.30.0.44', { scheduler: 'random' }),
    service(3, '172.30.0.45', { scheduler: 'sh' }),
    service(4, '172.30.0.46', { sets: { cluster: { backends: [] }, local: null } }),
    service(5, null, { port: 3001, kind: 'NodePort' }),
  ]

  test('live, as text, as JSON and as they were compiled: the same answers', async () => {
    await using driver = await openNftablesDriver(await openKernel(), { log: silent })
    const programs = [nftables.base(node), ...frontends.map((one) => nftables.compile(one, node))]
    const objects = new Map(programs.flatMap((program) => program.objects).map((object) => [object.key, object]))
    await driver.apply({ add: [...objects.values()], replace: [], remove: [] })
    const { live, text, json } = await readings()
    const expected = answers(live, packets)
    expect(expected.some((answer) => answer.includes('10.180.0.4:8080 1/3'))).toBe(true)
    expect(differences(answers([...tablesOfPrograms(programs)], packets), expected)).toEqual([])
    expect(expected.filter((answer) => answer.includes('partial')).slice(0, 5)).toEqual([])
    expect(differences(answers(text, packets), expected)).toEqual([])
    expect(differences(answers(json, packets), expected)).toEqual([])
  })
})
