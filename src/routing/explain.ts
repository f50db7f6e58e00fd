import type { NodeView } from '../model/node-view.ts'
import type { EndpointSlice, Family, Service, ServicePort } from '../model/objects.ts'
import { candidatesOf, type Candidate } from './candidates.ts'
import { clusterFate, localFate, selectionFor, type Admission, type Exclusion } from './categorize.ts'
import { familiesOf, isServed } from './plan.ts'
import type { Topology } from './topology.ts'

/** `duplicate`: another entry for the same address and port counts. `no-port`: its slice does not have the Service's port. */
export type Fate = Admission | Exclusion | 'duplicate' | 'no-port'

/** Why an endpoint is, or is not, in the sets that this node uses. */
export interface EndpointFate {
  readonly address: string
  /** 0: its slice does not have the Service's port */
  readonly port: number
  /** `namespace/pod`, '' unknown */
  readonly pod: string
  readonly node: string
  readonly zone: string
  readonly weight: number
  /** under traffic policy Cluster */
  readonly cluster: Fate
  /** under traffic policy Local */
  readonly local: Fate
}

/** One ServicePort in one family. */
export interface PortExplanation {
  readonly name: string
  readonly protocol: ServicePort['protocol']
  readonly port: number
  readonly family: Family
  /** whether hints narrow the cluster set here */
  readonly topology: Topology
  /** by address bytes, then port; duplicates and endpoints without the port last */
  readonly endpoints: readonly EndpointFate[]
}

/** Why a Service has no frontends on this node; null: it is served. */
export const whyNotServed = (service: Service, node: NodeView): string | null => {
  if (service.proxyName !== node.proxyName) {
    const owner = service.proxyName === '' ? 'the default proxy' : `proxy ${JSON.stringify(service.proxyName)}`
    return `it belongs to ${owner} (label service.kubernetes.io/service-proxy-name)`
  }
  if (service.type === 'ExternalName') return 'type ExternalName is a DNS alias'
  if (service.headless) return 'it is headless: clients find its endpoints by DNS'
  if (familiesOf(service, node).length === 0) return 'it has no cluster IP'
  return null
}

/** Pure, and apart from planning, which needs no reasons to be kept. */
export const explainService = (
  service: Service,
  slices: readonly EndpointSlice[],
  node: NodeView,
): readonly PortExplanation[] => {
  if (!isServed(service, node)) return []
  return familiesOf(service, node).flatMap(({ family }) =>
    service.ports.map((port) => explainPort(service, port, family, slices, node)),
  )
}

const explainPort = (
  service: Service,
  port: ServicePort,
  family: Family,
  slices: readonly EndpointSlice[],
  node: NodeView,
): PortExplanation => {
  const { candidates, duplicates } = candidatesOf(service, port, family, slices, node)
  const selection = selectionFor(candidates, node)
  const { name, protocol, port: number } = port
  return {
    name,
    protocol,
    port: number,
    family,
    topology: selection.topology,
    endpoints: [
      ...candidates.map((one) => fated(one, clusterFate(one, selection, node), localFate(one, selection))),
      ...duplicates.map((one) => fated(one, 'duplicate', 'duplicate')),
      ...withoutPort(service, port, family, slices, node),
    ],
  }
}

const fated = ({ backend, endpoint }: Candidate, cluster: Fate, local: Fate): EndpointFate => {
  const { address, port, pod, node, weight } = backend
  return { address, port, pod, node, zone: endpoint.zone, weight, cluster, local }
}

const withoutPort = (
  service: Service,
  port: ServicePort,
  family: Family,
  slices: readonly EndpointSlice[],
  node: NodeView,
): readonly EndpointFate[] => {
  const lacks = ({ ports }: EndpointSlice): boolean =>
    !ports.some(({ name, protocol }) => name === port.name && protocol === port.protocol)
  const others = slices.filter((slice) => slice.family === family && lacks(slice))
  const pretended = others.map((slice) => ({ ...slice, ports: [{ ...port, port: 0 }] }))
  const { candidates } = candidatesOf(service, port, family, pretended, node)
  return candidates.map((one) => fated(one, 'no-port', 'no-port'))
}
