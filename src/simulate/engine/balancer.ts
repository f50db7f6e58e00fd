import { hash32 } from '../../util/random.ts'
import { samplerOf, type Sampler } from '../random.ts'
import type { LoadBalancer } from '../model.ts'
import { scaleTo } from '../policies/picker.ts'
import { READY, podsIn } from './endpoints.ts'
import { type World, atTime } from './world.ts'

/** The external load balancer: targets are nodes (instance mode) or pods (IP mode), picked by independent processes. */
export interface Balancer {
  readonly settings: LoadBalancer
  /** nodes or pods that may ever be targets */
  readonly width: number
  /** ascending */
  targets: readonly number[]
  /** by process */
  readonly turns: Int32Array
  /** [process × width + target]: open connections */
  readonly open: Int32Array
  readonly states: Uint8Array
  readonly lag: Sampler
  latest: number
}

/** null: the scenario has none. */
export const balancerOf = (world: World): Balancer | null => {
  const settings = world.scenario.policy.loadBalancer
  if (settings === null) return null
  const width = settings.mode === 'ip' ? world.pods.limit : world.scenario.nodes.length
  return {
    settings,
    width,
    targets: [],
    turns: new Int32Array(settings.instances),
    open: new Int32Array(settings.instances * width),
    states: new Uint8Array(world.pods.limit),
    lag: samplerOf(settings.lag, world.streams.cluster),
    latest: Number.NEGATIVE_INFINITY,
  }
}

/** It knows everything as it is: how a run begins. */
export const tellBalancerAll = (world: World, balancer: Balancer): void => {
  balancer.states.set(world.pods.endpoint)
  balancer.targets = targetsOf(world, balancer)
}

/** Tells it of a pod's new state, which it learns after its lag. */
export const tellBalancer = (world: World, balancer: Balancer, pod: number, state: number): void => {
  const time = Math.max(world.now + balancer.lag(), balancer.latest)
  balancer.latest = time
  const note = (): void => {
    balancer.states[pod] = state
    balancer.targets = targetsOf(world, balancer)
  }
  if (time === world.now) note()
  else atTime(world, time, note)
}

const targetsOf = (world: World, { settings, states }: Balancer): readonly number[] => {
  const ready = podsIn(states, READY)
  if (settings.mode === 'ip') return ready
  const nodes = world.scenario.nodes.map((_, node) => node)
  if (settings.externalTrafficPolicy === 'Cluster') return nodes
  const withPods = new Set(ready.map((pod) => world.pods.node[pod]))
  return nodes.filter((node) => withPods.has(node))
}

/** The target that a process picks for a client; −1: it has none. */
export const balance = (balancer: Balancer, process: number, address: number, random: Sampler): number => {
  const { targets, settings, turns } = balancer
  const { length } = targets
  if (length === 0) return -1
  switch (settings.scheduler) {
    case 'rr': {
      const turn = (turns[process] as number) % length
      turns[process] = turn + 1
      return targets[turn] as number
    }
    case 'random':
      return targets[scaleTo(random(), length)] as number
    case 'source':
      return targets[hash32(String(address)) % length] as number
    case 'least-connections':
      return leastOpen(balancer, process)
  }
}

/** Of equals the next after the last one picked, as HAProxy takes them in turn. */
const leastOpen = ({ targets, turns, open, width }: Balancer, process: number): number => {
  const { length } = targets
  const from = (turns[process] as number) % length
  let least = from
  for (let step = 1; step < length; step++) {
    const at = (from + step) % length
    const has = open[process * width + (targets[at] as number)] as number
    if (has < (open[process * width + (targets[least] as number)] as number)) least = at
  }
  turns[process] = least + 1
  return targets[least] as number
}
