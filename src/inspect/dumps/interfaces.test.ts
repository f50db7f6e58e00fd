import { describe, expect, test } from 'vitest'
import { cutDump } from './cutting/cut.ts'
import { readConntrack } from './conntrack.ts'
import { interfaceTo, readIpAddr, readIpAddrJson, readIpRoute } from './interfaces.ts'
import { procRoutes } from './proc-routes.ts'

const part = (text: string) => {
  const [first] = cutDump({ name: 'x', text }).parts
  if (first === undefined) throw new Error('no part')
  return first
}

describe('addresses and routes', () => {
  test('ip addr: a peer is not the node’s own', () => {
    const text =
      '2: wg0: <POINTOPOINT,UP> mtu 1420\n    inet 10.0.0.1 peer 10.0.0.2/32 scope global wg0\n    inet6 fd00::5/64 scope global\n'
    expect(readIpAddr(part(text)).addresses).toEqual(['10.0.0.1', 'fd00::5'])
  })

  test('ip -j addr', () => {
    const text =
      '[{"ifindex":2,"ifname":"eth0","addr_info":[{"family":"inet","local":"10.0.0.7","prefixlen":24}]},{}]\n'
    const { addresses, routes } = readIpAddrJson(part(text))
    expect([addresses, interfaceTo(routes, '10.0.0.99'), interfaceTo(routes, '10.0.1.99')]).toEqual([
      ['10.0.0.7'],
      'eth0',
      undefined,
    ])
  })

  test('the longest prefix wins; blackholes lead nowhere', () => {
    const text =
      'default via 10.0.0.1 dev eth0\n10.1.0.0/16 dev tunl0\n10.1.2.3 dev cali1 scope link\nblackhole 10.1.2.0/24 proto 80\nlocal 10.0.0.9 dev lo table local\n'
    const { routes, addresses } = readIpRoute(part(text))
    expect(['8.8.8.8', '10.1.9.9', '10.1.2.3', 'fd00::1'].map((to) => interfaceTo(routes, to))).toEqual([
      'eth0',
      'tunl0',
      'cali1',
      undefined,
    ])
    expect(addresses).toEqual(['10.0.0.9'])
  })

  test('/proc/net/route and ipv6_route', () => {
    const routes = procRoutes(
      'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\neth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\ncni0\t0001F40A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n',
      'fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth1\n',
    )
    expect(['10.244.1.7', '1.1.1.1', 'fd00::9'].map((to) => interfaceTo(routes, to))).toEqual(['cni0', 'eth0', 'eth1'])
  })
})

test('conntrack: both directions, protocols that Services have', () => {
  const text = `tcp      6 86396 ESTABLISHED src=10.0.0.1 dst=10.96.0.1 sport=51514 dport=443 src=10.1.0.1 dst=10.0.0.1 sport=6443 dport=51514 [ASSURED] mark=0 use=1
ipv6     10 udp      17 27 src=fd00:0::1 dst=fd00::2 sport=1 dport=53 [UNREPLIED] src=fd00::3 dst=fd00::1 sport=53 dport=1 mark=0 use=1
icmp     1 29 src=10.0.0.1 dst=8.8.8.8 type=8 code=0 id=7 src=8.8.8.8 dst=10.0.0.1 type=0 code=0 id=7 mark=0 use=1
`
  expect(readConntrack(part(text))).toMatchObject([
    {
      protocol: 'TCP',
      state: 'ESTABLISHED',
      unreplied: false,
      reply: { source: '10.1.0.1', sourcePort: 6443 },
      line: 1,
    },
    { protocol: 'UDP', state: '', unreplied: true, original: { source: 'fd00::1', destinationPort: 53 }, line: 2 },
  ])
})
