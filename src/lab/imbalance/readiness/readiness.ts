import type { Observation } from '../../../inspect/skew/observation.ts'
import { serviceKey } from '../../../model/objects.ts'
import type { LabPod } from '../../cluster.ts'
import type { FailedConnection, SessionConnection } from '../../sessions/protocol.ts'
import { judging } from '../judging.ts'
import {
  type ClientAnswer,
  countsAt,
  flowsOf,
  type PodSample,
  sampleNow,
  startClients,
  stopClients,
} from '../lane-clients.ts'
import type { NodeLags } from '../lag.ts'
import { laneMeasurement } from '../lane-measurement.ts'
import type { Claim, FigureTable, ImbalanceRun } from '../report.ts'
import { imbalanceResult, nameOfRun } from '../result.ts'
import type { RunImbalance } from '../scenario.ts'
import { clientPods, type Lane, runSideBySide, type Stage } from '../side-by-side.ts'
import { type Fleet, fleetPod, type Happened, labelsOf, letHappen } from './events.ts'
import { type PhaseLags, phaseLags } from './lags.ts'
import { predictFailures } from './prediction.ts'
import { controlSeconds, type Phase, phases, slowMs, timeoutMs, watched } from './timeline.ts'

const fleets: readonly Fleet[] = [
  { name: 'bare', cared: false },
  { name: 'probed', cared: true },
]

const words = {
  bare: 'without probe and preStop',
  probed: 'readiness probe and preStop',
} as const satisfies Record<string, string>

const claims: readonly Claim[] = [
  {
    text: 'rolling updates and failing pods lose connections, although there are enough pods all the time',
    source: 'https://github.com/kubernetes/kubernetes/issues/20521',
  },
]

/**
 * The scenario `readiness`: new connections all the time, to pods of which one starts, one fails and one terminates; once without probes, once with a
 * readiness probe and a preStop hook. How many fail or are slow, and at which pod.
 */
export const runReadiness: RunImbalance = async (options) => {
  const pods = Math.max(2, options.pods ?? 3)
  const nodes = options.nodes ?? 2
  const seconds = phases.reduce((sum, phase) => sum + watched[phase], 0)
  const perSecond = (options.connections ?? 40 * seconds) / seconds
  const plan = {
    scenario: 'readiness',
    nodes,
    pods: [
      ...clientPods(nodes),
      ...fleets.flatMap((fleet) => Array.from({ length: pods }, (_, i) => fleetPod(fleet, i))),
    ],
    schedulers: ['random', 'rr', 'maglev', 'sh', 'lc'],
    variants: fleets.map((fleet) => ({ name: fleet.name, selector: labelsOf(fleet) })),
  } as const
  const { results, skipped } = await runSideBySide(options, plan, (stage) => stageRuns(stage, perSecond, options.level))
  return imbalanceResult(options, {
    scenario: 'readiness',
    claims,
    runs: results,
    skipped,
    tables: [failureTable(results)],
    findings: findingsOf(results),
    failuresExpected: true,
  })
}

const stageRuns = async (stage: Stage, perSecond: number, level: number): Promise<readonly ImbalanceRun[]> => {
  const { lanes, progress } = stage
  await startClients(stage, lanes, () => ({
    pattern: { kind: 'arrivals', perSecond, count: null },
    lifetimes: [{ kind: 'requests', count: 1 }],
    requestsPerSecond: 0,
    timeoutMs,
  }))
  const happened = await letHappen(stage, fleets)
  const sample = await sampleNow(stage)
  const answers = await Promise.all(lanes.map((lane) => stopClients(stage, lane)))
  await stage.agents.inSync(stage.signal)
  const lags = phaseLags(stage, answers, happened)
  progress('what the simulator says')
  await using judge = judging(stage.signal)
  const runs: ImbalanceRun[] = []
  for (const [i, lane] of lanes.entries()) {
    const seen = { happened, sample, perSecond, lags: lags[i] ?? unknown, answers: answers[i] ?? [] }
    runs.push(await judge.run(await measured(stage, lane, seen), level))
  }
  return runs
}

/** no lane's lags */
const unknown: PhaseLags = { starting: [], failing: [], terminating: [] }

interface Seen {
  readonly happened: Happened
  readonly sample: ReadonlyMap<string, PodSample>
  readonly perSecond: number
  readonly lags: PhaseLags
  readonly answers: readonly ClientAnswer[]
}

const measured = async (stage: Stage, lane: Lane, { happened, sample, perSecond, lags, answers }: Seen) => {
  const fleet = fleets.find(({ name }) => name === lane.variant.name)
  const about = fleet && happened.pods.get(fleet.name)
  if (fleet === undefined || about === undefined) throw new Error(`no pods of ${lane.variant.name}`)
  const pods = stage.lab.cluster.pods.filter(({ labels: { app } }) => app === fleet.name)
  const backends = pods.map((pod) => ({ pod, ...countsAt(sample, pod.name, lane) }))
  const hurt = phases.map((phase) => hurtIn(answers, happened, phase, about[phase]))
  return {
    ...laneMeasurement(stage, lane, {
      claimed: fleet.cared
        ? 'only a pod that fails loses connections, until its probes have failed'
        : 'each of the three loses connections, as long as it is in the rules',
      answers,
      backends: backends.map(({ pod, connections, requests }) => ({ pod, connections, requests })),
      quantities: phases.map((phase, i) => ({
        name: `${phase} pod: failed or slow`,
        unit: 'connections',
        value: hurt[i]?.count ?? 0,
      })),
      simulated: await predictFailures(stage, lane, {
        fleet,
        happened,
        perSecond,
        lags,
        answersTake: answersTook(answers),
      }),
      observation: observationOf(lane, { backends, answers, happened, starting: about.starting }),
      notes: fleet.cared
        ? [`skew looks at the end and is not told that ${about.failing.name} was out of the rules for some seconds`]
        : [],
      facts: {
        'the starting pod was in the rules after': wordsOf(lags.starting),
        'the terminating pod was out of the rules after': wordsOf(lags.terminating),
        ...Object.fromEntries(phases.map((phase, i) => [`${phase} pod (${about[phase].name})`, hurt[i]?.words ?? ''])),
      },
    }),
    variant: words[fleet.name === 'bare' ? 'bare' : 'probed'],
  }
}

/** By node, from when it happened. */
const wordsOf = (lags: NodeLags): string => {
  const words = lags.flatMap(([evidence]) => {
    const gap = evidence?.gaps[0]
    return gap === undefined ? [] : [`${(controlSeconds + (gap.low + gap.high) / 2).toFixed(1)} s`]
  })
  return words.length === 0 ? 'no connection tells' : words.join(', ')
}

/** Of 95 in 100 connections that were not slow on purpose. A busy machine begins and answers them late. */
const answersTook = (answers: readonly ClientAnswer[]): number => {
  const took = answers
    .flatMap(({ connections }) => connections)
    .filter(({ openMs }) => openMs < slowMs)
    .map(({ dueAt, openedAt, openMs }) => openedAt - dueAt + openMs / 1000)
    .sort((a, b) => a - b)
  return Math.max(0, took[Math.floor(0.95 * (took.length - 1))] ?? 0)
}

interface Hurt {
  readonly count: number
  /** who got them, and how */
  readonly words: string
}

/** Connections begun in a phase that failed, whichever pod they met, and those that were slow at the pod which the phase is about. */
const hurtIn = (answers: readonly ClientAnswer[], { began }: Happened, phase: Phase, pod: LabPod): Hurt => {
  const from = began[phase]
  const isIn = (at: number): boolean => at >= from && at < from + watched[phase]
  const failed = answers.map(({ source, failed }) => ({ source, failed: failed.filter(({ at }) => isIn(at)) }))
  const slow = answers.flatMap(({ connections }) => connections.filter((one) => isIn(one.openedAt) && isSlow(one, pod)))
  const refused = failed.reduce((sum, one) => sum + one.failed.length, 0)
  const answered = answers.flatMap(({ connections }) => connections.filter(({ openedAt }) => isIn(openedAt))).length
  const clients = failed.filter((one) => one.failed.length > 0)
  return {
    count: refused + slow.length,
    words: [
      `${refused} failed${errorsOf(failed.flatMap((one) => one.failed))}, ${slow.length} slow, of ${answered + refused}`,
      ...(clients.length > 0
        ? [`failed for ${clients.map(({ source, failed }) => `${source.name} ${failed.length}`).join(', ')}`]
        : []),
    ].join('; '),
  }
}

const isSlow = ({ pod, openMs }: SessionConnection, about: LabPod): boolean => pod === about.name && openMs >= slowMs

const errorsOf = (failed: readonly FailedConnection[]): string => {
  const codes = [...Map.groupBy(failed, ({ error }) => error)].map(([error, some]) => `${some.length} × ${error}`)
  return codes.length === 0 ? '' : ` (${codes.sort().join(', ')})`
}

interface Counted {
  readonly backends: readonly { readonly pod: LabPod; readonly connections: number }[]
  readonly answers: readonly ClientAnswer[]
  readonly happened: Happened
  readonly starting: LabPod
}

const observationOf = (lane: Lane, { backends, answers, happened, starting }: Counted): Observation => {
  const flows = flowsOf(answers)
  const since = Math.min(...flows.map(({ openedAt }) => openedAt ?? Infinity))
  return {
    service: serviceKey(lane.service),
    unit: 'connections',
    backends: backends.map(({ pod, connections }) => ({
      name: pod.name,
      count: connections,
      address: pod.addresses.IPv4,
      node: pod.node,
      startedAt: pod.name === starting.name ? happened.began.starting : since,
      ready: pod.name !== starting.name,
      terminating: pod.name === starting.name,
    })),
    flows,
    facts: { scheduler: lane.scheduler, affinity: 'None', since, at: Date.now() / 1000 },
  }
}

const failureTable = (runs: readonly ImbalanceRun[]): FigureTable => ({
  title: 'connections that failed or were slow, and what the simulator says',
  header: ['', ...phases.map((phase) => `${phase} pod`)],
  rows: runs.map((run) => [
    nameOfRun(run),
    ...run.predicted.map(({ value, low, high }) => `${value} (${low} … ${high})`),
  ]),
})

const findingsOf = (runs: readonly ImbalanceRun[]): readonly string[] =>
  Object.values(words).map((variant) => {
    const own = runs.filter((run) => run.variant === variant)
    const sum = (index: number): number =>
      own.reduce((total, { predicted }) => total + (predicted[index]?.value ?? 0), 0)
    return `${variant}: ${phases.map((phase, i) => `${sum(i)} connections failed or were slow at the ${phase} pod`).join(', ')}`
  })
