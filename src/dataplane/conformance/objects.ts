import { formatEndpoint } from '../../model/address.ts'
import type { Protocol } from '../../model/objects.ts'
import type { ConformancePacket, Expectation, RawObject } from './case.ts'
import { NODE, NODE_PORT, topology, type Topology } from './topology.ts'

/** An endpoint of the API, of which rows change a field or two. */
export interface EndpointSpec {
  readonly addresses: readonly [string]
  readonly nodeName?: string
  readonly zone: string
  readonly conditions: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean }
  readonly hints?: RawObject
  readonly targetRef: { readonly kind: 'Pod'; readonly name: string }
}

/** The cluster as a row sees it: addresses by role, and builders for the objects in it. */
export interface Cluster extends Omit<Topology, 'near' | 'near2' | 'far' | 'far2'> {
  readonly node: string
  readonly secondNodeAddress: string
  readonly near: EndpointSpec
  readonly near2: EndpointSpec
  readonly far: EndpointSpec
  readonly far2: EndpointSpec
  /** Service shop/web: port 80/TCP on `clusterIP` */
  service(spec?: RawObject, metadata?: RawObject, ingress?: readonly RawObject[]): RawObject
  /** of type LoadBalancer with NodePort 30080 and the address `balancer`: dialled in all four ways */
  everywhere(spec?: RawObject, ingress?: readonly RawObject[]): RawObject
  slice(endpoints: readonly EndpointSpec[], options?: SliceOptions): RawObject
  dial(from: string, to: string, expect: Expectation, port?: number, protocol?: Protocol): ConformancePacket
}

export interface SliceOptions {
  readonly name?: string
  readonly service?: string
  readonly ports?: readonly RawObject[]
  readonly annotations?: RawObject
}

export const clusterOf = (at: Topology): Cluster => {
  const service = (spec: RawObject = {}, metadata: RawObject = {}, ingress: readonly RawObject[] = []): RawObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'shop', name: 'web', ...metadata },
    spec: { clusterIP: at.clusterIP, ports: [servicePort()], ...spec },
    status: { loadBalancer: { ingress } },
  })
  return {
    ...at,
    node: at.nodeAddresses[0],
    secondNodeAddress: at.nodeAddresses[1],
    near: endpoint(at.near, 'node-1', 'a', 'web-near'),
    near2: endpoint(at.near2, 'node-1', 'a', 'web-near2'),
    far: endpoint(at.far, 'node-2', 'a', 'web-far'),
    far2: endpoint(at.far2, 'node-3', 'b', 'web-far2'),
    service,
    everywhere: (spec = {}, ingress = [{ ip: at.balancer }]) =>
      service(
        { type: 'LoadBalancer', externalIPs: [at.externalIP], ports: [servicePort({ nodePort: NODE_PORT })], ...spec },
        {},
        ingress,
      ),
    slice: (endpoints, options) => slice(at, endpoints, options),
    dial: (from, to, expect, port = 80, protocol = 'TCP') => ({
      name: `${roleOf(at, from)} to ${roleOf(at, to)}, ${port}/${protocol}`,
      from,
      to,
      port,
      protocol,
      expect,
    }),
  }
}

export const servicePort = (port: RawObject = {}): RawObject => ({ name: 'http', port: 80, protocol: 'TCP', ...port })
export const slicePort = (port: RawObject = {}): RawObject => ({ name: 'http', port: 8080, protocol: 'TCP', ...port })

const slice = (
  { family }: Topology,
  endpoints: readonly EndpointSpec[],
  { name = 'web-1', service = 'web', ports = [slicePort()], annotations = {} }: SliceOptions = {},
): RawObject => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { namespace: 'shop', name, labels: { 'kubernetes.io/service-name': service }, annotations },
  addressType: family,
  endpoints,
  ports,
})

const endpoint = (address: string, nodeName: string, zone: string, pod: string): EndpointSpec => ({
  addresses: [address],
  nodeName,
  zone,
  conditions: { ready: true, serving: true, terminating: false },
  targetRef: { kind: 'Pod', name: pod },
})

export const notReady = (one: EndpointSpec): EndpointSpec => ({
  ...one,
  conditions: { ready: false, serving: false, terminating: false },
})

export const terminating = (one: EndpointSpec, serving = true): EndpointSpec => ({
  ...one,
  conditions: { ready: false, serving, terminating: true },
})

export const withoutNode = ({ addresses, zone, conditions, targetRef }: EndpointSpec): EndpointSpec => ({
  addresses,
  zone,
  conditions,
  targetRef,
})

export const forZones = (one: EndpointSpec, ...zones: readonly string[]): EndpointSpec => ({
  ...one,
  hints: { ...one.hints, forZones: zones.map((name) => ({ name })) },
})

export const forNodes = (one: EndpointSpec, ...nodes: readonly string[]): EndpointSpec => ({
  ...one,
  hints: { ...one.hints, forNodes: nodes.map((name) => ({ name })) },
})

/** The Node and the ServiceCIDR of every row. */
export const commonObjects = (at: Topology): readonly RawObject[] => [
  {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: NODE, labels: { 'topology.kubernetes.io/zone': 'a' } },
    spec: { podCIDRs: [at.podCIDR, topology[at.family === 'IPv4' ? 'IPv6' : 'IPv4'].podCIDR] },
    status: { addresses: bothFamilies(at).map((address) => ({ type: 'InternalIP', address })) },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name: 'kubernetes' },
    spec: { cidrs: [topology.IPv4.serviceCIDR, topology.IPv6.serviceCIDR] },
  },
]

const bothFamilies = (at: Topology): readonly string[] => [
  ...at.nodeAddresses,
  ...topology[at.family === 'IPv4' ? 'IPv6' : 'IPv4'].nodeAddresses,
]

const roleOf = (at: Topology, address: string): string =>
  Object.entries(at).find(([, value]) => value === address)?.[0] ??
  (at.nodeAddresses.includes(address) ? 'node' : address)

/** Reaches these endpoints, with the client's address kept. */
export const reaches = (endpoints: readonly EndpointSpec[], port = 8080): Expectation => ({
  verdict: 'dnat',
  backends: endpoints.map(({ addresses: [address] }) => formatEndpoint(address, port)),
  masquerade: false,
})

export const masqueraded = (endpoints: readonly EndpointSpec[], port = 8080): Expectation => ({
  ...reaches(endpoints, port),
  masquerade: true,
})

/** One of these is the client itself. */
export const hairpin = (endpoints: readonly EndpointSpec[], port = 8080): Expectation => ({
  ...reaches(endpoints, port),
  masquerade: null,
})

export const rejected: Expectation = { verdict: 'reject' }
export const dropped: Expectation = { verdict: 'drop' }
export const untouched: Expectation = { verdict: 'none' }
