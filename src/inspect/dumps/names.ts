import { canonicalAddress, formatEndpoint } from '../../model/address.ts'
import {
  type EndpointSlice,
  type Node,
  type Protocol,
  type Service,
  type ServiceKey,
  serviceKey,
} from '../../model/objects.ts'
import type { InputProblem } from '../../model/snapshot.ts'
import { documentsOf, isProblem } from '../../sources/documents.ts'
import { isRaw } from '../../sources/fields.ts'
import { parseObject } from '../../sources/objects.ts'
import { type PodState, podStateOf } from './pod-state.ts'

/** Who has an address, as objects tell it. Empty text: not said. */
export interface BackendName {
  /** `namespace/pod` */
  readonly pod: string
  readonly node: string
  readonly zone: string
}

/** Names for the addresses in rules, from `kubectl get … -o yaml|json` of Services, EndpointSlices, Pods and Nodes. */
export interface ClusterNames {
  /** `address`: also of Pods that no EndpointSlice names */
  readonly backends: ReadonlyMap<string, BackendName>
  /** by `10.96.0.10:53/UDP` or `node:30080/TCP`: `namespace/name:port` */
  readonly services: ReadonlyMap<string, string>
  /** by name */
  readonly nodes: ReadonlyMap<string, Node>
  /** by address, of Pod objects */
  readonly pods: ReadonlyMap<string, PodState>
  readonly serviceObjects: ReadonlyMap<ServiceKey, Service>
  readonly slices: ReadonlyMap<ServiceKey, readonly EndpointSlice[]>
  readonly problems: readonly InputProblem[]
}

export interface ObjectFile {
  readonly name: string
  readonly content: Buffer
}

/** Reads what names things; other kinds are nothing to it. Never throws: what cannot be read is a problem. */
export const readNames = (files: readonly ObjectFile[]): ClusterNames => {
  const names = new NameBook()
  for (const { name, content } of files) names.read(content, name)
  return names.finished()
}

class NameBook {
  readonly #backends = new Map<string, BackendName>()
  readonly #services = new Map<string, string>()
  readonly #nodes = new Map<string, Node>()
  readonly #pods = new Map<string, PodState>()
  readonly #objects = new Map<ServiceKey, Service>()
  readonly #slices = new Map<ServiceKey, EndpointSlice[]>()
  readonly #problems: InputProblem[] = []

  read(content: Buffer, file: string): void {
    for (const document of documentsOf(content, file)) {
      if (isProblem(document)) {
        this.#problems.push(document)
        continue
      }
      const { object, problems } = parseObject(document.value, document.where, (text) => text)
      this.#problems.push(...problems)
      if (object?.kind === 'EndpointSlice') this.#slice(object.value)
      else if (object?.kind === 'Service') this.#service(object.value)
      else if (object?.kind === 'Node') this.#nodes.set(object.value.name, object.value)
      else this.#pod(document.value)
    }
  }

  /** Zones come from the Nodes where the slices do not say them. */
  finished(): ClusterNames {
    for (const [address, backend] of this.#backends) {
      const zone = backend.zone || (this.#nodes.get(backend.node)?.labels['topology.kubernetes.io/zone'] ?? '')
      if (zone !== backend.zone) this.#backends.set(address, { ...backend, zone })
    }
    return {
      backends: this.#backends,
      services: this.#services,
      nodes: this.#nodes,
      pods: this.#pods,
      serviceObjects: this.#objects,
      slices: this.#slices,
      problems: this.#problems,
    }
  }

  #slice(slice: EndpointSlice): void {
    const { namespace, endpoints, service } = slice
    this.#slices.set(service, [...(this.#slices.get(service) ?? []), slice])
    for (const { address, pod, nodeName, zone } of endpoints)
      this.#backend(address, { pod: pod === '' ? '' : `${namespace}/${pod}`, node: nodeName, zone })
  }

  #backend(address: string, name: BackendName): void {
    const before = this.#backends.get(address)
    if (before === undefined) this.#backends.set(address, name)
    else
      this.#backends.set(address, {
        pod: before.pod || name.pod,
        node: before.node || name.node,
        zone: before.zone || name.zone,
      })
  }

  #service(service: Service): void {
    const { namespace, name, headless, clusterIPs, externalIPs, loadBalancerIngress, ports } = service
    this.#objects.set(serviceKey(service), service)
    const addresses = [...(headless ? [] : clusterIPs), ...externalIPs, ...loadBalancerIngress.map(({ ip }) => ip)]
    for (const port of ports) {
      const title = `${namespace}/${name}${port.name === '' ? '' : `:${port.name}`}`
      const add = (frontend: string, protocol: Protocol): void => {
        this.#services.set(`${frontend}/${protocol}`, title)
      }
      for (const address of addresses) add(formatEndpoint(address, port.port), port.protocol)
      if (port.nodePort !== 0) for (const node of ['node', 'node6']) add(`${node}:${port.nodePort}`, port.protocol)
    }
  }

  /** A Pod on the host's network shares its address with others, so it names nobody. */
  #pod(value: unknown): void {
    if (!isRaw(value) || value['kind'] !== 'Pod' || !isRaw(value['metadata']) || !isRaw(value['status'])) return
    const { metadata, spec, status } = value
    if (isRaw(spec) && spec['hostNetwork'] === true) return
    const { name, namespace = 'default' } = metadata
    const state = podStateOf(metadata, status)
    const listed = Array.isArray(status['podIPs'])
      ? status['podIPs'].map((one: unknown) => (isRaw(one) ? one['ip'] : null))
      : []
    for (const ip of new Set([status['podIP'], ...listed])) {
      const address = typeof ip === 'string' ? canonicalAddress(ip) : null
      const node = isRaw(spec) && typeof spec['nodeName'] === 'string' ? spec['nodeName'] : ''
      if (address === null) continue
      this.#backend(address, { pod: `${String(namespace)}/${String(name)}`, node, zone: '' })
      this.#pods.set(address, state)
    }
  }
}
