import { defaultTemplate } from '../defaults.ts'
import { type Measure, type PodRun, type RunOutcome, type Scenario, measures } from '../model.ts'
import { nextAged, takeAged } from './aging.ts'
import { balancerOf, tellBalancerAll } from './balancer.ts'
import { forget, routesOf } from './connections.ts'
import { type Deployment, podChanged } from './deployment.ts'
import { READY } from './endpoints.ts'
import { planEvents } from './events.ts'
import { type Lifecycle, createPod, placePod } from './lifecycle.ts'
import { enterPod } from './pod-table.ts'
import { dropFirst } from './queue.ts'
import { ruleBook, tellAll } from './rules.ts'
import { measureInto } from './tally.ts'
import { type Traffic, beginTraffic, onArrival, onEnd, onOpen, trafficOf } from './traffic.ts'
import { ACTION, ARRIVAL, END, OPEN, type World, atTime, startCounts, worldOf } from './world.ts'

/** Seconds of the samples: 0, sampleSeconds, … and the end. */
export const sampleTimes = ({ seconds, sampleSeconds }: Pick<Scenario, 'seconds' | 'sampleSeconds'>): Float64Array => {
  // a last one that rounding puts just before the end is the end
  const whole = Math.ceil(seconds / sampleSeconds - 1e-9)
  return Float64Array.from({ length: whole + 1 }, (_, i) => (i === whole ? seconds : i * sampleSeconds))
}

/** One run. `seed` is the run's own. Throws RangeError after `maxEvents` events. */
export const runOnce = (scenario: Scenario, seed: string, maxEvents: number): RunOutcome => {
  const world = worldOf(scenario, seed)
  const traffic = begin(world)
  const guard = { left: maxEvents, most: maxEvents }
  if (scenario.warmUpSeconds > 0) {
    advance(world, traffic, 0, false, guard)
    startCounts(world)
  }
  const times = sampleTimes(scenario)
  const { limit } = world.pods
  const amounts = new Float64Array(times.length * limit)
  const states = new Uint8Array(times.length * limit)
  for (const [sample, time] of times.entries()) {
    advance(world, traffic, time, true, guard)
    measure(world, scenario.measure, amounts, sample * limit)
    stateInto(world, states, sample * limit)
  }
  return outcomeOf(world, times, amounts, states)
}

/** Everything in place at the beginning of the warm-up. */
const begin = (world: World): Traffic => {
  const book = ruleBook(world)
  const balancer = balancerOf(world)
  const traffic = trafficOf(routesOf(world, book, balancer))
  const { limit } = world.pods
  const lifecycle: Lifecycle = {
    world,
    book,
    balancer,
    traffic,
    life: new Int32Array(limit),
    phase: new Float64Array(limit),
    changed: (pod) => podChanged(deployment, pod),
  }
  const deployment = deploymentOf(lifecycle)
  enterPods(lifecycle)
  tellAll(world, book)
  if (balancer !== null) tellBalancerAll(world, balancer)
  planEvents(lifecycle, deployment)
  beginTraffic(traffic)
  return traffic
}

const deploymentOf = (lifecycle: Lifecycle): Deployment => {
  const { scenario, pods } = lifecycle.world
  const [first] = scenario.pods
  return {
    lifecycle,
    replicas: scenario.pods.length,
    // without any pod the first event brings its own
    template: first ?? defaultTemplate,
    maxSurge: 0,
    maxUnavailable: 0,
    minReadySeconds: 0,
    revision: 0,
    revisionOf: new Int32Array(pods.limit),
    cordoned: new Set(),
    stepping: false,
  }
}

const enterPods = (lifecycle: Lifecycle): void => {
  const { world } = lifecycle
  for (const spec of world.scenario.pods) {
    const { name, node, address, startsAt } = spec
    const pod = enterPod(world.pods, { name, node, address, template: spec }, world.scenario.nodes[node]?.name ?? '')
    if (startsAt === Number.NEGATIVE_INFINITY) placePod(lifecycle, pod)
    else atTime(world, startsAt, () => createPod(lifecycle, pod))
  }
}

interface Guard {
  left: number
  readonly most: number
}

/** Works off everything before `until` (`inclusive`: and at it), and moves the time there. */
const advance = (world: World, traffic: Traffic, until: number, inclusive: boolean, guard: Guard): void => {
  const { queue, actions } = world
  const { routes } = traffic
  const { ended } = routes
  for (;;) {
    const time = queue.size === 0 ? Number.POSITIVE_INFINITY : (queue.times[0] as number)
    if (ended !== null && nextAged(ended) <= time && nextAged(ended) <= until) {
      world.now = nextAged(ended)
      forget(routes, takeAged(ended))
      continue
    }
    if (time > until || (time === until && !inclusive)) break
    world.now = time
    if (--guard.left < 0) throw new RangeError(`more than ${guard.most} events by second ${time}`)
    const code = queue.codes[0] as number
    const index = code >>> 2
    const kind = code & 3
    if (kind === END) onEnd(traffic, index)
    else if (kind === OPEN) onOpen(traffic, index)
    else if (kind === ARRIVAL) onArrival(traffic, index)
    else if (kind === ACTION) act(world, actions, index)
  }
  world.now = until
}

const act = (world: World, actions: readonly (() => void)[], index: number): void => {
  dropFirst(world.queue)
  world.processed += 1
  actions[index]?.()
}

const measure = (world: World, wanted: Measure, into: Float64Array, at: number): void =>
  measureInto(world.tally, world.loads, world.pods.costs, wanted, world.now, into, at)

const stateInto = ({ pods }: World, into: Uint8Array, at: number): void => {
  for (let pod = 0; pod < pods.limit; pod++) {
    const ready = pods.endpoint[pod] === READY && pods.deletedAt[pod] === Number.POSITIVE_INFINITY
    into[at + pod] = (ready ? 1 : 0) | ((pods.exists[pod] as number) << 1)
  }
}

const outcomeOf = (world: World, times: Float64Array, amounts: Float64Array, states: Uint8Array): RunOutcome => {
  const { pods, opened, broken, refused, secondHops, processed } = world
  const totals = Object.fromEntries(measures.map((name) => [name, totalsOf(world, name)]))
  return {
    pods: Array.from({ length: pods.limit }, (_, pod) => podRun(world, pod)),
    times,
    amounts,
    states,
    totals: totals as Record<Measure, Float64Array>,
    opened,
    broken,
    refused,
    secondHops,
    processed,
  }
}

const totalsOf = (world: World, name: Measure): Float64Array => {
  const into = new Float64Array(world.pods.limit)
  measure(world, name, into, 0)
  return into
}

const podRun = ({ pods }: World, pod: number): PodRun => ({
  name: pods.names[pod] ?? '',
  node: pods.node[pod] ?? 0,
  startedAt: pods.startedAt[pod] ?? Number.NaN,
  deletedAt: pods.deletedAt[pod] ?? Number.POSITIVE_INFINITY,
})
