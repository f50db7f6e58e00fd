import type { NodeView } from '../../src/model/node-view.ts'
import type { Endpoint, EndpointSlice, Service, ServicePort } from '../../src/model/objects.ts'
import { familyOf } from '../../src/model/address.ts'
import { someNode } from './frontends.ts'

export const nodeOne: NodeView = {
  ...someNode,
  name: 'node-1',
  zone: 'a',
  addresses: ['192.168.0.2', '2001:db8:1::2'],
  clusterCIDRs: ['10.0.0.0/8', 'fd00:10::/32'],
  serviceCIDRs: ['172.30.0.0/16', 'fd00:172::/112'],
}

export const port = (more: Partial<ServicePort> = {}): ServicePort => ({
  name: 'http',
  protocol: 'TCP',
  port: 80,
  nodePort: 0,
  ...more,
})

export const service = (more: Partial<Service> = {}): Service => ({
  namespace: 'shop',
  name: 'web',
  type: 'ClusterIP',
  headless: false,
  clusterIPs: ['172.30.0.41'],
  ports: [port()],
  externalIPs: [],
  loadBalancerIngress: [],
  loadBalancerSourceRanges: [],
  internalTrafficPolicy: 'Cluster',
  externalTrafficPolicy: 'Cluster',
  affinitySeconds: null,
  healthCheckNodePort: 0,
  proxyName: '',
  scheduler: '',
  weights: null,
  createdAt: 0,
  ...more,
})

export const endpoint = (address: string, more: Partial<Endpoint> = {}): Endpoint => ({
  address,
  ready: true,
  serving: true,
  terminating: false,
  nodeName: 'node-2',
  zone: 'b',
  hintZones: null,
  hintNodes: null,
  pod: '',
  ...more,
})

export const slice = (endpoints: readonly Endpoint[], more: Partial<EndpointSlice> = {}): EndpointSlice => ({
  namespace: 'shop',
  name: 'web-1',
  service: 'shop/web',
  family: endpoints[0] === undefined ? 'IPv4' : familyOf(endpoints[0].address),
  ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
  endpoints,
  weights: null,
  triggeredAt: 0,
  ...more,
})
