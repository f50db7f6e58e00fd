import type { Backend } from '../../model/frontend.ts'
import { podAddress } from '../defaults.ts'
import type { PodTemplate, Scenario } from '../model.ts'
import { ABSENT } from './endpoints.ts'

/** Every pod that ever was in a run, in order of its coming; flat, by pod. */
export interface PodTable {
  /** no run of the scenario has more */
  readonly limit: number
  count: number
  readonly names: string[]
  readonly backends: Backend[]
  readonly templates: PodTemplate[]
  readonly node: Int32Array
  readonly weights: Float64Array
  readonly costs: Float64Array
  readonly capacity: Float64Array
  /** seconds; NaN: has not come */
  readonly startedAt: Float64Array
  readonly deletedAt: Float64Array
  /** when it last became ready: slow start counts from here */
  readonly readySince: Float64Array
  readonly exists: Uint8Array
  readonly accepting: Uint8Array
  /** connections open now */
  readonly open: Int32Array
  /** what the API server tells */
  readonly endpoint: Uint8Array
}

export const podTable = (scenario: Scenario): PodTable => {
  const limit = podLimit(scenario)
  return {
    limit,
    count: 0,
    names: [],
    backends: [],
    templates: [],
    node: new Int32Array(limit),
    weights: new Float64Array(limit).fill(1),
    costs: new Float64Array(limit).fill(1),
    capacity: new Float64Array(limit),
    startedAt: new Float64Array(limit).fill(Number.NaN),
    deletedAt: new Float64Array(limit).fill(Number.POSITIVE_INFINITY),
    readySince: new Float64Array(limit).fill(Number.NEGATIVE_INFINITY),
    exists: new Uint8Array(limit),
    accepting: new Uint8Array(limit),
    open: new Int32Array(limit),
    endpoint: new Uint8Array(limit).fill(ABSENT),
  }
}

/** Rolling updates and drains may bring every pod anew (a drain also those of a surge), scale-ups what is more. */
export const podLimit = ({ pods, events }: Pick<Scenario, 'pods' | 'events'>): number => {
  let limit = pods.length
  let replicas = pods.length
  let surge = 0
  for (const event of events.toSorted((a, b) => a.at - b.at)) {
    if (event.kind === 'scale') {
      limit += Math.max(0, event.replicas - replicas)
      replicas = event.replicas
    } else if (event.kind === 'rolling-update') {
      limit += replicas
      surge = event.maxSurge
    } else if (event.kind === 'drain') {
      limit += replicas + surge
    }
  }
  return limit
}

export interface NewPod {
  readonly name: string
  readonly node: number
  readonly address: string
  readonly template: PodTemplate
}

/** Enters a pod, which does not exist yet; answers its index. */
export const enterPod = (table: PodTable, { name, node, address, template }: NewPod, nodeName: string): number => {
  const pod = table.count
  if (pod === table.limit) throw new Error(`more than ${table.limit} pods: podLimit is wrong for this scenario`)
  table.count += 1
  const { weight } = template
  table.names.push(name)
  table.backends.push({ address, port: 80, weight, pod: `default/${name}`, node: nodeName })
  table.templates.push(template)
  table.node[pod] = node
  table.weights[pod] = weight
  table.costs[pod] = template.cost
  table.capacity[pod] = template.capacity
  return pod
}

/** An address that no pod of this node has had: pods of a run never share one. */
export const freshAddress = (table: PodTable, node: number): string => {
  const taken = new Set(table.backends.map(({ address }) => address))
  for (let n = 0; ; n++) {
    const address = podAddress(node, n)
    if (!taken.has(address)) return address
  }
}

/** `new-0`, `new-1`, …: the first that no pod has. */
export const freshName = (table: PodTable): string => {
  const taken = new Set(table.names)
  for (let n = 0; ; n++) if (!taken.has(`new-${n}`)) return `new-${n}`
}
