import { describe, expect, test } from 'vitest'
import { endpoint, service, slice } from '../../test/support/services.ts'
import type { NodeView } from '../model/node-view.ts'
import { Store } from '../sources/store.ts'
import { isNodePortAddress, nodePortCidrsOf, nodeView, type NodeSettings, plainSettings } from './node-view.ts'

const settings: NodeSettings = {
  ...plainSettings,
  nodeName: 'node-1',
  clusterCIDRs: ['10.0.0.0/8'],
}

const cluster = () => {
  const store = new Store()
  const addresses = ['192.168.0.2', '2001:db8:1::2', '192.168.1.2']
  const labels = { 'topology.kubernetes.io/zone': 'a' }
  const podCIDRs = ['10.0.1.0/24', 'fd00:1::/64', '10.0.9.0/24']
  store.put({ kind: 'Node', value: { name: 'node-1', labels, addresses, podCIDRs, leaving: false } })
  store.put({ kind: 'ServiceCIDR', value: { name: 'second', cidrs: ['172.31.0.0/16'] } })
  store.put({ kind: 'ServiceCIDR', value: { name: 'first', cidrs: ['172.30.0.0/16', 'fd00:172::/112'] } })
  return store.snapshot
}

test('joins Node, ServiceCIDRs and settings', () => {
  expect(nodeView(settings, cluster())).toEqual({
    name: 'node-1',
    zone: 'a',
    families: ['IPv4', 'IPv6'],
    addresses: ['192.168.0.2', '2001:db8:1::2', '192.168.1.2'],
    clusterCIDRs: ['10.0.0.0/8'],
    podInterface: null,
    serviceCIDRs: ['172.30.0.0/16', 'fd00:172::/112', '172.31.0.0/16'],
    nodePortAddresses: null,
    localhostNodePorts: false,
    externalIPs: true,
    masqueradeAll: false,
    masqueradeBit: 14,
    tcpBeLiberal: false,
    nfacct: false,
    proxyName: '',
  })
})

test('interfaces win over the Node object; an unknown node has neither zone nor addresses', () => {
  expect(nodeView(settings, cluster(), ['192.0.2.1']).addresses).toEqual(['192.0.2.1'])
  expect(nodeView({ ...settings, nodeName: 'node-9' }, cluster())).toMatchObject({ zone: '', addresses: [] })
})

describe('where node ports are open', () => {
  const at = (nodePortAddresses: readonly string[] | null): NodeView =>
    nodeView({ ...settings, nodePortAddresses }, cluster())

  test.each<[string, readonly string[] | null, readonly string[]]>([
    ['all addresses', null, ['192.168.0.2', '192.168.1.2', '2001:db8:1::2']],
    ['none given: all', [], ['192.168.0.2', '192.168.1.2', '2001:db8:1::2']],
    ['primary: the first of each family', ['primary'], ['192.168.0.2', '2001:db8:1::2']],
    ['one address; the family that is not mentioned is open', ['192.168.1.2/32'], ['192.168.1.2', '2001:db8:1::2']],
    ['a CIDR of each', ['192.168.0.0/23', '2001:db8:1::/48'], ['192.168.0.2', '192.168.1.2', '2001:db8:1::2']],
    ['everything', ['0.0.0.0/0'], ['192.168.0.2', '192.168.1.2', '2001:db8:1::2']],
    ['elsewhere', ['192.0.2.0/24', '2001:db8:99::/48'], []],
    ['loopback never', ['127.0.0.0/8', '::1/128'], []],
  ])('%s', (_, written, open) => {
    const all = ['192.168.0.2', '192.168.1.2', '2001:db8:1::2', '127.0.0.1', '::1', '192.0.2.77']
    expect(all.filter((address) => isNodePortAddress(at(written), address))).toEqual(open)
  })

  test('primary without an address of a family opens nothing there', () => {
    const node = nodeView({ ...settings, nodePortAddresses: ['primary'] }, cluster(), ['192.0.2.1'])
    expect(nodePortCidrsOf(node, 'IPv6')).toEqual(['::1/128'])
  })
})

describe('primary addresses, as kube-proxy finds them', () => {
  const primary = (more: Partial<NodeSettings>, interfaces: readonly string[] | null = null): NodeView =>
    nodeView({ ...settings, nodePortAddresses: ['primary'], ...more }, cluster(), interfaces)

  test('bindAddress stands before the Node object’s of its family', () => {
    expect(primary({ bindAddress: '192.168.1.2' }).nodePortAddresses).toEqual(['192.168.1.2/32', '2001:db8:1::2/128'])
    expect(primary({ bindAddress: '198.51.100.1' }).addresses[0]).toBe('198.51.100.1')
  })

  test('of a live agent only what an interface holds counts', () => {
    const live = primary({ bindAddress: '198.51.100.1' }, ['10.9.9.9', '192.168.1.2'])
    expect(live.addresses).toEqual(['192.168.1.2', '10.9.9.9'])
    expect(primary({ bindAddress: '10.9.9.9' }, ['192.168.1.2', '10.9.9.9']).nodePortAddresses?.[0]).toBe('10.9.9.9/32')
  })
})

test.each<[string, readonly string[] | null, readonly string[]]>([
  ['everywhere', null, ['127.0.0.1', '127.0.0.2']],
  ['the interface’s address alone, of a range that has it', ['192.168.0.0/24', '127.0.0.0/8'], ['127.0.0.1']],
  ['not where the ranges leave it out', ['192.168.0.0/24', '192.168.1.0/24'], []],
])('localhostNodePorts: open on loopback addresses of IPv4 %s', (_, nodePortAddresses, open) => {
  const node = nodeView({ ...settings, nodePortAddresses, localhostNodePorts: true }, cluster())
  const asked = ['127.0.0.1', '127.0.0.2', '::1']
  expect(asked.filter((address) => isNodePortAddress(node, address))).toEqual(open)
  expect(asked.filter((address) => isNodePortAddress({ ...node, localhostNodePorts: false }, address))).toEqual([])
})

test('detectLocalMode NodeCIDR takes the Node’s ranges: the first of each family', () => {
  const view = nodeView({ ...settings, detectLocalMode: 'NodeCIDR', clusterCIDRs: [] }, cluster())
  expect(view.clusterCIDRs).toEqual(['10.0.1.0/24', 'fd00:1::/64'])
})

test('a cluster of more than 1,000 endpoints is large, whichever Services have them', () => {
  const store = new Store()
  const put = (name: string, count: number): void => {
    store.put({ kind: 'Service', value: service({ name }) })
    const endpoints = Array.from({ length: count }, (_, index) => endpoint(`10.0.${index >> 8}.${index & 255}`))
    store.put({ kind: 'EndpointSlice', value: slice(endpoints, { name, service: `shop/${name}` }) })
  }
  put('a', 500)
  put('b', 500)
  expect(nodeView(settings, store.snapshot)).not.toHaveProperty('largeCluster')
  put('c', 1)
  expect(nodeView(settings, store.snapshot).largeCluster).toBe(true)
})
