import type { RawObject } from '../../src/dataplane/conformance/case.ts'
import { clusterIP } from '../../src/lab/scale/objects.ts'

/** A pod as its EndpointSlice tells of it. */
export interface SoakPod {
  /** never used twice: it makes the pod's name */
  readonly serial: number
  /** index into the pods' range: used again when its pod has gone */
  readonly place: number
  ready: boolean
  terminating: boolean
}

/** A Service of the soak. What kind it is follows from its index, so that a Service made in another's place is of the same kind. */
export interface SoakService {
  readonly index: number
  /** never used twice: it makes the Service's name */
  readonly serial: number
  readonly pods: readonly SoakPod[]
}

/** How many pods may have an address at a time. */
export const POD_PLACES = 65_536

const NODES = 100
export const OWN_NODE = 'node-0'
export const NODE_ADDRESS = '192.168.0.2'

/** Names are as long whatever the number, so that only what is kept can make memory grow. */
const serialText = (serial: number): string => serial.toString(36).padStart(8, '0')
const ipv4 = (value: number): string => `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`
/** Spreads places over the range from the first one on: counted up, addresses would become longer texts hour by hour. */
const scattered = (place: number): number => (place * 40_503 + 1) % POD_PLACES
const podIP = (place: number): string => ipv4(0x0a80_0000 + scattered(place))
const podIPv6 = (place: number): string => `fd00:10::${scattered(place).toString(16)}`

const namespaceOf = ({ index }: SoakService): string => `team-${String(index % 50).padStart(2, '0')}`
const nameOf = ({ serial }: SoakService): string => `svc-${serialText(serial)}`

type Kind =
  | 'plain'
  | 'udp'
  | 'node-port'
  | 'balancer'
  | 'affinity'
  | 'maglev'
  | 'weights'
  | 'external'
  | 'dual'
  | 'headless'

const kinds: readonly Kind[] = [
  'udp',
  'node-port',
  'balancer',
  'affinity',
  'maglev',
  'weights',
  'external',
  'dual',
  'headless',
  'udp',
]

/** Half of the Services are plain ones. */
export const kindOf = (index: number): Kind =>
  index % 2 === 0 ? 'plain' : (kinds[(index >> 1) % kinds.length] ?? 'plain')

export const serviceObject = (service: SoakService): RawObject => {
  const { index } = service
  const kind = kindOf(index)
  const dual = kind === 'dual'
  const exposed = kind === 'node-port' || kind === 'balancer'
  const address = kind === 'headless' ? 'None' : clusterIP(index)
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      namespace: namespaceOf(service),
      name: nameOf(service),
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...(kind === 'maglev' ? { annotations: { 'evenkeel.io/scheduler': 'maglev' } } : {}),
    },
    spec: {
      type: kind === 'balancer' ? 'LoadBalancer' : kind === 'node-port' ? 'NodePort' : 'ClusterIP',
      clusterIP: address,
      clusterIPs: dual ? [address, `fd00:172::${(index + 1).toString(16)}`] : [address],
      ports: [
        {
          name: 'main',
          protocol: kind === 'udp' ? 'UDP' : 'TCP',
          port: 80,
          ...(exposed ? { nodePort: 30_000 + (index % 2_700) } : {}),
        },
      ],
      ...(kind === 'affinity' ? { sessionAffinity: 'ClientIP' } : {}),
      ...(kind === 'external' ? { externalIPs: [ipv4(0xcb00_7101 + (index % 250))] } : {}),
      ...(kind === 'balancer'
        ? {
            externalTrafficPolicy: 'Local',
            healthCheckNodePort: 32_700 + (index % 60),
            loadBalancerSourceRanges: ['198.51.100.0/24'],
          }
        : {}),
    },
    ...(kind === 'balancer' ? { status: { loadBalancer: { ingress: [{ ip: ipv4(0xc612_0001 + index) }] } } } : {}),
  }
}

/** One for each family. `withPods`: false: empty, as before the first pod. */
export const sliceObjects = (service: SoakService): readonly RawObject[] =>
  kindOf(service.index) === 'dual'
    ? [sliceObject(service, 'IPv4'), sliceObject(service, 'IPv6')]
    : [sliceObject(service, 'IPv4')]

const sliceObject = (service: SoakService, addressType: 'IPv4' | 'IPv6'): RawObject => {
  const kind = kindOf(service.index)
  const [first] = service.pods
  const weights = kind === 'weights' && first ? { [podName(first)]: 2 } : null
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace: namespaceOf(service),
      name: `${nameOf(service)}-${addressType === 'IPv4' ? 'four' : 'six'}`,
      labels: {
        'kubernetes.io/service-name': nameOf(service),
        ...(kind === 'headless' ? { 'service.kubernetes.io/headless': '' } : {}),
      },
      ...(weights ? { annotations: { 'evenkeel.io/weights': JSON.stringify(weights) } } : {}),
    },
    addressType,
    ports: [{ name: 'main', protocol: kind === 'udp' ? 'UDP' : 'TCP', port: 8080 }],
    endpoints: service.pods.map((pod) => ({
      addresses: [addressType === 'IPv4' ? podIP(pod.place) : podIPv6(pod.place)],
      conditions: { ready: pod.ready && !pod.terminating, serving: pod.ready, terminating: pod.terminating },
      nodeName: `node-${pod.serial % NODES}`,
      zone: `zone-${pod.serial % 3}`,
      targetRef: { kind: 'Pod', name: podName(pod) },
    })),
  }
}

const podName = (pod: SoakPod): string => `pod-${serialText(pod.serial)}`

/** Every version of the node is told apart by one label. */
export const nodeObject = (version: number): RawObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: OWN_NODE,
    labels: { 'topology.kubernetes.io/zone': `zone-${version % 3}`, 'example.com/rollout': serialText(version) },
  },
  spec: { podCIDRs: ['10.128.0.0/24'] },
  status: { addresses: [{ type: 'InternalIP', address: NODE_ADDRESS }] },
})

export const serviceCIDRObject = (name: string, cidr: string): RawObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'ServiceCIDR',
  metadata: { name },
  spec: { cidrs: [cidr] },
})
