import { addressBytes, type AddressBytes } from '../model/address.ts'
import type { Backend } from '../model/frontend.ts'
import type { Endpoint, EndpointSlice, Weights } from '../model/objects.ts'
import type { PortOnNode } from './service-port.ts'

/** An endpoint of one ServicePort and family, before it is decided whether this node uses it. */
export interface Candidate {
  readonly endpoint: Endpoint
  readonly backend: Backend
  readonly bytes: AddressBytes
  /** runs on this node */
  readonly local: boolean
}

/**
 * The endpoints that slices give to a ServicePort, by address bytes and port. One endpoint may stand in several slices
 * while the slice controller moves it: the first of `candidates` counts, the others are in `duplicates`.
 */
export interface Candidates {
  readonly candidates: readonly Candidate[]
  readonly duplicates: readonly Candidate[]
}

export const candidatesOf = (at: PortOnNode): Candidates => {
  const { port, family, slices } = at
  const all: Candidate[] = []
  for (const slice of slices) {
    if (slice.family !== family) continue
    for (const { name, protocol, port: number } of slice.ports) {
      if (name !== port.name || protocol !== port.protocol) continue
      for (const endpoint of slice.endpoints) all.push(candidate(at, slice, endpoint, number))
    }
  }
  return withoutDuplicates(all.sort(byAddressThenPort))
}

const candidate = (
  { service, node }: PortOnNode,
  slice: EndpointSlice,
  endpoint: Endpoint,
  port: number,
): Candidate => {
  const { address, pod, nodeName } = endpoint
  const weight = weightIn(slice.weights, endpoint) ?? weightIn(service.weights, endpoint) ?? 1
  return {
    endpoint,
    backend: { address, port, weight, pod: pod === '' ? '' : `${slice.namespace}/${pod}`, node: nodeName },
    bytes: addressBytes(address),
    local: nodeName !== '' && nodeName === node.name,
  }
}

const weightIn = (weights: Weights | null, { pod, address }: Endpoint): number | undefined => {
  if (weights === null) return undefined
  if (pod !== '' && Object.hasOwn(weights, pod)) return weights[pod]
  return Object.hasOwn(weights, address) ? weights[address] : undefined
}

const byAddressThenPort = (a: Candidate, b: Candidate): number => {
  if (a.bytes !== b.bytes) return a.bytes < b.bytes ? -1 : 1
  return a.backend.port - b.backend.port || preference(a) - preference(b)
}

/** Of duplicates the running one wins over the terminating one, then the one on this node, then the ready one. */
const preference = ({ endpoint, local }: Candidate): number =>
  (endpoint.terminating ? 4 : 0) + (local ? 0 : 2) + (endpoint.ready ? 0 : 1)

const noDuplicates: readonly Candidate[] = []

const withoutDuplicates = (sorted: readonly Candidate[]): Candidates => {
  if (!sorted.some((candidate, i) => samePlace(candidate, sorted[i - 1])))
    return { candidates: sorted, duplicates: noDuplicates }
  const candidates: Candidate[] = []
  const duplicates: Candidate[] = []
  for (const item of sorted) (samePlace(item, candidates.at(-1)) ? duplicates : candidates).push(item)
  return { candidates, duplicates }
}

const samePlace = (a: Candidate, b: Candidate | undefined): boolean =>
  b !== undefined && a.bytes === b.bytes && a.backend.port === b.backend.port
