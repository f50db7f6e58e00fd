import type { InputProblem } from '../../model/snapshot.ts'
import { serviceKey } from '../../model/objects.ts'
import { Faults, type Where } from '../../sources/faults.ts'
import { isRaw, type Raw } from '../../sources/fields.ts'
import type { PodSpec } from '../cluster.ts'
import { selects } from './endpoint-slices.ts'
import { readLabService, type LabService } from './service.ts'
import { isWorkload, podSpecs, readWorkload, type Workload } from './workload.ts'

/** An object as a file has it, and where. */
export interface Document {
  readonly raw: unknown
  readonly where: Where
}

/** What an application's manifests come to in a lab. */
export interface Application {
  readonly services: readonly LabService[]
  readonly pods: readonly PodSpec[]
  /** EndpointSlices that its author wrote, for Services without a selector */
  readonly slices: readonly Raw[]
  readonly problems: readonly InputProblem[]
  /** in words: what was left out or made smaller */
  readonly notes: readonly string[]
}

export interface ApplicationOptions {
  readonly nodes: number
  /** instead of every workload's own replicas */
  readonly replicas?: number
}

/** The most pods that a lab starts: each is a process. */
export const podLimits = { perWorkload: 20, total: 60 } as const

/** Kinds that are no traffic and need no word. */
const silent = new Set(['ServiceAccount', 'ConfigMap', 'Secret', 'Namespace', 'PodDisruptionBudget', 'NetworkPolicy'])

export const readApplication = (documents: readonly Document[], options: ApplicationOptions): Application => {
  const problems: InputProblem[] = []
  const notes: string[] = []
  const services: LabService[] = []
  const workloads: Workload[] = []
  const slices: Raw[] = []
  const leftOut = new Map<string, number>()
  for (const { raw, where } of documents) {
    if (!isRaw(raw)) continue
    const faults = new Faults()
    const kind = String(raw['kind'])
    if (kind === 'Service' && raw['apiVersion'] === 'v1') keep(services, readLabService(raw, faults), faults)
    else if (isWorkload(kind)) keep(workloads, readWorkload(raw, kind, faults), faults)
    else if (kind === 'EndpointSlice') slices.push(raw)
    else if (!silent.has(kind)) leftOut.set(kind, (leftOut.get(kind) ?? 0) + 1)
    problems.push(...faults.problems(`${kind} ${nameOf(raw)}`, where))
  }
  for (const [kind, count] of leftOut) notes.push(`${count} × ${kind}: not for a lab, left out`)
  const pods = withTargetPorts(limited(workloads, options, notes), services)
  for (const service of services) if (isIdle(service, pods)) notes.push(idleNote(service))
  return { services, pods, slices, problems, notes }
}

const keep = <T>(list: T[], value: T, faults: Faults): void => {
  if (faults.open === 0) list.push(value)
}

const nameOf = (raw: Raw): string => {
  const metadata = raw['metadata']
  if (!isRaw(metadata)) return ''
  const { namespace, name } = metadata
  return serviceKey({
    namespace: typeof namespace === 'string' ? namespace : 'default',
    name: typeof name === 'string' ? name : '',
  })
}

const limited = (workloads: readonly Workload[], options: ApplicationOptions, notes: string[]): readonly PodSpec[] => {
  const pods: PodSpec[] = []
  for (const workload of workloads) {
    const wanted = podSpecs(workload, options)
    const room = Math.min(podLimits.perWorkload, podLimits.total - pods.length)
    if (wanted.length > room)
      notes.push(
        `${workload.kind} ${workload.namespace}/${workload.name}: ${room} of ${wanted.length} pods (a lab starts at most ${podLimits.perWorkload} of a workload and ${podLimits.total} in all)`,
      )
    pods.push(...wanted.slice(0, room))
  }
  return pods
}

/** Containers need not declare their ports: a Service's numeric target port is one. */
const withTargetPorts = (pods: readonly PodSpec[], services: readonly LabService[]): readonly PodSpec[] =>
  pods.map((pod) => {
    const ports = [...pod.ports]
    for (const service of services.filter((service) => selects(service, pod)))
      for (const { targetPort, protocol } of service.ports)
        if (
          typeof targetPort === 'number' &&
          !ports.some((one) => one.port === targetPort && one.protocol === protocol)
        )
          ports.push({ name: '', protocol, port: targetPort })
    return { ...pod, ports }
  })

/** It has a selector, and no pod matches. */
const isIdle = (service: LabService, pods: readonly PodSpec[]): boolean =>
  service.type !== 'ExternalName' && service.selector !== null && !pods.some((pod) => selects(service, pod))

const idleNote = (service: LabService): string => {
  const selector = Object.entries(service.selector ?? {}).map(([key, value]) => `${key}=${value}`)
  return `Service ${serviceKey(service)}: its selector ${selector.join(',') || '(empty)'} matches no pod`
}
