import { familyOf } from '../../model/address.ts'
import type { Family, Protocol } from '../../model/objects.ts'
import type { Faults } from '../../sources/faults.ts'
import {
  inMap,
  isRaw,
  type Raw,
  readBoolean,
  readInteger,
  readItems,
  readMaps,
  readName,
  readOneOf,
  readString,
  toAddress,
} from '../../sources/fields.ts'
import { readIdentity } from '../../sources/metadata.ts'

/** A Service as its author wrote it: what the API server and the controllers complete before a proxy reads it. */
export interface LabService {
  readonly namespace: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName'
  /** null: somebody else writes its EndpointSlices */
  readonly selector: Readonly<Record<string, string>> | null
  readonly ports: readonly LabServicePort[]
  readonly headless: boolean
  /** empty until allocated */
  readonly clusterIPs: readonly string[]
  /** empty until allocated */
  readonly ipFamilies: readonly Family[]
  readonly dualStack: boolean
  readonly publishNotReadyAddresses: boolean
  readonly trafficDistribution: string
  readonly externalTrafficPolicy: 'Cluster' | 'Local'
  readonly internalTrafficPolicy: 'Cluster' | 'Local'
  readonly allocateNodePorts: boolean
  readonly healthCheckNodePort: number
  /** of its load balancer, empty until allocated */
  readonly balancers: readonly string[]
  /** spec as written: fields that the lab has nothing to do with go through */
  readonly spec: Raw
}

export interface LabServicePort {
  readonly name: string
  readonly protocol: Protocol
  readonly port: number
  /** a container port's number or name */
  readonly targetPort: number | string
  /** 0: none, or not yet allocated */
  readonly nodePort: number
  readonly appProtocol: string
}

/** Use the answer only when `faults.open` is 0. */
export const readLabService = (raw: Raw, faults: Faults): LabService => {
  const identity = readIdentity(raw, faults, { namespaced: true, name: 'label' })
  const metadata = inMap(raw, 'metadata', faults, (metadata) => ({
    labels: readStrings(metadata, 'labels', faults),
    annotations: readStrings(metadata, 'annotations', faults),
  }))
  return inMap(raw, 'spec', faults, (spec) => {
    const clusterIPs = readClusterIPs(spec, faults)
    return {
      ...identity,
      ...metadata,
      type: readOneOf(spec, 'type', faults, ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'], 'ClusterIP'),
      selector: isRaw(spec['selector']) ? readStrings(spec, 'selector', faults) : null,
      ports: readMaps(spec, 'ports', faults, 'this port', readPort),
      headless: spec['clusterIP'] === 'None',
      clusterIPs,
      ipFamilies: readFamilies(spec, faults, clusterIPs),
      dualStack: readString(spec, 'ipFamilyPolicy', faults).endsWith('DualStack'),
      publishNotReadyAddresses: readBoolean(spec, 'publishNotReadyAddresses', faults, false),
      trafficDistribution: readString(spec, 'trafficDistribution', faults),
      externalTrafficPolicy: readOneOf(spec, 'externalTrafficPolicy', faults, ['Cluster', 'Local'], 'Cluster'),
      internalTrafficPolicy: readOneOf(spec, 'internalTrafficPolicy', faults, ['Cluster', 'Local'], 'Cluster'),
      allocateNodePorts: readBoolean(spec, 'allocateLoadBalancerNodePorts', faults, true),
      healthCheckNodePort: readInteger(spec, 'healthCheckNodePort', faults, { min: 1, max: 65535, fallback: 0 }),
      balancers: [],
      spec,
    }
  })
}

export const readStrings = (raw: Raw, key: string, faults: Faults): Readonly<Record<string, string>> =>
  inMap(raw, key, faults, (map) =>
    Object.fromEntries(Object.keys(map).map((name) => [name, readString(map, name, faults)])),
  )

const readPort = (port: Raw, faults: Faults): LabServicePort => {
  const number = readInteger(port, 'port', faults, { min: 1, max: 65535 })
  return {
    name: readName(port, 'name', faults, 'label'),
    protocol: readOneOf(port, 'protocol', faults, ['TCP', 'UDP', 'SCTP'], 'TCP'),
    port: number,
    targetPort: readTargetPort(port, faults, number),
    nodePort: readInteger(port, 'nodePort', faults, { min: 1, max: 65535, fallback: 0 }),
    appProtocol: readString(port, 'appProtocol', faults),
  }
}

/** Missing, 0 and '' mean the Service's own port. */
const readTargetPort = (port: Raw, faults: Faults, fallback: number): number | string => {
  if (typeof port['targetPort'] === 'string') return port['targetPort'] || fallback
  return readInteger(port, 'targetPort', faults, { min: 1, max: 65535, fallback: 0 }) || fallback
}

const readClusterIPs = (spec: Raw, faults: Faults): readonly string[] => {
  const written = readItems(spec, 'clusterIPs', faults)
  const single = spec['clusterIP'] ?? ''
  const all = written.length > 0 || single === '' ? written : [single]
  return all.filter((address) => address !== 'None').map((address) => toAddress(address, 'clusterIPs', faults))
}

const readFamilies = (spec: Raw, faults: Faults, clusterIPs: readonly string[]): readonly Family[] => {
  const written = readItems(spec, 'ipFamilies', faults)
  const families = written.filter((family): family is Family => family === 'IPv4' || family === 'IPv6')
  if (families.length < written.length) faults.add('ipFamilies', 'must be IPv4 or IPv6')
  return families.length > 0 ? families : clusterIPs.filter((address) => address !== '').map(familyOf)
}

const kept = ['type', 'selector', 'sessionAffinity', 'sessionAffinityConfig', 'externalIPs', 'externalName'] as const
const policies = ['loadBalancerSourceRanges', 'publishNotReadyAddresses', 'trafficDistribution'] as const

/** The object that a proxy reads. */
export const serviceManifest = (service: LabService, annotations: Readonly<Record<string, string>> = {}): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {
    namespace: service.namespace,
    name: service.name,
    ...optional('labels', service.labels),
    ...optional('annotations', { ...service.annotations, ...annotations }),
  },
  spec: {
    ...Object.fromEntries(
      [...kept, ...policies].flatMap((key) => (key in service.spec ? [[key, service.spec[key]]] : [])),
    ),
    ...(service.headless ? { clusterIP: 'None', clusterIPs: ['None'] } : {}),
    ...(service.clusterIPs.length > 0 ? { clusterIP: service.clusterIPs[0], clusterIPs: service.clusterIPs } : {}),
    ...(service.ipFamilies.length > 0 ? { ipFamilies: service.ipFamilies } : {}),
    internalTrafficPolicy: service.internalTrafficPolicy,
    ...(service.type === 'ClusterIP' || service.type === 'ExternalName'
      ? {}
      : { externalTrafficPolicy: service.externalTrafficPolicy }),
    ...(service.healthCheckNodePort === 0 ? {} : { healthCheckNodePort: service.healthCheckNodePort }),
    ports: service.ports.map((port) => ({
      ...optional('name', port.name),
      protocol: port.protocol,
      port: port.port,
      targetPort: port.targetPort,
      ...(port.nodePort === 0 ? {} : { nodePort: port.nodePort }),
      ...optional('appProtocol', port.appProtocol),
    })),
  },
  ...(service.balancers.length === 0
    ? {}
    : { status: { loadBalancer: { ingress: service.balancers.map((ip) => ({ ip })) } } }),
})

const optional = (key: string, value: string | Readonly<Record<string, string>>): object =>
  value === '' || Object.keys(value).length === 0 ? {} : { [key]: value }
