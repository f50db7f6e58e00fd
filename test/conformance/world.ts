import { spawnSync } from 'node:child_process'
import { familyOf, inCidr } from '../../src/model/address.ts'
import { topology } from '../../src/dataplane/conformance/topology.ts'
import type { NodeView } from '../../src/model/node-view.ts'
import { createNamespace, namespaceName } from '../support/namespaces.ts'

/**
 * Three network namespaces in a row: `pods` – `node` – `outside`. `pods` answers for every address of the clusterCIDRs,
 * `node` for the node's own, `outside` for all others, so a packet may come from anywhere and go anywhere, and one that no
 * Service takes still arrives somewhere. Whatever a station sends crosses the node, even to an address of its own
 * (rule `iif lo` before the local table): pods of one namespace are as far apart as pods of many.
 */
export type StationName = 'node' | 'pods' | 'outside'

export const stationNames: readonly StationName[] = ['node', 'pods', 'outside']

export interface World extends Disposable {
  /** name of the network namespace */
  namespaceOf(station: StationName): string
  /** gives the node its addresses and the pods their CIDRs; those of the last case are taken away */
  configure(node: NodeView): void
}

/** Makes three namespaces (see `namespaceName`), whose names end in `name` and the station's. Throws what `ip` says. */
export const createWorld = (area: string, name: string): World => {
  const namespaceOf = (station: StationName): string => namespaceName(area, `${name}-${station}`)
  const namespaces = new DisposableStack()
  const remove = (): void => namespaces.dispose()
  try {
    for (const station of stationNames) namespaces.use(createNamespace(area, `${name}-${station}`))
    run(['ip', '-n', namespaceOf('node'), '-batch', '-'], wires(namespaceOf))
    sysctl(namespaceOf('node'), nodeSettings)
    batch(namespaceOf('node'), [
      'route add default via 169.254.2.2 dev outside onlink',
      'route add default via fe80::2 dev outside',
    ])
    setUpEdge(namespaceOf('pods'), '169.254.1')
    setUpEdge(namespaceOf('outside'), '169.254.2')
    batch(namespaceOf('outside'), [
      'route add local 0.0.0.0/0 dev lo table local',
      'route add local ::/0 dev lo table local',
    ])
  } catch (error) {
    remove()
    throw error
  }
  const undo: (() => void)[] = []
  let now = ''
  return {
    namespaceOf,
    configure(node) {
      const wanted = JSON.stringify([node.addresses, podRangesOf(node)])
      if (wanted === now) return
      now = wanted
      for (const step of undo.splice(0)) step()
      undo.push(addAddresses(namespaceOf('node'), node), addPods(namespaceOf, node))
    },
    [Symbol.dispose]: remove,
  }
}

/** Where a packet from or to `address` starts or ends when no Service takes it. */
export const stationOf = (node: NodeView, address: string): StationName => {
  if (node.addresses.includes(address) || address === '::1' || inCidr(address, '127.0.0.0/8')) return 'node'
  return podRangesOf(node).some((cidr) => inCidr(address, cidr)) ? 'pods' : 'outside'
}

/** Where pods are known by the interface, those of this node are behind it. */
const podRangesOf = ({ clusterCIDRs, podInterface }: NodeView): readonly string[] =>
  podInterface === null ? clusterCIDRs : [topology.IPv4.podCIDR, topology.IPv6.podCIDR]

// No strict reverse path filter: what a station sends has any source. IPv6 redirects are ignored by the stations.
const nodeSettings = [
  'net.ipv4.ip_forward=1',
  'net.ipv6.conf.all.forwarding=1',
  'net.ipv4.conf.all.rp_filter=0',
  'net.ipv4.conf.pods.rp_filter=0',
  'net.ipv4.conf.outside.rp_filter=0',
  'net.ipv4.conf.all.send_redirects=0',
  'net.ipv4.conf.pods.send_redirects=0',
  'net.ipv4.conf.outside.send_redirects=0',
]

const edgeSettings = [
  'net.ipv4.ip_nonlocal_bind=1',
  'net.ipv6.ip_nonlocal_bind=1',
  'net.ipv4.conf.all.rp_filter=0',
  'net.ipv4.conf.eth0.rp_filter=0',
  // its own addresses come back to it as sources
  'net.ipv4.conf.all.accept_local=1',
  'net.ipv4.conf.eth0.accept_local=1',
  'net.ipv4.conf.all.accept_redirects=0',
  'net.ipv4.conf.eth0.accept_redirects=0',
  'net.ipv6.conf.all.accept_redirects=0',
  'net.ipv6.conf.eth0.accept_redirects=0',
]

// Addresses of the wires have scope link, so that masquerading never chooses them.
const wires = (namespaceOf: (station: StationName) => string): string =>
  [
    `link add pods type veth peer name eth0 netns ${namespaceOf('pods')}`,
    `link add outside type veth peer name eth0 netns ${namespaceOf('outside')}`,
    'link set pods up',
    'link set outside up',
    'address add 169.254.1.1/32 dev pods scope link',
    'address add 169.254.2.1/32 dev outside scope link',
    'address add fe80::1/64 dev pods nodad',
    'address add fe80::1/64 dev outside nodad',
  ].join('\n')

/** The far end of a veth pair: what it sends crosses the node, even to an address of its own. */
export const setUpEdge = (namespace: string, prefix: string): void => {
  sysctl(namespace, edgeSettings)
  batch(namespace, [
    'link set eth0 up',
    `address add ${prefix}.2/32 dev eth0 scope link`,
    'address add fe80::2/64 dev eth0 nodad',
    `route add default via ${prefix}.1 dev eth0 onlink`,
    'route add default via fe80::1 dev eth0',
  ])
  for (const family of ['-4', '-6']) {
    batch(namespace, ['rule add pref 1 iif lo lookup main', 'rule add pref 2 lookup local', 'rule del pref 0'], family)
  }
}

const addAddresses = (namespace: string, node: NodeView): (() => void) => {
  const lines = node.addresses.map((address) =>
    familyOf(address) === 'IPv6'
      ? `address add ${address}/128 dev outside nodad`
      : `address add ${address}/32 dev outside`,
  )
  batch(namespace, lines)
  return () =>
    batch(
      namespace,
      lines.map((line) => line.replace(' add ', ' del ').replace(' nodad', '')),
    )
}

const addPods = (namespaceOf: (station: StationName) => string, node: NodeView): (() => void) => {
  const local = podRangesOf(node).map((cidr) => `route add local ${cidr} dev lo table local`)
  const there = podRangesOf(node).map((cidr) =>
    familyOf(cidr) === 'IPv6'
      ? `route add ${cidr} via fe80::2 dev pods`
      : `route add ${cidr} via 169.254.1.2 dev pods onlink`,
  )
  batch(namespaceOf('pods'), local)
  batch(namespaceOf('node'), there)
  return () => {
    batch(
      namespaceOf('pods'),
      local.map((line) => line.replace(' add ', ' del ')),
    )
    batch(
      namespaceOf('node'),
      there.map((line) => line.replace(' add ', ' del ')),
    )
  }
}

const batch = (namespace: string, lines: readonly string[], family?: string): void => {
  if (lines.length > 0) run(['ip', ...(family ? [family] : []), '-n', namespace, '-batch', '-'], lines.join('\n'))
}

const sysctl = (namespace: string, settings: readonly string[]): void =>
  run(['ip', 'netns', 'exec', namespace, 'sysctl', '-q', '-w', ...settings])

const run = ([command = '', ...args]: readonly string[], input = ''): void => {
  const { status, stderr, error } = spawnSync(command, args, { input, encoding: 'utf8', timeout: 30_000 })
  if (error) throw new Error(`${command} ${args.join(' ')}: ${error.message}`, { cause: error })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr.trim()}`)
}
