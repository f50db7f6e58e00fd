import type { Family } from '../../model/objects.ts'
import { hash32 } from '../../util/random.ts'
import type { ContainerPort, LabNode, LabPod } from '../cluster.ts'
import type { LabService, LabServicePort } from './service.ts'

/**
 * EndpointSlices of a Service as Kubernetes' EndpointSlice controller makes them (staging/src/k8s.io/endpointslice, 1.34).
 * Two differences: names are the same every time, and slices are filled in the pods' order.
 */
export interface PodState {
  readonly pod: LabPod
  /** the pod's Ready condition: it goes on being true while a terminating pod still serves */
  readonly ready: boolean
  /** deletionTimestamp is set */
  readonly terminating: boolean
}

/** maxEndpointsPerSlice of kube-controller-manager */
export const endpointsPerSlice = 100

export const selects = (service: LabService, { namespace, labels }: Pick<LabPod, 'namespace' | 'labels'>): boolean =>
  service.selector !== null &&
  Object.keys(service.selector).length > 0 &&
  namespace === service.namespace &&
  Object.entries(service.selector).every(([key, value]) => labels[key] === value)

/** A port's number in a pod; null: no container has a port of that name and protocol, so the pod does not serve it. */
const findPort = (
  { targetPort, protocol }: LabServicePort,
  { ports }: { readonly ports: readonly ContainerPort[] },
): number | null => {
  if (typeof targetPort === 'number') return targetPort
  return ports.find((port) => port.name === targetPort && port.protocol === protocol)?.port ?? null
}

interface SlicePort {
  readonly name: string
  readonly protocol: string
  readonly port: number
  readonly appProtocol?: string
}

const portsOf = (service: LabService, pod: LabPod): readonly SlicePort[] =>
  service.ports.flatMap((port) => {
    const number = findPort(port, pod)
    if (number === null) return []
    const { name, protocol, appProtocol } = port
    return [{ name, protocol, port: number, ...(appProtocol === '' ? {} : { appProtocol }) }]
  })

/** None for ExternalName and for Services without a selector: others write theirs. */
export const endpointSlices = (
  service: LabService,
  pods: readonly PodState[],
  nodes: readonly LabNode[],
): readonly object[] => {
  if (service.type === 'ExternalName' || service.selector === null) return []
  const selected = pods.filter(({ pod }) => selects(service, pod))
  return service.ipFamilies.flatMap((family) => slicesOfFamily(service, selected, nodes, family))
}

const slicesOfFamily = (
  service: LabService,
  pods: readonly PodState[],
  nodes: readonly LabNode[],
  family: Family,
): readonly object[] => {
  // pods that resolve a named port to different numbers cannot share a slice
  const groups = Map.groupBy(pods, ({ pod }) => JSON.stringify(portsOf(service, pod)))
  if (groups.size === 0) return [slice(service, family, 'none', [], [])]
  return [...groups].flatMap(([ports, members]) => {
    const mark = hash32(ports).toString(36).padStart(7, '0').slice(0, 5)
    return chunks(members, endpointsPerSlice).map((chunk, index) =>
      slice(
        service,
        family,
        `${mark}${index === 0 ? '' : `-${index}`}`,
        JSON.parse(ports) as SlicePort[],
        chunk.map((state) => endpoint(service, state, nodes, family)),
      ),
    )
  })
}

const chunks = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))

const slice = (
  service: LabService,
  family: Family,
  mark: string,
  ports: readonly SlicePort[],
  endpoints: readonly object[],
): object => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    namespace: service.namespace,
    name: `${service.name}-${family.toLowerCase()}-${mark}`,
    labels: {
      ...service.labels,
      ...(service.clusterIPs.length === 0 ? { 'service.kubernetes.io/headless': '' } : {}),
      'kubernetes.io/service-name': service.name,
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    },
  },
  addressType: family,
  ports,
  endpoints,
})

const endpoint = (
  service: LabService,
  { pod, ready: serving, terminating }: PodState,
  nodes: readonly LabNode[],
  family: Family,
): object => {
  const zone = nodes.find(({ name }) => name === pod.node)?.zone ?? ''
  // a terminating pod is never ready, unless its Service publishes whatever there is
  const ready = service.publishNotReadyAddresses || (serving && !terminating)
  return {
    addresses: [pod.addresses[family]],
    conditions: { ready, serving, terminating },
    targetRef: { kind: 'Pod', namespace: pod.namespace, name: pod.name },
    nodeName: pod.node,
    ...(zone === '' ? {} : { zone }),
    ...(ready ? hints(service.trafficDistribution, pod.node, zone) : {}),
  }
}

const close = new Set(['PreferClose', 'PreferSameZone', 'PreferSameNode'])

/** Only ready endpoints get hints; PreferSameNode (KEP-3015) names the zone too, for proxies that know only zones. */
const hints = (distribution: string, node: string, zone: string): object => {
  if (!close.has(distribution)) return {}
  const forZones = zone === '' ? {} : { forZones: [{ name: zone }] }
  const forNodes = distribution === 'PreferSameNode' ? { forNodes: [{ name: node }] } : {}
  return Object.keys({ ...forZones, ...forNodes }).length === 0 ? {} : { hints: { ...forZones, ...forNodes } }
}
