import { seededRandom } from '../../util/random.ts'
import type { Scenario } from '../model.ts'
import { type Sampler, uniformOf } from '../random.ts'
import type { Places } from './endpoints.ts'
import { type PodTable, podTable } from './pod-table.ts'
import { type Population, connectionsOf, isLayer7, populationOf } from './population.ts'
import { type EventQueue, eventQueue, put } from './queue.ts'
import { type Load, type Tally, loadOf, startTally, tallyOf } from './tally.ts'

/** One run as it stands. Hot fields are numbers and flat arrays; rare events are closures in `actions`. */
export interface World {
  readonly scenario: Scenario
  readonly seed: string
  now: number
  /** set to 0 when the warm-up ends */
  opened: number
  broken: number
  refused: number
  secondHops: number
  processed: number
  readonly queue: EventQueue
  readonly actions: (() => void)[]
  readonly streams: Streams
  readonly population: Population
  readonly pods: PodTable
  readonly places: Places
  readonly tally: Tally
  readonly loads: readonly Load[]
}

/**
 * Randomness apart by purpose, so that policies are compared on the same clients and the same mishaps. `picks` gives uint32,
 * the others uniforms in [0, 1).
 */
export interface Streams {
  readonly picks: Sampler
  readonly traffic: Sampler
  readonly cluster: Sampler
}

/** Codes of events: the kind in the two lower bits, an index above. */
export const END = 0
export const OPEN = 1
export const ARRIVAL = 2
export const ACTION = 3
export const codeOf = (kind: typeof END | typeof OPEN | typeof ARRIVAL | typeof ACTION, index: number): number =>
  (index << 2) | kind

export const worldOf = (scenario: Scenario, seed: string): World => {
  const now = -scenario.warmUpSeconds
  const population = populationOf(scenario)
  const pods = podTable(scenario)
  const layer7 = isLayer7(scenario)
  const loads = scenario.clients.map((group) =>
    layer7
      ? { requestsPerSecond: 0, requestsAtOpening: 1, bytesPerRequest: group.requests.bytes }
      : loadOf(group, connectionsOf(group.traffic)),
  )
  return {
    scenario,
    seed,
    now,
    opened: 0,
    broken: 0,
    refused: 0,
    secondHops: 0,
    processed: 0,
    queue: eventQueue(population.sessions + 64),
    actions: [],
    streams: {
      picks: seededRandom(`${seed} picks`),
      traffic: uniformOf(seededRandom(`${seed} traffic`)),
      cluster: uniformOf(seededRandom(`${seed} cluster`)),
    },
    population,
    pods,
    places: { nodeOfPod: pods.node, zoneOfNode: scenario.nodes.map(({ zone }) => zone) },
    tally: tallyOf(pods.limit, scenario.clients.length, now),
    loads,
  }
}

/** Does something at a time; what is in the past is done now, and what is at Infinity never. */
export const atTime = (world: World, time: number, action: () => void): void => {
  if (time === Number.POSITIVE_INFINITY) return
  put(world.queue, Math.max(time, world.now), codeOf(ACTION, world.actions.push(action) - 1))
}

/** Counts from now on; what is open stays open. */
export const startCounts = (world: World): void => {
  startTally(world.tally, world.now)
  world.opened = 0
  world.broken = 0
  world.refused = 0
  world.secondHops = 0
}
