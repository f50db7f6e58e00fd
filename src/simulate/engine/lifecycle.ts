import { type Sampler, samplerOf } from '../random.ts'
import { type Balancer, tellBalancer } from './balancer.ts'
import { ABSENT, type EndpointState, READY, TERMINATING } from './endpoints.ts'
import type { PodTable } from './pod-table.ts'
import { type RuleBook, tellNodes } from './rules.ts'
import { type Traffic, endWhere, endWithin } from './traffic.ts'
import { type World, atTime } from './world.ts'

/** What pods go through, and who is told. */
export interface Lifecycle {
  readonly world: World
  readonly book: RuleBook
  readonly balancer: Balancer | null
  readonly traffic: Traffic
  /** by pod: what was planned for an earlier life is void */
  readonly life: Int32Array
  /** by pod: when its readiness probes fall, seconds after its start */
  readonly phase: Float64Array
  /** a pod became ready, or is not any more, or is gone */
  changed: (pod: number) => void
}

/** The container starts: it accepts connections after its startup, and is ready when its probe says so (without one: at once). */
export const startContainer = (lifecycle: Lifecycle, pod: number): void => {
  const { world, life, phase } = lifecycle
  const { pods } = world
  const template = pods.templates[pod]
  if (template === undefined || pods.deletedAt[pod] !== Infinity) return
  const listens = world.now + drawOnce(template.startup, world.streams.cluster)
  during(lifecycle, pod, listens, () => (pods.accepting[pod] = 1))
  if (template.probe === null) return setEndpoint(lifecycle, pod, READY)
  const { periodSeconds, successThreshold } = template.probe
  const first = periodSeconds * world.streams.cluster() + world.now
  phase[pod] = first
  const ready = nextProbe(first, periodSeconds, listens) + (successThreshold - 1) * periodSeconds
  const own = life[pod]
  atTime(world, ready, () => life[pod] === own && setEndpoint(lifecycle, pod, READY))
}

const drawOnce = (duration: Parameters<typeof samplerOf>[0], uniform: Sampler): number => samplerOf(duration, uniform)()

/** Now, or later if the pod's life is still the same then. */
const during = ({ world, life }: Lifecycle, pod: number, time: number, action: () => void): void => {
  if (time <= world.now) return action()
  const own = life[pod]
  atTime(world, time, () => life[pod] === own && action())
}

/** The first probe at or after a time. */
const nextProbe = (phase: number, period: number, time: number): number =>
  phase + Math.max(0, Math.ceil((time - phase) / period)) * period

export const createPod = (lifecycle: Lifecycle, pod: number): void => {
  const { pods, now } = lifecycle.world
  pods.startedAt[pod] = now
  pods.exists[pod] = 1
  startContainer(lifecycle, pod)
}

/** There since long ago: accepting and ready, and everybody will be told so at the beginning. */
export const placePod = ({ world, phase }: Lifecycle, pod: number): void => {
  const { pods } = world
  pods.startedAt[pod] = Number.NEGATIVE_INFINITY
  pods.exists[pod] = 1
  pods.accepting[pod] = 1
  pods.endpoint[pod] = READY
  phase[pod] = (pods.templates[pod]?.probe?.periodSeconds ?? 0) * world.streams.cluster() + world.now
}

/** Deletion: out of the rules at once, the process goes on as its template says. */
export const deletePod = (lifecycle: Lifecycle, pod: number): void => {
  const { world, life } = lifecycle
  const { pods } = world
  const template = pods.templates[pod]
  if (template === undefined || pods.deletedAt[pod] !== Infinity) return
  pods.deletedAt[pod] = world.now
  life[pod] = (life[pod] as number) + 1
  setEndpoint(lifecycle, pod, pods.endpoint[pod] === READY ? TERMINATING : ABSENT)
  const { lameDuckSeconds, graceSeconds, drain } = template
  during(lifecycle, pod, world.now + lameDuckSeconds, () => {
    pods.accepting[pod] = 0
    if (drain === 'close') endWithin(lifecycle.traffic, pod, graceSeconds - lameDuckSeconds)
  })
  during(lifecycle, pod, world.now + graceSeconds, () => {
    pods.exists[pod] = 0
    pods.accepting[pod] = 0
    setEndpoint(lifecycle, pod, ABSENT)
    breakConnections(lifecycle, pod)
  })
}

/** The container crashes and starts again `downSeconds` later. */
export const crashPod = (lifecycle: Lifecycle, pod: number, downSeconds: number): void => {
  const { world, life } = lifecycle
  const { pods } = world
  if (!isAlive(pods, pod)) return
  life[pod] = (life[pod] as number) + 1
  pods.accepting[pod] = 0
  setEndpoint(lifecycle, pod, ABSENT)
  breakConnections(lifecycle, pod)
  during(lifecycle, pod, world.now + downSeconds, () => startContainer(lifecycle, pod))
}

/** It refuses new connections for a while; a probe notices after its failures in a row, and again when it is well. */
export const failPod = (lifecycle: Lifecycle, pod: number, seconds: number): void => {
  const { world, phase } = lifecycle
  const { pods } = world
  const probe = pods.templates[pod]?.probe ?? null
  if (!isAlive(pods, pod) || pods.accepting[pod] === 0) return
  const well = world.now + seconds
  pods.accepting[pod] = 0
  during(lifecycle, pod, well, () => (pods.accepting[pod] = 1))
  if (probe === null) return
  const { periodSeconds, failureThreshold, successThreshold } = probe
  const start = phase[pod] as number
  const noticed = nextProbe(start, periodSeconds, world.now) + (failureThreshold - 1) * periodSeconds
  if (noticed >= well) return
  during(lifecycle, pod, noticed, () => setEndpoint(lifecycle, pod, ABSENT))
  const ready = nextProbe(start, periodSeconds, well) + (successThreshold - 1) * periodSeconds
  during(lifecycle, pod, ready, () => setEndpoint(lifecycle, pod, READY))
}

const isAlive = ({ exists, deletedAt }: PodTable, pod: number): boolean =>
  exists[pod] === 1 && deletedAt[pod] === Number.POSITIVE_INFINITY

const breakConnections = ({ traffic }: Lifecycle, pod: number): void =>
  endWhere(traffic, (slot) => traffic.routes.connections.pod[slot] === pod, { broken: true })

const setEndpoint = (lifecycle: Lifecycle, pod: number, state: EndpointState): void => {
  const { world, book, balancer } = lifecycle
  const { pods } = world
  if (pods.endpoint[pod] === state) return
  pods.endpoint[pod] = state
  if (state === READY) pods.readySince[pod] = world.now
  tellNodes(world, book, pod, state)
  if (balancer !== null) tellBalancer(world, balancer, pod, state)
  lifecycle.changed(pod)
}
