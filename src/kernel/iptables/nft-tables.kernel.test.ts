import { execFileSync } from 'node:child_process'
import { beforeAll, expect, test } from 'vitest'
import { loadLibc } from '../libc.ts'
import { enterPrivateNetwork } from '../namespace.ts'
import { NetlinkRequests } from '../netlink/requests.ts'
import { NetlinkSocket } from '../netlink/socket.ts'
import { NETLINK_NETFILTER } from '../netlink/wire.ts'
import { readNftTable } from './nft-tables.ts'
import { SaveReader, saveText } from './save.ts'
import type { IptablesFamily, SavedTable } from './types.ts'

/** Every kind of rule that a Service proxy writes, as iptables-nft 1.8.9 prints it. Addresses of IPv4; `sixed` makes them IPv6's. */
const nat = `*nat
:KUBE-SERVICES - [0:0]
:KUBE-SVC-A - [0:0]
:KUBE-SEP-A - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-POSTROUTING - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment "shop/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-A
-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment plain_text-1 -m udp --dport 53 -j KUBE-SVC-A
-A KUBE-SERVICES -d 10.96.0.10/32 -p sctp -m comment --comment "it's \\"quoted\\"" -m sctp --dport 9 -j KUBE-SVC-A
-A KUBE-SERVICES ! -d 127.0.0.0/8 -m comment --comment "the last rule" -m addrtype --dst-type LOCAL -j KUBE-SVC-A
-A KUBE-SERVICES -s 10.1.0.0/17 -i cni0 -m addrtype ! --src-type LOCAL,UNICAST -j KUBE-SVC-A
-A KUBE-SERVICES ! -i veth+ -g KUBE-SVC-A
-A KUBE-SVC-A ! -s 10.244.0.0/16 -d 10.96.0.10/32 -p tcp -m comment --comment "shop/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-A -m comment --comment "shop/web:http -> 10.244.0.5:8080" -m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-A --mask 255.255.255.255 --rsource -j KUBE-SEP-A
-A KUBE-SVC-A -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-A
-A KUBE-SVC-A -m statistic --mode random --probability 0.00024414062 -j KUBE-SEP-A
-A KUBE-SVC-A -j KUBE-SEP-A
-A KUBE-SEP-A -s 10.244.0.5/32 -m comment --comment "shop/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-A -p tcp -m comment --comment "shop/web:http" -m recent --set --name KUBE-SEP-A --mask 255.255.255.255 --rsource -m tcp -j DNAT --to-destination 10.244.0.5:8080
-A KUBE-SEP-A -p udp -m udp -j DNAT --to-destination 10.244.0.5:53
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -m mark --mark 0x1 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-POSTROUTING -j MASQUERADE
COMMIT
`
const filter = `*filter
:KUBE-FORWARD - [0:0]
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT
-A KUBE-FORWARD -m conntrack --ctstate NEW,UNTRACKED,SNAT
-A KUBE-FORWARD -j REJECT --reject-with icmp-port-unreachable
-A KUBE-FORWARD -p tcp -j REJECT --reject-with tcp-reset
COMMIT
`

const sixed = (text: string): string =>
  text
    .replaceAll(/10\.244\.0\.5:(\d+)/g, '[fd00::5]:$1')
    .replaceAll('127.0.0.0/8', '::1/128')
    .replaceAll('10.244.0.0/16', 'fd00:244::/64')
    .replaceAll('10.1.0.0/17', 'fd00:1::/61')
    .replaceAll('10.244.0.5/32', 'fd00::5/128')
    .replaceAll('10.96.0.10/32', 'fd00:96::10/128')
    .replaceAll('255.255.255.255', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff')
    .replaceAll('icmp-port', 'icmp6-port')

let requests: NetlinkRequests
beforeAll(async () => {
  await enterPrivateNetwork()
  requests = new NetlinkRequests(new NetlinkSocket(await loadLibc(), { protocol: NETLINK_NETFILTER }))
})

const commands = { ip: 'iptables-nft', ip6: 'ip6tables-nft' } as const

/** what iptables-nft-save makes of it */
const printed = (family: IptablesFamily, table: string): readonly SavedTable[] => {
  const reader = new SaveReader(family, commands[family])
  reader.add(execFileSync(`${commands[family]}-save`, ['-t', table], { encoding: 'utf8' }))
  return reader.finish()
}

const rulesOf = (tables: readonly (SavedTable | null)[]): string[] =>
  saveText(tables.filter((table) => table !== null))
    .split('\n')
    .filter((line) => line.startsWith('-A'))

test.each(['ip', 'ip6'] as const)(
  '%s: rules read over netlink are those that iptables-nft-save prints',
  async (family) => {
    for (const [table, text] of [
      ['nat', nat],
      ['filter', filter],
    ] as const) {
      const input = family === 'ip' ? text : sixed(text)
      execFileSync(`${commands[family]}-restore`, ['--noflush'], { input })
      const read = await readNftTable(requests, { family, table }, () => true)
      expect(rulesOf([read]).sort()).toEqual(rulesOf(printed(family, table)).sort())
      // iptables-nft-save shows the kernel's own chains also where they are not there yet
      const chains = (tables: readonly (SavedTable | null)[]): string[] =>
        tables
          .flatMap((one) => [...(one?.chains.values() ?? [])])
          .flatMap(({ name, policy }) => (policy === null ? [name] : []))
          .sort()
      expect(chains([read])).toEqual(chains(printed(family, table)))
    }
  },
)

test('a rule of another kind: nothing is told where it is needed; elsewhere its target is enough', async () => {
  const place = { family: 'ip', table: 'mangle' } as const
  const rules = [
    ':CNI-X - [0:0]',
    ':KUBE-Y - [0:0]',
    '-A CNI-X -m length --length 1:9 -j KUBE-Y',
    '-A CNI-X -j TTL --ttl-set 9',
  ]
  execFileSync('iptables-nft-restore', ['--noflush'], { input: `*mangle\n${rules.join('\n')}\nCOMMIT\n` })
  expect(await readNftTable(requests, place, () => true)).toBeNull()
  expect(await readNftTable(requests, place, (chain) => chain === 'CNI-X')).toBeNull()
  const read = await readNftTable(requests, place, (chain) => chain === 'KUBE-Y')
  expect(read?.chains.get('CNI-X')?.rules).toEqual([
    { rule: '-j KUBE-Y', packets: 0 },
    { rule: '-j ', packets: 0 },
  ])
  execFileSync('iptables-nft', ['-t', 'mangle', '-A', 'PREROUTING', '-m', 'length', '--length', '1:9', '-j', 'KUBE-Y'])
  expect(await readNftTable(requests, place, (chain) => chain === 'KUBE-Y')).toBeNull()
})
