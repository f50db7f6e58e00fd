import { clientsOf, exponential, fixed, nodesOf, podsOf, policyOf, scenarioOf } from '../src/simulate/defaults.ts'
import { type Scenario, type Scheduler, schedulers } from '../src/simulate/model.ts'
import { simulate, simulateOnce } from '../src/simulate/simulate.ts'
import { percentile } from '../src/util/percentile.ts'

export interface SimulateReport {
  readonly nodes: number
  readonly pods: number
  /** open at any time */
  readonly connections: number
  /** of a run, about */
  readonly events: number
  readonly schedulers: readonly SchedulerSpeed[]
  readonly threads: readonly ThreadsSpeed[]
  /** the outcomes with each number of threads, byte by byte */
  readonly identical: boolean
}

export interface SchedulerSpeed {
  readonly scheduler: Scheduler
  /** connections opened and ended (layer 7: requests), of one run */
  readonly events: number
  /** per second of CPU time, in one thread: the median and the best run */
  readonly eventsPerSecond: { readonly p50: number; readonly best: number }
}

export interface ThreadsSpeed {
  readonly threads: number
  readonly runs: number
  readonly events: number
  readonly wallSeconds: number
}

export interface SimulateShape {
  readonly pods: number
  /** of one run, about */
  readonly events: number
  /** runs of each scheduler; the first is not counted */
  readonly repeats: number
  readonly progress: (line: string) => void
}

const NODES = 10
const CONNECTIONS = 1_000

/** 1,000 connections on 10 nodes, each ends and comes anew; layer 7: as many requests in flight. */
const scenarioFor = (scheduler: Scheduler, pods: number, events: number): Scenario => {
  const layer7 = scheduler.startsWith('l7-')
  const mean = 1
  const seconds = (events * mean) / (2 * CONNECTIONS)
  const nodes = Array.from({ length: NODES }, (_, node) => node)
  const requests = {
    perSecond: 10,
    perConnection: 0,
    spacing: 'poisson',
    bytes: 1,
    duration: exponential(mean),
  } as const
  return scenarioOf({
    seconds,
    nodes: nodesOf(NODES),
    pods: podsOf(pods, NODES),
    policy: policyOf(scheduler),
    clients: [
      clientsOf(
        'clients',
        100,
        nodes,
        { kind: 'pool', connections: CONNECTIONS / 100, life: exponential(mean), reconnect: fixed(0) },
        layer7 ? { requests } : {},
      ),
    ],
  })
}

export const benchSimulate = async ({ pods, events, repeats, progress }: SimulateShape): Promise<SimulateReport> => {
  const speeds = schedulers.map((scheduler) => {
    progress(scheduler)
    return speedOf(scheduler, pods, events, repeats)
  })
  progress('threads')
  const { threads, identical } = await threadsSpeed(pods, Math.ceil(events / 10))
  return { nodes: NODES, pods, connections: CONNECTIONS, events, schedulers: speeds, threads, identical }
}

const speedOf = (scheduler: Scheduler, pods: number, events: number, repeats: number): SchedulerSpeed => {
  const scenario = scenarioFor(scheduler, pods, events)
  const runs = Array.from({ length: repeats + 1 }, (_, run) => {
    const before = process.cpuUsage()
    const { processed } = simulateOnce(scenario, '1', run)
    const { user, system } = process.cpuUsage(before)
    return { processed, perSecond: Math.round((processed / (user + system)) * 1e6) }
  }).slice(1)
  const perSecond = runs.map((run) => run.perSecond)
  return {
    scheduler,
    events: runs[0]?.processed ?? 0,
    eventsPerSecond: { p50: percentile(perSecond, 50), best: percentile(perSecond, 100) },
  }
}

const threadsSpeed = async (pods: number, events: number): Promise<{ threads: ThreadsSpeed[]; identical: boolean }> => {
  const scenario = scenarioFor('nft-random', pods, events)
  const runs = 40
  const done: { readonly speed: ThreadsSpeed; readonly text: string }[] = []
  for (const threads of [1, 2]) {
    const before = performance.now()
    const outcome = await simulate(scenario, { runs, threads })
    const wallSeconds = Math.round(performance.now() - before) / 1000
    done.push({ speed: { threads, runs, events: outcome.processed, wallSeconds }, text: JSON.stringify(outcome) })
  }
  return {
    threads: done.map(({ speed }) => speed),
    identical: done.every(({ text }) => text === done[0]?.text),
  }
}

/** For people. */
export const formatSimulate = ({ nodes, pods, connections, schedulers, threads, identical }: SimulateReport): string =>
  [
    `${connections} connections on ${nodes} nodes to ${pods} pods, events per second of CPU time`,
    ...schedulers.map(
      ({ scheduler, eventsPerSecond: { p50, best } }) =>
        `${scheduler.padEnd(22)}${millions(p50)} M, best ${millions(best)} M`,
    ),
    ...threads.map(
      ({ threads, runs, wallSeconds }) => `${threads} threads, ${runs} runs`.padEnd(22) + `${wallSeconds} s`,
    ),
    identical ? 'outcomes identical' : 'outcomes DIFFER',
  ].join('\n')

const millions = (value: number): string => (value / 1e6).toFixed(2)
