import { setTimeout as sleep } from 'node:timers/promises'
import type { Flow, Observation } from '../../../inspect/skew/observation.ts'
import { maxOverMean } from '../../../inspect/statistics/index.ts'
import { serviceKey } from '../../../model/objects.ts'
import { policyOf } from '../../../simulate/defaults.ts'
import { shuffle } from '../../../util/random.ts'
import type { LabPod } from '../../cluster.ts'
import { moreAddresses } from '../client-addresses.ts'
import { judging } from '../judging.ts'
import {
  type ClientAnswer,
  clientSources,
  countsAt,
  flowsOf,
  type PodSample,
  sampleNow,
  startClients,
  stopClients,
} from '../lane-clients.ts'
import { laneMeasurement } from '../lane-measurement.ts'
import { checkConnections } from '../limits.ts'
import { moveTurns } from '../lane-turns.ts'
import { simulatedScheduler } from '../predict.ts'
import type { Claim, FigureTable, ImbalanceRun } from '../report.ts'
import { imbalanceResult, nameOfRun } from '../result.ts'
import type { Measurement } from '../run.ts'
import type { RunImbalance } from '../scenario.ts'
import { clientPods, type Lane, podOfLanes, runSideBySide, type Stage } from '../side-by-side.ts'
import { comparison, type Crowd, livesRows } from './predict.ts'
import { type LifeVariant, lifeVariants, staying } from './variants.ts'

const labels = { app: 'server' }

const claims: readonly Claim[] = [
  {
    text: 'with round robin instead of random, connections would be sure to spread evenly',
    source: 'https://github.com/kubernetes/kubernetes/issues/64580',
  },
  {
    text: 'kube-proxy does not handle connections that are kept well: an imbalance stays as long as they do',
    source: 'https://github.com/kubernetes/kubernetes/issues/38456',
  },
]

const usualConnections = 320
const mostConnections = 1000
/** of a client pod: enough that a hash of them spreads */
const mostAddresses = 64
const openingSeconds = 4

/**
 * The scenario `long-lived-rr`: connections of which some stay and most go at once. A scheduler deals connections as they are opened; the load is
 * those that stay.
 */
export const runLongLived: RunImbalance = async (options) => {
  const nodes = options.nodes ?? 2
  const pods = options.pods ?? 4
  const all = options.connections ?? usualConnections
  checkConnections('long-lived-rr', all, mostConnections)
  const connections = Math.max(1, Math.round(all / nodes))
  const variants = lifeVariants(pods, labels)
  let table: FigureTable | undefined
  const { results, skipped } = await runSideBySide(
    options,
    {
      scenario: 'long-lived-rr',
      nodes,
      pods: [...clientPods(nodes), ...Array.from({ length: pods }, (_, i) => podOfLanes(`pod-${i}`, labels, []))],
      schedulers: ['rr', 'random', 'sh', 'lc'],
      variants,
    },
    async (stage) => {
      const servers = stage.lab.cluster.pods.filter((pod) => pod.labels['app'] === labels.app)
      const perAddress = Math.max(5, Math.ceil(connections / mostAddresses))
      const crowd: Crowd = { servers, connections, perAddress, seconds: openingSeconds }
      const runs = await onStage(stage, { variants, crowd, level: options.level })
      table ??= await comparison(stage, variants, crowd, `compared ${options.seed}`)
      return runs
    },
  )
  return imbalanceResult(options, {
    scenario: 'long-lived-rr',
    claims,
    runs: results,
    skipped,
    tables: table === undefined ? [] : [table],
    findings: results.map(finding),
  })
}

interface Settings {
  readonly variants: readonly LifeVariant[]
  readonly crowd: Crowd
  readonly level: number
}

const onStage = async (stage: Stage, { variants, crowd, level }: Settings): Promise<readonly ImbalanceRun[]> => {
  const { lanes, seed } = stage
  const variantOf = ({ variant }: Lane): LifeVariant =>
    variants.find(({ name }) => name === variant.name) as LifeVariant
  const clients = clientSources(stage)
  const addresses = await addressesOf(stage, crowd)
  await moveTurns(stage, lanes, (name) => addresses.get(name)?.first ?? [])
  const before = await sampleNow(stage)
  const since = now()
  await startClients(stage, lanes, (lane) => ({
    pattern: {
      kind: 'arrivals',
      perSecond: (crowd.connections * clients.length) / crowd.seconds,
      count: crowd.connections * clients.length,
    },
    lifetimes: variantOf(lane).lifetimes(crowd.connections, seed),
    requestsPerSecond: 0,
    timeoutMs: 5000,
    addresses: ({ name }) => addresses.get(name)?.inTurn ?? [],
  }))
  stage.progress(`connections to ${lanes.length} Services`)
  const expected = (lane: Lane): number => clients.length * staying(variantOf(lane), crowd.connections, seed)
  await untilDealt(stage, before, { each: crowd.connections * clients.length, staying: expected })
  const sample = await sampleNow(stage)
  stage.progress('what the simulator says')
  await using judge = judging(stage.signal)
  const runs: ImbalanceRun[] = []
  for (const lane of lanes) {
    const seen = { variant: variantOf(lane), crowd, before, sample, since, answers: await stopClients(stage, lane) }
    runs.push(await judge.run(await measured(stage, lane, seen), level))
  }
  return runs
}

/** Seconds since the epoch, as sessions have them. */
const now = (): number => Date.now() / 1000

interface Addresses {
  /** of the connections that only move the nodes' turns */
  readonly first: readonly string[]
  /** of the others, in no order that could fall in step with their lives */
  readonly inTurn: readonly string[]
}

/** By client pod. */
const addressesOf = async (
  { lab, seed }: Stage,
  { connections, perAddress, servers }: Crowd,
): Promise<ReadonlyMap<string, Addresses>> => {
  const sources = clientSources({ lab })
  const pods = lab.cluster.pods.filter(({ name }) => sources.some((source) => source.name === name))
  const turns = servers.length - 1
  return new Map(
    await Promise.all(
      pods.map(async (pod) => {
        const own = await moreAddresses(pod, turns + Math.ceil(connections / perAddress), `${seed} ${pod.name}`)
        const each = own.slice(turns).flatMap((address) => Array.from({ length: perAddress }, () => address))
        return [pod.name, { first: own.slice(0, turns), inTurn: shuffle(each, `${seed} ${pod.name}`) }] as const
      }),
    ),
  )
}

/** Until all are accepted and the short ones have gone. Throws with what is missing after a time. */
const untilDealt = async (
  stage: Stage,
  before: Sample,
  { each, staying }: { readonly each: number; readonly staying: (lane: Lane) => number },
): Promise<void> => {
  const deadline = performance.now() + 30_000
  for (;;) {
    stage.signal.throwIfAborted()
    const sample = await sampleNow(stage)
    const sums = stage.lanes.map((lane) => ({ lane, ...sumOf(before, sample, lane) }))
    const missing = sums.filter(({ lane, opened, open }) => opened !== each || open !== staying(lane))
    if (missing.length === 0) return
    if (performance.now() > deadline)
      throw new Error(
        missing
          .map(
            ({ lane, opened, open }) =>
              `${lane.service.name}: ${opened} of ${each} connections were accepted, ${open} are open, ${staying(lane)} should be`,
          )
          .join('; '),
      )
    await sleep(100)
  }
}

type Sample = ReadonlyMap<string, PodSample>

interface Dealt {
  readonly opened: number
  readonly open: number
}

const dealtTo = (pod: string, before: Sample, sample: Sample, lane: Lane): Dealt => {
  const { connections, open } = countsAt(sample, pod, lane)
  // whoever probed a port was accepted, too
  return { opened: connections - countsAt(before, pod, lane).connections, open }
}

const sumOf = (before: Sample, sample: Sample, lane: Lane): Dealt => {
  const all = [...sample.keys()].map((pod) => dealtTo(pod, before, sample, lane))
  return {
    opened: all.reduce((sum, { opened }) => sum + opened, 0),
    open: all.reduce((sum, { open }) => sum + open, 0),
  }
}

interface Seen {
  readonly variant: LifeVariant
  readonly crowd: Crowd
  readonly before: Sample
  readonly sample: Sample
  readonly since: number
  readonly answers: readonly ClientAnswer[]
}

const measured = async (
  stage: Stage,
  lane: Lane,
  { variant, crowd, before, sample, since, answers }: Seen,
): Promise<Measurement> => {
  const dealt = crowd.servers.map((pod) => ({ pod, ...dealtTo(pod.name, before, sample, lane) }))
  const total = dealt.reduce((sum, { opened }) => sum + opened, 0)
  const policy = policyOf(simulatedScheduler(stage.plane, lane.scheduler))
  return laneMeasurement(stage, lane, {
    claimed: variant.claimed(lane.scheduler),
    answers,
    backends: dealt.map(({ pod, opened }) => ({
      pod,
      connections: opened,
      requests: countsAt(sample, pod.name, lane).requests,
      expected: total / dealt.length,
    })),
    quantities: [
      ...dealt.map(({ pod, opened }) => ({ name: pod.name, unit: 'opened', value: opened })),
      ...dealt.map(({ pod, open }) => ({ name: pod.name, unit: 'still open', value: open })),
    ],
    simulated: await livesRows(stage, variant, crowd, { policy, seed: `${stage.seed} ${lane.service.name}` }),
    observation: observationOf(lane, dealt, { since, flows: flowsOf(answers) }),
  })
}

const observationOf = (
  { service, scheduler }: Lane,
  dealt: readonly (Dealt & { readonly pod: LabPod })[],
  { since, flows }: { readonly since: number; readonly flows: readonly Flow[] },
): Observation => ({
  service: serviceKey(service),
  unit: 'connections',
  backends: dealt.map(({ pod, opened, open }) => ({
    name: pod.name,
    node: pod.node,
    address: pod.addresses.IPv4,
    count: open,
    opened,
    ready: true,
  })),
  flows,
  facts: { scheduler, affinity: 'None', counted: 'open', since, at: now() },
})

const finding = (run: ImbalanceRun): string => {
  const of = (wanted: string): string =>
    maxOverMean(run.predicted.flatMap(({ unit, value }) => (unit === wanted ? [value] : []))).toFixed(2)
  return `${nameOfRun(run)}: the busiest pod was given ${of('opened')} × the mean, and holds ${of('still open')} × the mean of those that stay`
}
