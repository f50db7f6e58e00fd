import { canonicalAddress, familyOf } from '../model/address.ts'
import type { LoadBalancerIngress, Service, ServicePort } from '../model/objects.ts'
import { type Faults, show } from './faults.ts'
import {
  inMap,
  type Raw,
  readInteger,
  readItems,
  readList,
  readMaps,
  readName,
  readOneOf,
  readString,
  toAddress,
  toCidr,
} from './fields.ts'
import { hasLabel, type Intern, readAnnotation, readCreated, readIdentity, readLabel, readWeights } from './metadata.ts'
import { whySpecial } from './special-address.ts'

/** v1 Service, with the API's defaults. Use the answer only when `faults.open` is 0. */
export const readService = (raw: Raw, faults: Faults, intern: Intern): Service => {
  const { namespace, name } = readIdentity(raw, faults, { namespaced: true, name: 'label' })
  const spec = inMap(raw, 'spec', faults, (map) => readSpec(map, faults, intern))
  return Object.freeze({
    namespace: intern(namespace),
    name,
    ...spec,
    // the label takes a Service away from kube-proxy whatever its clusterIP
    headless: spec.headless || hasLabel(raw, 'service.kubernetes.io/headless'),
    loadBalancerIngress: readIngress(raw, faults),
    proxyName: intern(readLabel(raw, 'service.kubernetes.io/service-proxy-name', faults)),
    scheduler: intern(readAnnotation(raw, 'evenkeel.io/scheduler', faults)),
    weights: readWeights(raw, faults),
    createdAt: readCreated(raw, faults),
  })
}

const readSpec = (spec: Raw, faults: Faults, intern: Intern) => {
  const addresses = readClusterIPs(spec, faults)
  return {
    type: readOneOf(spec, 'type', faults, ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'], 'ClusterIP'),
    headless: addresses.headless,
    clusterIPs: addresses.clusterIPs,
    ports: readPorts(spec, faults, intern),
    externalIPs: Object.freeze(readList(spec, 'externalIPs', faults, 'this address', readExternalIP)),
    loadBalancerSourceRanges: readSourceRanges(spec, faults),
    internalTrafficPolicy: readOneOf(spec, 'internalTrafficPolicy', faults, ['Cluster', 'Local'], 'Cluster'),
    externalTrafficPolicy: readOneOf(spec, 'externalTrafficPolicy', faults, ['Cluster', 'Local'], 'Cluster'),
    affinitySeconds: readAffinity(spec, faults),
    healthCheckNodePort: readInteger(spec, 'healthCheckNodePort', faults, { min: 1, max: 65535, fallback: 0 }),
  } as const
}

/** `clusterIPs`, or `clusterIP` alone where an API server has not filled in the list. One address of a family at most. */
const readClusterIPs = (spec: Raw, faults: Faults): { headless: boolean; clusterIPs: readonly string[] } => {
  const single = readString(spec, 'clusterIP', faults)
  const items = readItems(spec, 'clusterIPs', faults)
  const first = items.length > 0 ? items[0] : single
  if (single !== '' && !sameAddress(first, single))
    faults.add('clusterIPs', `must begin with clusterIP, ${show(single)}: they contradict each other`)
  if (first === 'None') return { headless: true, clusterIPs: none }
  if (items.length === 0)
    return { headless: false, clusterIPs: single === '' ? none : [toAddress(single, 'clusterIP', faults)] }

  const families = new Set<string>()
  const clusterIPs = readList(spec, 'clusterIPs', faults, 'this address', (item, index) => {
    const address = toAddress(item, index, faults)
    if (address !== '' && families.has(familyOf(address))) faults.add(index, `is a second ${familyOf(address)} address`)
    families.add(familyOf(address))
    return address
  })
  if (clusterIPs.length === 0) faults.add('clusterIPs', 'has no usable address')
  return { headless: false, clusterIPs: Object.freeze(clusterIPs) }
}

const none: readonly never[] = Object.freeze([])

const sameAddress = (a: unknown, b: string): boolean =>
  a === b || (typeof a === 'string' && canonicalAddress(a) !== null && canonicalAddress(a) === canonicalAddress(b))

const readPorts = (spec: Raw, faults: Faults, intern: Intern): readonly ServicePort[] => {
  const taken = new Set<string>()
  const ports = readMaps(spec, 'ports', faults, 'this port', (port): ServicePort | null => {
    const before = faults.open
    const name = intern(readName(port, 'name', faults, 'label'))
    const protocol = readOneOf(port, 'protocol', faults, ['TCP', 'UDP', 'SCTP'], 'TCP')
    const number = readInteger(port, 'port', faults, { min: 1, max: 65535 })
    const nodePort = readInteger(port, 'nodePort', faults, { min: 1, max: 65535, fallback: 0 })
    if (faults.open > before) return null
    const claims = { name: `${name}/${protocol}`, port: `${number}/${protocol}`, nodePort: `${nodePort}/${protocol}` }
    for (const [field, claim] of Object.entries(claims))
      if (taken.has(`${field} ${claim}`)) faults.add(field, `${claim} is that of an earlier port already`)
    if (faults.open > before) return null
    for (const [field, claim] of Object.entries(claims))
      if (field !== 'nodePort' || nodePort !== 0) taken.add(`${field} ${claim}`)
    return Object.freeze({ name, protocol, port: number, nodePort })
  })
  return Object.freeze(ports)
}

const readExternalIP = (item: unknown, index: number, faults: Faults): string => {
  const address = toAddress(item, index, faults)
  const reason = whySpecial(address)
  if (reason !== null) faults.add(index, `may not be ${reason}, ${address}`)
  return address
}

/** Dropping the only range would let everybody in, so then the object goes. */
const readSourceRanges = (spec: Raw, faults: Faults): readonly string[] => {
  const key = 'loadBalancerSourceRanges'
  const ranges = readList(spec, key, faults, 'this range', toCidr)
  if (ranges.length === 0 && readItems(spec, key, faults).length > 0) faults.add(key, 'has no usable range')
  return Object.freeze(ranges)
}

/** The API's default is three hours (10800). */
const readAffinity = (spec: Raw, faults: Faults): number | null => {
  if (readOneOf(spec, 'sessionAffinity', faults, ['None', 'ClientIP'], 'None') === 'None') return null
  return inMap(spec, 'sessionAffinityConfig', faults, (config) =>
    inMap(config, 'clientIP', faults, (clientIP) =>
      readInteger(clientIP, 'timeoutSeconds', faults, { min: 1, max: 86400, fallback: 10800 }),
    ),
  )
}

const readIngress = (raw: Raw, faults: Faults): readonly LoadBalancerIngress[] =>
  inMap(raw, 'status', faults, (status) =>
    inMap(status, 'loadBalancer', faults, (loadBalancer) =>
      Object.freeze(
        readMaps(loadBalancer, 'ingress', faults, 'this ingress', (ingress): LoadBalancerIngress | null => {
          const text = readString(ingress, 'ip', faults)
          const ipMode = readOneOf(ingress, 'ipMode', faults, ['VIP', 'Proxy'], 'VIP')
          return text === '' ? null : Object.freeze({ ip: toAddress(text, 'ip', faults), ipMode })
        }),
      ),
    ),
  )
