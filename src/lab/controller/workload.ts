import type { Faults } from '../../sources/faults.ts'
import {
  inMap,
  isRaw,
  type Raw,
  readInteger,
  readItems,
  readMaps,
  readName,
  readOneOf,
  readString,
} from '../../sources/fields.ts'
import { readIdentity } from '../../sources/metadata.ts'
import type { ContainerPort, PodSpec } from '../cluster.ts'
import { readStrings } from './service.ts'

/** What runs pods. Their images are not run: a generic server listens on the container ports. */
export interface Workload {
  readonly kind: WorkloadKind
  readonly namespace: string
  readonly name: string
  readonly replicas: number
  readonly labels: Readonly<Record<string, string>>
  readonly ports: readonly ContainerPort[]
}

const kinds = ['Deployment', 'StatefulSet', 'ReplicaSet', 'ReplicationController', 'DaemonSet', 'Pod'] as const
export type WorkloadKind = (typeof kinds)[number]

export const isWorkload = (kind: string): kind is WorkloadKind => kinds.some((one) => one === kind)

/** Use the answer only when `faults.open` is 0. */
export const readWorkload = (raw: Raw, kind: WorkloadKind, faults: Faults): Workload => {
  const identity = readIdentity(raw, faults, { namespaced: true, name: 'subdomain' })
  if (kind === 'Pod') return { kind, ...identity, replicas: 1, ...readTemplate(raw, faults) }
  return inMap(raw, 'spec', faults, (spec) => ({
    kind,
    ...identity,
    replicas: readInteger(spec, 'replicas', faults, { min: 0, max: 1_000_000, fallback: 1 }),
    ...inMap(spec, 'template', faults, (template) => readTemplate(template, faults)),
  }))
}

const readTemplate = (template: Raw, faults: Faults): Pick<Workload, 'labels' | 'ports'> => ({
  labels: inMap(template, 'metadata', faults, (metadata) => readStrings(metadata, 'labels', faults)),
  ports: inMap(template, 'spec', faults, (spec) => [
    ...readMaps(spec, 'containers', faults, 'this container', readPorts).flat(),
    ...readMaps(withSidecars(spec, faults), 'initContainers', faults, 'this container', readPorts).flat(),
  ]),
})

/** Init containers with restartPolicy Always run as long as the pod (KEP-753); the others have gone when it serves. */
const withSidecars = (spec: Raw, faults: Faults): Raw => ({
  initContainers: readItems(spec, 'initContainers', faults).filter(
    (container) => isRaw(container) && container['restartPolicy'] === 'Always',
  ),
})

const readPorts = (container: Raw, faults: Faults): ContainerPort[] =>
  readMaps(container, 'ports', faults, 'this port', (port) => ({
    name: readName(port, 'name', faults, 'label') || readString(port, 'name', faults),
    protocol: readOneOf(port, 'protocol', faults, ['TCP', 'UDP', 'SCTP'], 'TCP'),
    port: readInteger(port, 'containerPort', faults, { min: 1, max: 65535 }),
  }))

/** Named by number, as a StatefulSet does; a DaemonSet has one on every node. */
export const podSpecs = (
  { kind, namespace, name, replicas, labels, ports }: Workload,
  options: { readonly nodes: number; readonly replicas?: number },
): readonly PodSpec[] => {
  const spec = { namespace, labels, ports }
  if (kind === 'Pod') return [{ ...spec, name }]
  if (kind === 'DaemonSet')
    return Array.from({ length: options.nodes }, (_, i) => ({ ...spec, name: `${name}-${i}`, node: `node-${i}` }))
  // one that its author scaled to nothing stays so
  const count = replicas === 0 ? 0 : (options.replicas ?? replicas)
  return Array.from({ length: count }, (_, i) => ({ ...spec, name: `${name}-${i}` }))
}
