import { familyOf } from '../model/address.ts'
import type { Endpoint, EndpointPort, EndpointSlice, Family } from '../model/objects.ts'
import type { Faults } from './faults.ts'
import {
  inMap,
  isRaw,
  type Raw,
  readBoolean,
  readInteger,
  readItems,
  readMap,
  readMaps,
  readName,
  readOneOf,
  readString,
  toAddress,
} from './fields.ts'
import { hasLabel, type Intern, readIdentity, readLabel, readTriggered, readWeights } from './metadata.ts'
import { whySpecial } from './special-address.ts'

/**
 * discovery.k8s.io/v1 EndpointSlice, with the API's defaults; null for slices that no proxy reads: host names
 * (addressType FQDN) and those of headless Services. Use the answer only when `faults.open` is 0.
 */
export const readEndpointSlice = (raw: Raw, faults: Faults, intern: Intern): EndpointSlice | null => {
  if (raw['addressType'] === 'FQDN' || hasLabel(raw, 'service.kubernetes.io/headless')) return null
  const identity = readIdentity(raw, faults, { namespaced: true, name: 'subdomain' })
  const namespace = intern(identity.namespace)
  const family = readOneOf(raw, 'addressType', faults, ['IPv4', 'IPv6'])
  return Object.freeze({
    namespace,
    name: identity.name,
    service: intern(`${namespace}/${readServiceName(raw, faults)}`),
    family,
    ports: Object.freeze(readMaps(raw, 'ports', faults, 'this port', (port) => readPort(port, faults, intern))),
    endpoints: Object.freeze(
      readMaps(raw, 'endpoints', faults, 'this endpoint', (endpoint) => readEndpoint(endpoint, family, faults, intern)),
    ),
    weights: readWeights(raw, faults),
    triggeredAt: readTriggered(raw, faults),
  })
}

const serviceNameLabel = 'kubernetes.io/service-name'

const readServiceName = (raw: Raw, faults: Faults): string => {
  const before = faults.length
  const name = readLabel(raw, serviceNameLabel, faults)
  if (name !== '' || faults.length > before) return name
  faults.add(serviceNameLabel, 'is required: it says whose endpoints these are')
  faults.nest(before, 'labels')
  faults.nest(before, 'metadata')
  return name
}

/** A port without a number means all ports; no proxy knows what to do with it. */
const readPort = (port: Raw, faults: Faults, intern: Intern): EndpointPort | null => {
  if ((port['port'] ?? null) === null) return null
  return Object.freeze({
    name: intern(readName(port, 'name', faults, 'label')),
    protocol: readOneOf(port, 'protocol', faults, ['TCP', 'UDP', 'SCTP'], 'TCP'),
    port: readInteger(port, 'port', faults, { min: 1, max: 65535 }),
  })
}

const readEndpoint = (raw: Raw, family: Family, faults: Faults, intern: Intern): Endpoint => {
  const conditions = readMap(raw, 'conditions', faults)
  const before = faults.length
  const ready = readBoolean(conditions, 'ready', faults, true)
  const serving = readBoolean(conditions, 'serving', faults, true)
  const terminating = readBoolean(conditions, 'terminating', faults, false)
  if (faults.length > before) faults.nest(before, 'conditions')
  return Object.freeze({
    address: readAddress(raw, family, faults),
    ready,
    serving,
    terminating,
    nodeName: intern(readName(raw, 'nodeName', faults, 'subdomain')),
    zone: intern(readString(raw, 'zone', faults)),
    hintZones: readHints(raw, 'forZones', faults, intern),
    hintNodes: readHints(raw, 'forNodes', faults, intern),
    pod: readPod(raw, faults),
  })
}

/** Of several addresses the first counts (the API: consumers must not use the others). */
const readAddress = (raw: Raw, family: Family, faults: Faults): string => {
  const first = readItems(raw, 'addresses', faults)[0]
  const before = faults.length
  const address = toAddress(first, 0, faults)
  const reason = whySpecial(address)
  if (reason !== null) faults.add(0, `may not be ${reason}, ${address}`)
  else if (address !== '' && familyOf(address) !== family) faults.add(0, `must be ${family}, the slice's addressType`)
  if (faults.length > before) faults.nest(before, 'addresses')
  return address
}

const readHints = (raw: Raw, key: string, faults: Faults, intern: Intern): readonly string[] | null => {
  if (!isRaw(raw['hints'])) {
    readMap(raw, 'hints', faults)
    return null
  }
  const names = inMap(raw, 'hints', faults, (hints) =>
    readMaps(hints, key, faults, 'this hint', (hint) => intern(readString(hint, 'name', faults))),
  )
  return names.length === 0 ? null : Object.freeze(names)
}

/** Only for weights and for people: a pod's name that cannot be one costs nothing else. */
const readPod = (raw: Raw, faults: Faults): string => {
  const target = raw['targetRef']
  if (!isRaw(target) || target['kind'] !== 'Pod') return ''
  const before = faults.length
  const name = readName(target, 'name', faults, 'subdomain')
  if (faults.length > before) {
    faults.contain(before, 'the name')
    faults.nest(before, 'targetRef')
  }
  return name
}
