import type { PodTemplate } from '../model.ts'
import { READY } from './endpoints.ts'
import { type Lifecycle, createPod, deletePod } from './lifecycle.ts'
import { enterPod, freshAddress, freshName } from './pod-table.ts'
import { atTime } from './world.ts'

/** The controllers of Deployment and ReplicaSet, as far as they decide which pods come and go. */
export interface Deployment {
  readonly lifecycle: Lifecycle
  replicas: number
  template: PodTemplate
  maxSurge: number
  maxUnavailable: number
  minReadySeconds: number
  /** pods of an earlier one are replaced */
  revision: number
  /** by pod */
  readonly revisionOf: Int32Array
  /** nodes that take no new pods */
  readonly cordoned: Set<number>
  stepping: boolean
}

/** Brings pods and deletes pods as far as maxSurge and maxUnavailable allow at this moment (deployment/rolling.go). */
export const step = (deployment: Deployment): void => {
  // what it does may make it be called again: the loop goes round for that
  if (deployment.stepping) return
  deployment.stepping = true
  while (grow(deployment) || shrink(deployment));
  deployment.stepping = false
}

/** A pod's state changed: now, and when it has been ready for long enough. */
export const podChanged = (deployment: Deployment, pod: number): void => {
  const { world } = deployment.lifecycle
  step(deployment)
  if (world.pods.endpoint[pod] === READY && deployment.minReadySeconds > 0)
    atTime(world, world.now + deployment.minReadySeconds, () => step(deployment))
}

const active = ({ lifecycle }: Deployment): number[] => {
  const { pods } = lifecycle.world
  return Array.from({ length: pods.count }, (_, pod) => pod).filter((pod) => pods.deletedAt[pod] === Infinity)
}

const isAvailable = ({ lifecycle, minReadySeconds }: Deployment, pod: number): boolean => {
  const { pods, now } = lifecycle.world
  // as the moment of the next look is added up: the difference may be a rounding smaller
  return pods.endpoint[pod] === READY && now >= (pods.readySince[pod] as number) + minReadySeconds
}

const grow = (deployment: Deployment): boolean => {
  const pods = active(deployment)
  const current = pods.filter((pod) => deployment.revisionOf[pod] === deployment.revision).length
  const room = Math.min(deployment.replicas - current, deployment.replicas + deployment.maxSurge - pods.length)
  if (room <= 0 || deployment.cordoned.size === deployment.lifecycle.world.scenario.nodes.length) return false
  for (let i = 0; i < room; i++) create(deployment)
  return true
}

const create = (deployment: Deployment): void => {
  const { lifecycle, template } = deployment
  const { pods, scenario } = lifecycle.world
  const node = emptiestNode(deployment)
  const pod = enterPod(
    pods,
    { name: freshName(pods), node, address: freshAddress(pods, node), template },
    scenario.nodes[node]?.name ?? '',
  )
  deployment.revisionOf[pod] = deployment.revision
  createPod(lifecycle, pod)
}

/** With the fewest pods, the first of equals; not all nodes are cordoned. */
const emptiestNode = (deployment: Deployment): number => {
  const { pods, scenario } = deployment.lifecycle.world
  const counts = scenario.nodes.map(() => 0)
  for (const pod of active(deployment)) counts[pods.node[pod] as number] = (counts[pods.node[pod] as number] ?? 0) + 1
  const open = counts.map((count, node) => (deployment.cordoned.has(node) ? Infinity : count))
  return open.indexOf(Math.min(...open))
}

const shrink = (deployment: Deployment): boolean => {
  const victims = victimsOf(deployment)
  for (const pod of victims) deletePod(deployment.lifecycle, pod)
  return victims.length > 0
}

const victimsOf = (deployment: Deployment): number[] => {
  const { replicas, maxUnavailable, revision, revisionOf } = deployment
  const pods = active(deployment)
  const old = pods.filter((pod) => revisionOf[pod] !== revision)
  const current = pods.filter((pod) => revisionOf[pod] === revision)
  if (old.length === 0) return inOrderOfDeletion(deployment, current).slice(0, Math.max(0, current.length - replicas))
  const available = (pod: number): boolean => isAvailable(deployment, pod)
  const least = replicas - maxUnavailable
  const spare = pods.length - least - current.filter((pod) => !available(pod)).length
  const order = inOrderOfDeletion(deployment, old)
  const idle = order.filter((pod) => !available(pod)).slice(0, Math.max(0, spare))
  const busy = order.filter(available).slice(0, Math.max(0, pods.filter(available).length - least))
  return [...idle, ...busy]
}

/** Not ready first, then from nodes with more of them, then the youngest (ReplicaSet's ranking). */
const inOrderOfDeletion = (deployment: Deployment, among: readonly number[]): number[] => {
  const { pods } = deployment.lifecycle.world
  const onNode = (pod: number): number => among.filter((other) => pods.node[other] === pods.node[pod]).length
  const counts = new Map(among.map((pod) => [pod, onNode(pod)]))
  return [...among].sort(
    (a, b) =>
      Number(pods.endpoint[a] === READY) - Number(pods.endpoint[b] === READY) ||
      (counts.get(b) ?? 0) - (counts.get(a) ?? 0) ||
      later(pods.startedAt[b] as number, pods.startedAt[a] as number) ||
      b - a,
  )
}

/** −∞ − −∞ is no order. */
const later = (a: number, b: number): number => (a === b ? 0 : a - b)
