import type { Family } from '../../model/objects.ts'

/**
 * The one small cluster of every row, in both families. The plan is for node-1, in zone a; node-2 is in zone a too, node-3 in
 * zone b. What is not listed here does not exist. Service ports lead to container port 8080 (81 → 8081).
 */
export interface Topology {
  readonly family: Family
  /** node-1's addresses, the primary one first */
  readonly nodeAddresses: readonly [string, string]
  readonly clusterCIDR: string
  /** node-1's part of it */
  readonly podCIDR: string
  readonly serviceCIDR: string
  /** an idle pod on node-1, which only dials */
  readonly pod: string
  readonly outside: string
  /** endpoints: two pods on node-1, one on node-2, one on node-3 */
  readonly near: string
  readonly near2: string
  readonly far: string
  readonly far2: string
  /** an address of the ServiceCIDR that no Service has */
  readonly unusedServiceAddress: string
  readonly clusterIP: string
  readonly otherClusterIP: string
  readonly externalIP: string
  readonly balancer: string
  readonly otherBalancer: string
  /** CIDRs of the balancer's permitted clients: around `outside`, around the node, elsewhere */
  readonly outsideRange: string
  readonly nodeRange: string
  readonly strangeRange: string
}

export const topology: { readonly [F in Family]: Topology } = {
  IPv4: {
    family: 'IPv4',
    nodeAddresses: ['192.168.0.2', '192.168.1.2'],
    clusterCIDR: '10.0.0.0/8',
    podCIDR: '10.0.1.0/24',
    serviceCIDR: '172.30.0.0/16',
    pod: '10.0.1.9',
    outside: '203.0.113.9',
    near: '10.0.1.10',
    near2: '10.0.1.11',
    far: '10.0.2.10',
    far2: '10.0.3.10',
    unusedServiceAddress: '172.30.99.99',
    clusterIP: '172.30.0.41',
    otherClusterIP: '172.30.0.42',
    externalIP: '198.51.100.7',
    balancer: '198.51.100.20',
    otherBalancer: '198.51.100.21',
    outsideRange: '203.0.113.0/25',
    nodeRange: '192.168.0.0/24',
    strangeRange: '192.0.2.0/24',
  },
  IPv6: {
    family: 'IPv6',
    nodeAddresses: ['2001:db8:1::2', '2001:db8:2::2'],
    clusterCIDR: 'fd00:10::/32',
    podCIDR: 'fd00:10:1::/48',
    serviceCIDR: 'fd00:172::/112',
    pod: 'fd00:10:1::9',
    outside: '2001:db8:f::9',
    near: 'fd00:10:1::10',
    near2: 'fd00:10:1::11',
    far: 'fd00:10:2::10',
    far2: 'fd00:10:3::10',
    unusedServiceAddress: 'fd00:172::9999',
    clusterIP: 'fd00:172::41',
    otherClusterIP: 'fd00:172::42',
    externalIP: '2001:db8:e::7',
    balancer: '2001:db8:e::20',
    otherBalancer: '2001:db8:e::21',
    outsideRange: '2001:db8:f::/64',
    nodeRange: '2001:db8:1::/64',
    strangeRange: '2001:db8:bad::/48',
  },
}

export const NODE = 'node-1'
export const NODE_PORT = 30080
