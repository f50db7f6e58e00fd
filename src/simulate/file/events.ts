import type { Path } from '../../sources/faults.ts'
import type { PodSpec, PodTemplate, ScenarioEvent } from '../model.ts'
import type { EventDocument } from './event-fields.ts'
import { find, type Names } from './names.ts'
import { templateOf } from './template.ts'
import type { ShapeFault } from './shape.ts'

export interface EventContext {
  /** what new pods have unless an event says otherwise */
  readonly template: PodTemplate
  readonly pods: readonly PodSpec[]
  readonly nodeNames: Names
  readonly podNames: Names
  readonly clientNames: Names
}

/** In the order of their times. */
export const eventsOf = (
  documents: readonly EventDocument[],
  context: EventContext,
  faults: ShapeFault[],
): readonly ScenarioEvent[] => {
  const ordered = documents
    .map((document, index) => ({ document, path: ['events', index] as Path }))
    .toSorted((a, b) => a.document.at - b.document.at)
  let replicas = context.pods.length
  return ordered.flatMap(({ document, path }) => {
    replicas = document.scale?.replicas ?? replicas
    const event = eventOf(document, replicas, context, path, faults)
    return event === null ? [] : [event]
  })
}

const eventOf = (
  document: EventDocument,
  replicas: number,
  context: EventContext,
  path: Path,
  faults: ShapeFault[],
): ScenarioEvent | null => {
  const { at, rollingUpdate, scale, restart, fail, stall, drain, reconnect } = document
  const { template, nodeNames, podNames, clientNames } = context
  const named = (names: Names, given: readonly string[], ...keys: readonly string[]): readonly number[] =>
    find(names, given, [...path, ...keys], faults)
  if (rollingUpdate !== undefined) {
    const { minReady = 0, pod } = rollingUpdate
    const bounds = rollout(rollingUpdate, replicas)
    if (bounds === null) {
      faults.push({
        path: [...path, 'rollingUpdate'],
        message: 'has maxSurge and maxUnavailable of 0: nothing could be replaced',
      })
      return null
    }
    return { kind: 'rolling-update', at, ...bounds, minReadySeconds: minReady, template: templateOf(pod, template) }
  }
  if (scale !== undefined)
    return { kind: 'scale', at, replicas: scale.replicas, template: templateOf(scale.pod, template) }
  if (restart !== undefined)
    return {
      kind: 'restart',
      at,
      pods: named(podNames, restart.pods, 'restart', 'pods'),
      downSeconds: restart.down ?? 0,
    }
  if (fail !== undefined)
    return { kind: 'fail', at, pods: named(podNames, fail.pods, 'fail', 'pods'), seconds: fail.for }
  if (stall !== undefined)
    return { kind: 'node-stall', at, nodes: named(nodeNames, stall.nodes, 'stall', 'nodes'), seconds: stall.for }
  if (drain !== undefined) {
    const [node, ...others] = named(nodeNames, [drain.node], 'drain', 'node')
    if (others.length > 0)
      faults.push({
        path: [...path, 'drain', 'node'],
        message: `${drain.node} is a group of ${others.length + 1} nodes: one drains at a time`,
      })
    return { kind: 'drain', at, node: node ?? 0, template: templateOf(drain.pod, template) }
  }
  const groups = reconnect?.clients
  return {
    kind: 'reconnect',
    at,
    clients:
      groups === undefined
        ? Array.from({ length: clientNames.count }, (_, index) => index)
        : named(clientNames, groups, 'reconnect', 'clients'),
    fraction: reconnect?.fraction ?? 1,
  }
}

/**
 * As the Deployment controller counts (pkg/controller/deployment/util ResolveFenceposts): per cent of surge are rounded up, of unavailable
 * down; where both come to 0 though not both were said to be, one pod may be unavailable. null: both were.
 */
const rollout = (
  {
    maxSurge = '25%',
    maxUnavailable = '25%',
  }: { readonly maxSurge?: string | number | undefined; readonly maxUnavailable?: string | number | undefined },
  replicas: number,
): { readonly maxSurge: number; readonly maxUnavailable: number } | null => {
  const pods = (given: string | number, round: (value: number) => number): number =>
    typeof given === 'number' ? given : round((Number(given.slice(0, -1)) / 100) * replicas)
  const surge = pods(maxSurge, Math.ceil)
  const unavailable = pods(maxUnavailable, Math.floor)
  if (surge > 0 || unavailable > 0) return { maxSurge: surge, maxUnavailable: unavailable }
  const zero = (given: string | number): boolean => given === 0 || given === '0%'
  return zero(maxSurge) && zero(maxUnavailable) ? null : { maxSurge: 0, maxUnavailable: 1 }
}
