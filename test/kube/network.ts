import { execFileSync } from 'node:child_process'
import { enterPrivateNetwork } from '../../src/kernel/namespace.ts'
import { setUpEdge } from '../conformance/world.ts'
import { createNamespace } from '../support/namespaces.ts'

/** Of the node that the calling process becomes: `address` leads outside, pods of `podCIDRs` are behind a veth pair. */
export const nodeAddresses = { IPv4: '192.0.2.10', IPv6: '2001:db8::10' } as const

/** Of the node, and of another whose pods are as far away; the first address of each is nobody's. */
export const podCIDRs = {
  'node-a': ['10.1.0.0/24', 'fd00:1:0::/64'],
  'node-b': ['10.1.1.0/24', 'fd00:1:1::/64'],
} as const

/**
 * Moves this process into a network namespace of its own that is a node: loopback, addresses with a default route, and a second
 * namespace that answers for every pod address of the cluster. What a pod sends crosses the node, to a pod too. Disposing removes the
 * pods' namespace; the node's ends with the process.
 */
export const becomeNode = async (): Promise<Disposable & { readonly pods: string }> => {
  await enterPrivateNetwork()
  const pods = createNamespace('ek-kube', 'pods')
  try {
    ip(wires(pods.name))
    sysctl(settings)
    setUpEdge(pods.name, '169.254.1')
    ip(['link set outside up'], pods.name)
    const all = Object.values(podCIDRs).flat()
    ip(
      all.map((cidr) => `route add local ${cidr} dev lo table local`),
      pods.name,
    )
    ip(all.map((cidr) => `route add ${cidr} via ${cidr.includes(':') ? 'fe80::2' : '169.254.1.2'} dev pods onlink`))
  } catch (error) {
    pods[Symbol.dispose]()
    throw error
  }
  return { pods: pods.name, [Symbol.dispose]: () => pods[Symbol.dispose]() }
}

// Addresses of the wires have scope link, so that masquerading never chooses them.
const wires = (pods: string): readonly string[] => [
  'link set lo up',
  // nobody answers at its far end
  `link add uplink type veth peer name outside netns ${pods}`,
  'link set uplink up',
  `address add ${nodeAddresses.IPv4}/24 dev uplink`,
  `address add ${nodeAddresses.IPv6}/64 dev uplink nodad`,
  'route add default via 192.0.2.1 dev uplink',
  'route add default via 2001:db8::1 dev uplink',
  // a gateway has a hardware address: a SYN that waits for one (3 s) is not sent again, since it was never sent (__tcp_retransmit_skb)
  'neighbour add 192.0.2.1 lladdr 02:00:00:00:00:01 dev uplink nud permanent',
  'neighbour add 2001:db8::1 lladdr 02:00:00:00:00:01 dev uplink nud permanent',
  `link add pods type veth peer name eth0 netns ${pods}`,
  'link set pods up',
  'address add 169.254.1.1/32 dev pods scope link',
  'address add fe80::1/64 dev pods nodad',
]

const settings: readonly string[] = [
  'net.ipv4.ip_forward=1',
  'net.ipv6.conf.all.forwarding=1',
  'net.ipv4.conf.all.rp_filter=0',
  'net.ipv4.conf.pods.rp_filter=0',
  'net.ipv4.conf.all.send_redirects=0',
  'net.ipv4.conf.pods.send_redirects=0',
]

const ip = (lines: readonly string[], namespace?: string): void => {
  const inside = namespace === undefined ? [] : ['-n', namespace]
  execFileSync('ip', [...inside, '-batch', '-'], { input: lines.join('\n'), stdio: 'pipe', timeout: 30_000 })
}

const sysctl = (values: readonly string[]): void =>
  void execFileSync('sysctl', ['-q', '-w', ...values], { stdio: 'pipe', timeout: 30_000 })
