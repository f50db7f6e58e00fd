import type { RawObject } from '../../src/dataplane/conformance/case.ts'
import { clusterIP, serviceObject, sliceObject } from '../../src/lab/scale/objects.ts'

/** The cluster of `bench peers`: that of `bench sync`, with namespaces, and cluster IPs that the API server accepts. */
export const OWN_NODE = 'node-0'
export const SERVICE_CIDR = '10.96.0.0/12'

/** The first addresses belong to the API server's own Service and to others it may want. */
const RESERVED = 1_024
export const peerClusterIP = (service: number): string => clusterIP(service + RESERVED)

export const peerService = (service: number): RawObject => {
  const object = serviceObject(service)
  return { ...object, spec: { ...(object['spec'] as object), clusterIP: peerClusterIP(service) } }
}

export const peerSlice = sliceObject

/** `namespace/name`, as both proxies write it into names and comments of rules. */
export const peerServiceName = (service: number): string => {
  const { namespace, name } = serviceObject(service)['metadata'] as { namespace: string; name: string }
  return `${namespace}/${name}`
}

export const namespaceObjects = (services: number): readonly RawObject[] =>
  [...new Set(Array.from({ length: services }, (_, service) => peerServiceName(service).split('/')[0] ?? ''))].map(
    (name) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
    }),
  )

export const peerNode = (address: string): RawObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: OWN_NODE, labels: { 'kubernetes.io/hostname': OWN_NODE } },
  spec: { podCIDR: '10.128.0.0/24', podCIDRs: ['10.128.0.0/24'] },
  status: { addresses: [{ type: 'InternalIP', address }] },
})
