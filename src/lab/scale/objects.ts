import type { RawObject } from '../../dataplane/conformance/case.ts'

/** Kubernetes objects of a made-up cluster, as JSON has them. The i-th Service is the same in every run. */
export interface ClusterShape {
  readonly services: number
  readonly endpoints: number
}

export const SERVICE_PORT = 80
export const TARGET_PORT = 8080

export const nodeObject: RawObject = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'node-0' },
  status: { addresses: [{ type: 'InternalIP', address: '192.168.0.2' }] },
}

export const POD_CIDR = '10.128.0.0/9'

/** 10.96.0.1 … (a /10) */
export const clusterIP = (service: number): string => ipv4(0x0a60_0001 + service)

/** 10.128.0.1 …: every number another address */
export const podAddress = (number: number): string => ipv4(0x0a80_0001 + number)

const namespaceOf = (service: number): string => `team-${service % 100}`

export const serviceObject = (service: number): RawObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: namespaceOf(service), name: `service-${service}` },
  spec: {
    clusterIP: clusterIP(service),
    ports: [{ name: 'http', protocol: 'TCP', port: SERVICE_PORT, targetPort: TARGET_PORT }],
  },
})

/** The Service's only slice, with these pods (`podAddress` numbers) in it. */
export const sliceObject = (service: number, pods: readonly number[]): RawObject => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    namespace: namespaceOf(service),
    name: `service-${service}-a`,
    labels: { 'kubernetes.io/service-name': `service-${service}` },
  },
  addressType: 'IPv4',
  ports: [{ name: 'http', protocol: 'TCP', port: TARGET_PORT }],
  endpoints: pods.map((pod) => ({
    addresses: [podAddress(pod)],
    conditions: { ready: true, serving: true, terminating: false },
    nodeName: `node-${pod % 100}`,
    targetRef: { kind: 'Pod', name: `pod-${pod}` },
  })),
})

/** The Services that connections are measured through, by when they were made: the first, the middle and the last. */
export const measuredServices = (services: number): readonly [number, number, number] => [
  0,
  Math.floor((services - 1) / 2),
  services - 1,
]

const ipv4 = (value: number): string => `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`
