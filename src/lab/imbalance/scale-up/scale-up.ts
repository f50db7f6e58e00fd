import { setTimeout as sleep } from 'node:timers/promises'
import { serviceKey } from '../../../model/objects.ts'
import type { LabPod } from '../../cluster.ts'
import { judging } from '../judging.ts'
import {
  type ClientAnswer,
  countsAt,
  flowsOf,
  type PodSample,
  sampleNow,
  startClients,
  stopClients,
  untilOpen,
} from '../lane-clients.ts'
import { laneMeasurement } from '../lane-measurement.ts'
import { evidenceOf, type LagEvidence, lagOfComing, type NodeLags } from '../lag.ts'
import type { Claim, ImbalanceRun } from '../report.ts'
import { imbalanceResult } from '../result.ts'
import type { RunImbalance } from '../scenario.ts'
import { clientPods, type Lane, podOfLanes, runSideBySide, type Stage } from '../side-by-side.ts'
import { inTurn, outOfTurn, shareByClock } from './clock.ts'
import { findingsOf, formulaCurve, formulaTable, moments } from './findings.ts'
import { secondsUntil } from './formula.ts'
import { predictCurve } from './prediction.ts'
import { type Reconnecting, variants, watchedSeconds } from './variants.ts'

const labels = { app: 'server' }

/** so many connections at once would keep the machine busy, and those that are due meanwhile would come together later */
const rampSeconds = 3
const calmSeconds = 1

const claims: readonly Claim[] = [
  {
    text: 'scaled from 5 to 10 pods because of load: the new ones get none of it, because clients keep their connections',
    source: 'https://github.com/kubernetes/kubernetes/issues/38456',
  },
]

/**
 * The scenario `scale-up`: a settled pool of connections on 5 pods, 5 more come at once; how much of their share the new pods have over time, by
 * how clients reconnect, beside the formula.
 */
export const runScaleUp: RunImbalance = async (options) => {
  const after = options.pods ?? 10
  const before = Math.ceil(after / 2)
  const nodes = options.nodes ?? 2
  const sessions = options.connections ?? 160
  const plan = {
    scenario: 'scale-up',
    nodes,
    pods: [...clientPods(nodes), ...Array.from({ length: before }, (_, i) => podOfLanes(`pod-${i}`, labels, []))],
    schedulers: ['random', 'rr', 'maglev', 'sh', 'lc'],
    variants: variants.map(({ name }) => ({ name, selector: labels })),
  } as const
  const { results, skipped } = await runSideBySide(options, plan, (stage) =>
    scaleUp(stage, { added: after - before, sessions, level: options.level }),
  )
  return imbalanceResult(options, {
    scenario: 'scale-up',
    claims,
    runs: results,
    skipped,
    tables: [formulaTable(results)],
    findings: findingsOf(results),
  })
}

interface Extent {
  readonly added: number
  readonly sessions: number
  readonly level: number
}

/** What happened in a stage, to all lanes. Times are seconds since the epoch. */
interface Grown {
  readonly old: readonly LabPod[]
  readonly added: readonly LabPod[]
  readonly since: number
  /** when the new pods were published */
  readonly at: number
  /** at the end */
  readonly sample: ReadonlyMap<string, PodSample>
}

const now = (): number => Date.now() / 1000

const scaleUp = async (stage: Stage, { added, sessions, level }: Extent): Promise<readonly ImbalanceRun[]> => {
  const { lab, lanes, progress } = stage
  progress(`${added} more pods start`)
  const old = lab.cluster.pods.filter(isServer)
  // they run before anything is measured: to start them costs the machine much
  const pods = await lab.addPods(
    Array.from({ length: added }, (_, i) => podOfLanes(`pod-${old.length + i}`, labels, lanes)),
    { ready: false, behaviour: {} },
  )
  const since = now()
  await startClients(stage, lanes, (lane) => {
    const { lifetime, requestsPerSecond } = variantOf(lane)
    return {
      pattern: { kind: 'pool', sessions, settled: true, retryMs: 5, rampSeconds },
      lifetimes: [lifetime],
      requestsPerSecond,
      timeoutMs: 5000,
    }
  })
  progress(`${sessions} connections to each of ${lanes.length} Services`)
  // some are always on their way from one connection to the next
  await untilOpen(stage, lanes, Math.ceil(sessions * 0.9))
  await sleep(calmSeconds * 1000, undefined, { signal: stage.signal })
  const watched = await grow(stage)
  await stage.agents.inSync(stage.signal)
  const answers = await Promise.all(lanes.map((lane) => stopClients(stage, lane)))
  const grown: Grown = { ...watched, old, added: pods, since }
  const inTurns = answers.map((own) => own.map(inTurn))
  const lags = lanes.map((lane, i) => lagOf(stage, lane, { ...grown, answers: inTurns[i] ?? [] }))
  progress('what the simulator says')
  await using judge = judging(stage.signal)
  const runs: ImbalanceRun[] = []
  for (const [i, lane] of lanes.entries()) {
    const seen = { grown, sessions, answers: answers[i] ?? [], inTurns: inTurns[i] ?? [], lags: evidenceOf(lags, i) }
    runs.push(await judge.run(await measured(stage, lane, seen), level))
  }
  return runs
}

const variantOf = ({ variant }: Lane): Reconnecting => {
  const found = variants.find(({ name }) => name === variant.name)
  if (found === undefined) throw new Error(`no variant ${variant.name}`)
  return found
}

/**
 * What a lane's connections tell of when each node's rules had the new pods. Each lane has its own: an agent that reads the manifests while they are
 * written takes some Services at once and the others a little later.
 */
const lagOf = (
  { lab }: Pick<Stage, 'lab'>,
  { scheduler }: Pick<Lane, 'scheduler'>,
  { old, added, at, answers }: Pick<Grown, 'old' | 'added' | 'at'> & { readonly answers: readonly ClientAnswer[] },
): readonly (LagEvidence | null)[] => {
  const names = new Set(added.map(({ name }) => name))
  return lab.cluster.nodes.map(({ name }) => {
    const connections = answers.filter(({ source }) => source.node === name).flatMap((answer) => answer.connections)
    const witnesses = connections.map(({ dueAt, pod }) => ({ at: dueAt, met: names.has(pod) }))
    return lagOfComing(witnesses, { changedAt: at, scheduler, pods: added.length, others: old.length })
  })
}

const isServer = ({ labels: { app } }: LabPod): boolean => app === labels.app

/** All pods become ready at once. */
const grow = async (stage: Stage): Promise<Pick<Grown, 'at' | 'sample'>> => {
  const { lab, signal, progress } = stage
  const at = now()
  await lab.publish({ pods: lab.control.pods.map((state) => ({ ...state, ready: true })) })
  for (let second = 0; second <= watchedSeconds; second++) {
    progress(`${second} of ${watchedSeconds} s`)
    await sleep(Math.max(0, (at + second - now()) * 1000), undefined, { signal })
  }
  const sample = await sampleNow(stage)
  // connections that were due before the end may be late
  await sleep(calmSeconds * 1000, undefined, { signal })
  return { at, sample }
}

interface Seen {
  readonly grown: Grown
  readonly sessions: number
  readonly answers: readonly ClientAnswer[]
  readonly inTurns: readonly ClientAnswer[]
  /** by node */
  readonly lags: NodeLags
}

const measured = async (stage: Stage, lane: Lane, { grown, sessions, answers, inTurns, lags }: Seen) => {
  const variant = variantOf(lane)
  const { old, added, sample, at } = grown
  const all = [...old, ...added]
  const fair = added.length / all.length
  const curve = await predictCurve(stage, lane, {
    old,
    added: added.length,
    sessions,
    variant,
    lags,
    outOfTurn: outOfTurn(answers),
  })
  const share = shareByClock(inTurns, new Set(added.map(({ name }) => name)))
  const points = curve.times.map((seconds) => [seconds, share(at + seconds) / fair] as const)
  const { columns, quantities } = moments(points, curve.times)
  const backends = all.map((pod) => ({ pod, ...countsAt(sample, pod.name, lane) }))
  return laneMeasurement(stage, lane, {
    claimed: variant.claimed,
    answers,
    backends: backends.map(({ pod, open, requests }) => ({ pod, connections: open, requests })),
    quantities,
    simulated: curve.rows.map((row) => columns.map((column) => row[column] ?? 0)),
    observation: {
      service: serviceKey(lane.service),
      unit: 'connections',
      backends: backends.map(({ pod, open, connections }) => ({
        name: pod.name,
        count: open,
        opened: connections,
        address: pod.addresses.IPv4,
        node: pod.node,
        startedAt: added.includes(pod) ? grown.at : grown.since,
        ready: true,
      })),
      flows: flowsOf(answers),
      facts: { scheduler: lane.scheduler, affinity: 'None', since: grown.since, at: now() },
    },
    series: [
      { name: 'share of the new pods, of their fair share', unit: 'share', points, predicted: curve.band },
      { name: 'by the formula', unit: 'share', points: formulaCurve(variant) },
    ],
    facts: { ...milestones(points, variant), 'connections later than due, 95 in 100 at most': lateness(answers) },
  })
}

/** What a busy machine does to the clients' clocks. */
const lateness = (answers: readonly ClientAnswer[]): string => {
  const late = answers
    .flatMap(({ connections }) => connections.map(({ dueAt, openedAt }) => openedAt - dueAt))
    .sort((a, b) => a - b)
  return `${(1000 * (late[Math.floor(0.95 * (late.length - 1))] ?? 0)).toFixed(0)} ms`
}

const milestones = (
  points: readonly (readonly [number, number])[],
  { lifetime, requestsPerSecond }: Reconnecting,
): Readonly<Record<string, string>> => {
  const wanted = 1 - 1 / Math.E
  const seen = points.find(([, share]) => share >= wanted)?.[0] ?? null
  const byFormula = secondsUntil(wanted, lifetime, requestsPerSecond)
  const words = (seconds: number | null): string => (seconds === null ? 'never' : `${seconds.toFixed(1)} s`)
  return { 'first at 63 % of their share after': words(seen), 'by the formula': words(byFormula) }
}
