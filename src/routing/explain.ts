import type { NodeView } from '../model/node-view.ts'
import type { EndpointSlice, Family, Service, ServicePort } from '../model/objects.ts'
import { candidatesOf, type Candidate } from './candidates.ts'
import { clusterFate, localFate, selectionFor, type Admission, type Exclusion } from './categorize.ts'
import { portsOnNode, type PortOnNode } from './service-port.ts'
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

/** Pure, and apart from planning, which needs no reasons to be kept. Nothing for a Service that is not served here. */
export const explainService = (
  service: Service,
  slices: readonly EndpointSlice[],
  node: NodeView,
): readonly PortExplanation[] => portsOnNode(service, slices, node).map(explainPort)

const explainPort = (at: PortOnNode): PortExplanation => {
  const { port, family, node } = at
  const { candidates, duplicates } = candidatesOf(at)
  const selection = selectionFor(candidates, node)
  return {
    name: port.name,
    protocol: port.protocol,
    port: port.port,
    family,
    topology: selection.topology,
    endpoints: [
      ...candidates.map((one) => fated(one, clusterFate(one, selection, node), localFate(one, selection))),
      ...duplicates.map((one) => fated(one, 'duplicate', 'duplicate')),
      ...withoutPort(at),
    ],
  }
}

const fated = ({ backend, endpoint }: Candidate, cluster: Fate, local: Fate): EndpointFate => {
  const { address, port, pod, node, weight } = backend
  return { address, port, pod, node, zone: endpoint.zone, weight, cluster, local }
}

const withoutPort = (at: PortOnNode): readonly EndpointFate[] => {
  const { port, slices } = at
  const lacks = ({ ports }: EndpointSlice): boolean =>
    !ports.some(({ name, protocol }) => name === port.name && protocol === port.protocol)
  const pretended = slices.filter(lacks).map((slice) => ({ ...slice, ports: [{ ...port, port: 0 }] }))
  return candidatesOf({ ...at, slices: pretended }).candidates.map((one) => fated(one, 'no-port', 'no-port'))
}
