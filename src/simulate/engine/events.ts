import type { ScenarioEvent } from '../model.ts'
import { type Deployment, step } from './deployment.ts'
import { type Lifecycle, crashPod, deletePod, failPod } from './lifecycle.ts'
import { endWhere } from './traffic.ts'
import { atTime } from './world.ts'

/** Puts in what will happen. Of one moment, in the order given. */
export const planEvents = (lifecycle: Lifecycle, deployment: Deployment): void => {
  const { world } = lifecycle
  for (const event of world.scenario.events) atTime(world, event.at, () => happen(lifecycle, deployment, event))
}

const happen = (lifecycle: Lifecycle, deployment: Deployment, event: ScenarioEvent): void => {
  const { world, book } = lifecycle
  switch (event.kind) {
    case 'rolling-update':
      deployment.revision += 1
      deployment.template = event.template
      deployment.maxSurge = event.maxSurge
      deployment.maxUnavailable = event.maxUnavailable
      deployment.minReadySeconds = event.minReadySeconds
      return step(deployment)
    case 'scale':
      deployment.replicas = event.replicas
      deployment.template = event.template
      return step(deployment)
    case 'restart':
      for (const pod of event.pods) crashPod(lifecycle, pod, event.downSeconds)
      return
    case 'fail':
      for (const pod of event.pods) failPod(lifecycle, pod, event.seconds)
      return
    case 'node-stall':
      for (const node of event.nodes)
        book.stalledUntil[node] = Math.max(book.stalledUntil[node] as number, world.now + event.seconds)
      return
    case 'drain':
      return drain(lifecycle, deployment, event)
    case 'reconnect':
      return reconnect(lifecycle, event)
  }
}

const drain = (
  lifecycle: Lifecycle,
  deployment: Deployment,
  { node, template }: Extract<ScenarioEvent, { kind: 'drain' }>,
): void => {
  const { pods } = lifecycle.world
  deployment.cordoned.add(node)
  deployment.template = template
  const evicted = Array.from({ length: pods.count }, (_, pod) => pod).filter((pod) => pods.node[pod] === node)
  for (const pod of evicted) deletePod(lifecycle, pod)
  step(deployment)
}

const reconnect = (
  { world, traffic }: Lifecycle,
  { clients, fraction }: Extract<ScenarioEvent, { kind: 'reconnect' }>,
): void => {
  const groups = new Set(clients)
  const { groupOf } = world.population
  const { connections } = traffic.routes
  const chosen = (slot: number): boolean =>
    groups.has(groupOf[connections.client[slot] as number] as number) && world.streams.cluster() < fraction
  endWhere(traffic, chosen, { broken: false })
}
