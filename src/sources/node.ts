import type { Node, ServiceCIDR } from '../model/objects.ts'
import type { Faults } from './faults.ts'
import {
  inMap,
  isRaw,
  type Raw,
  readItems,
  readList,
  readMap,
  readMaps,
  readString,
  toAddress,
  toCidr,
} from './fields.ts'
import { type Intern, readIdentity } from './metadata.ts'

/** v1 Node. Use the answer only when `faults.open` is 0. */
export const readNode = (raw: Raw, faults: Faults, intern: Intern): Node => {
  const { name } = readIdentity(raw, faults, { namespaced: false, name: 'subdomain' })
  return Object.freeze({
    name: intern(name),
    labels: inMap(raw, 'metadata', faults, (metadata) => readLabels(metadata, faults, intern)),
    addresses: inMap(raw, 'status', faults, (status) => readAddresses(status, faults)),
    podCIDRs: inMap(raw, 'spec', faults, (spec) => readPodCIDRs(spec, faults)),
    leaving: isBeingDeleted(raw) || inMap(raw, 'spec', faults, (spec) => isTaintedForDeletion(spec, faults)),
  })
}

/** Set by the API server alone: any value counts. */
const isBeingDeleted = ({ metadata }: Raw): boolean => isRaw(metadata) && (metadata['deletionTimestamp'] ?? '') !== ''

/** cluster-autoscaler/utils/taints: it will delete the node; kube-proxy's healthz heeds it. */
const isTaintedForDeletion = (spec: Raw, faults: Faults): boolean =>
  readMaps(spec, 'taints', faults, 'this taint', (taint) => readString(taint, 'key', faults)).includes(
    'ToBeDeletedByClusterAutoscaler',
  )

const readLabels = (metadata: Raw, faults: Faults, intern: Intern): Readonly<Record<string, string>> => {
  // a label may be named "constructor"
  const labels: Record<string, string> = Object.create(null)
  const raw = readMap(metadata, 'labels', faults)
  for (const key of Object.keys(raw)) {
    const before = faults.length
    const value = readString(raw, key, faults)
    if (faults.length === before) {
      labels[intern(key)] = intern(value)
      continue
    }
    faults.contain(before, 'this label')
    faults.nest(before, 'labels')
  }
  return Object.freeze(labels)
}

const readAddresses = (status: Raw, faults: Faults): readonly string[] => {
  const found = readMaps(status, 'addresses', faults, 'this address', (entry) => {
    const type = readString(entry, 'type', faults)
    if (type !== 'InternalIP' && type !== 'ExternalIP') return null
    return { type, address: toAddress(entry['address'], 'address', faults) }
  })
  const ofType = (wanted: string): string[] => found.flatMap(({ type, address }) => (type === wanted ? [address] : []))
  return Object.freeze([...new Set([...ofType('InternalIP'), ...ofType('ExternalIP')])])
}

/** `podCIDRs`, or `podCIDR` alone where an API server has not filled in the list. */
const readPodCIDRs = (spec: Raw, faults: Faults): readonly string[] => {
  if (readItems(spec, 'podCIDRs', faults).length > 0)
    return Object.freeze(readList(spec, 'podCIDRs', faults, 'this range', toCidr))
  const before = faults.length
  const cidr = readString(spec, 'podCIDR', faults) && toCidr(spec['podCIDR'], 'podCIDR', faults)
  faults.contain(before, 'the range')
  return Object.freeze(cidr === '' ? [] : [cidr])
}

/** networking.k8s.io/v1 (or v1beta1) ServiceCIDR. Use the answer only when `faults.open` is 0. */
export const readServiceCIDR = (raw: Raw, faults: Faults): ServiceCIDR => {
  const { name } = readIdentity(raw, faults, { namespaced: false, name: 'subdomain' })
  const cidrs = inMap(raw, 'spec', faults, (spec) => readList(spec, 'cidrs', faults, 'this range', toCidr))
  return Object.freeze({ name, cidrs: Object.freeze(cidrs) })
}
