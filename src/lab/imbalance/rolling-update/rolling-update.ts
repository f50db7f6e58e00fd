import type { Observation } from '../../../inspect/skew/observation.ts'
import { serviceKey } from '../../../model/objects.ts'
import { defaultTemplate, fixed, forever, policyOf, scenarioOf } from '../../../simulate/defaults.ts'
import type { PodTemplate, RunOutcome, Scenario } from '../../../simulate/model.ts'
import type { LabPod } from '../../cluster.ts'
import { clientPods, type Lane, podOfLanes, runSideBySide, type Stage } from '../side-by-side.ts'
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
import { reconnect, simulatedClients, simulatedNodes, simulatedPods } from '../lane-scenario.ts'
import { laneMeasurement } from '../lane-measurement.ts'
import { simulatedRows, simulatedScheduler, withOtherAddresses } from '../predict.ts'
import type { Claim, ImbalanceRun } from '../report.ts'
import { imbalanceResult, nameOfRun } from '../result.ts'
import type { RunImbalance } from '../scenario.ts'
import { shareAfterRollout } from './formula.ts'

const labels = { app: 'server' }

const claims: readonly Claim[] = [
  {
    text: 'clients keep their connections, and after a rolling update the pods that came first hold most of them, for good',
    source: 'https://github.com/kubernetes/kubernetes/issues/38456',
  },
  {
    text: 'three kube-apiservers behind rr after one restarted: the restarted one holds 2 connections, the others 13 and 12, a day later still',
    source: 'https://github.com/kubernetes/kubernetes/issues/126378',
    numbers: [13, 2, 12],
    unit: 'connections',
  },
]

const claimed = 'the pods that start first end heaviest'

/**
 * The scenario `rolling-update`: a pool of connections that nobody closes, every pod replaced by a new one (maxSurge 1, maxUnavailable 0), clients
 * reconnect as soon as their pod has ended.
 */
export const runRollingUpdate: RunImbalance = async (options) => {
  const pods = options.pods ?? 6
  const nodes = options.nodes ?? 2
  const sessions = options.connections ?? 240
  const plan = {
    scenario: 'rolling-update',
    nodes,
    pods: [...clientPods(nodes), ...Array.from({ length: pods }, (_, i) => podOfLanes(`pod-${i}`, labels, []))],
    schedulers: ['random', 'rr', 'sh', 'maglev', 'lc'],
    variants: [{ name: null, selector: labels }],
  } as const
  const { results, skipped } = await runSideBySide(options, plan, (stage) => rollOut(stage, sessions, options.level))
  return imbalanceResult(options, {
    scenario: 'rolling-update',
    claims,
    runs: results,
    skipped,
    findings: findingsOf(results, pods),
  })
}

const rollOut = async (stage: Stage, sessions: number, level: number): Promise<readonly ImbalanceRun[]> => {
  const { lab, lanes, progress } = stage
  const before = lab.cluster.pods
  const since = now()
  await startClients(stage, lanes, () => ({
    pattern: { kind: 'pool', sessions, settled: false, retryMs: 5 },
    lifetimes: [{ kind: 'forever' }],
    requestsPerSecond: 0,
    timeoutMs: 5000,
  }))
  progress(`${sessions} connections to each of ${lanes.length} Services`)
  await untilOpen(stage, lanes, sessions)
  const old = before.filter(({ labels: { app } }) => app === labels.app)
  const rollout: Rollout = { since, started: [], steps: [], old }
  // a ReplicaSet that shrinks gives up its youngest pods first
  for (const pod of old.toReversed()) {
    progress(`${rollout.started.length + 1} of ${rollout.old.length} pods replaced`)
    await replace(stage, pod, rollout)
    await untilOpen(stage, lanes, sessions)
    rollout.steps.push({ at: now() - since, sample: await sampleNow(stage) })
  }
  progress('what the simulator says')
  await using judge = judging(stage.signal)
  const runs: ImbalanceRun[] = []
  for (const lane of lanes)
    runs.push(
      await judge.run(
        await measured(stage, lane, { rollout, sessions, answers: await stopClients(stage, lane) }),
        level,
      ),
    )
  return runs
}

/** Seconds since the epoch, as sessions have them. */
const now = (): number => Date.now() / 1000

interface Rollout {
  readonly since: number
  readonly old: readonly LabPod[]
  /** in the order of their coming */
  readonly started: { readonly pod: LabPod; readonly at: number }[]
  /** after each replacement */
  readonly steps: { readonly at: number; readonly sample: ReadonlyMap<string, PodSample> }[]
}

/** The new pod serves before the old one leaves; the rules have let go of the old one before it ends. */
const replace = async ({ lab, agents, lanes, signal }: Stage, old: LabPod, rollout: Rollout): Promise<void> => {
  const at = now()
  const index = rollout.started.length
  const node = lab.cluster.nodes[index % lab.cluster.nodes.length]?.name
  const pod = await lab.addPod(podOfLanes(`pod-${rollout.old.length + index}`, labels, lanes, node))
  rollout.started.push({ pod, at })
  await agents.inSync(signal)
  await lab.setPod(old, { terminating: true })
  await agents.inSync(signal)
  await lab.removePod(old)
}

interface Seen {
  readonly rollout: Rollout
  readonly sessions: number
  readonly answers: readonly ClientAnswer[]
}

const measured = async (stage: Stage, lane: Lane, { rollout, sessions, answers }: Seen) => {
  const { started, steps, since } = rollout
  const last = steps.at(-1)?.sample ?? new Map<string, PodSample>()
  const backends = started.map(({ pod }) => ({ pod, counts: countsAt(last, pod.name, lane) }))
  const observation: Observation = {
    service: serviceKey(lane.service),
    unit: 'connections',
    backends: started.map(({ pod, at }, i) => ({
      name: pod.name,
      count: backends[i]?.counts.open ?? 0,
      opened: backends[i]?.counts.connections ?? 0,
      address: pod.addresses.IPv4,
      node: pod.node,
      startedAt: at,
      ready: true,
    })),
    flows: flowsOf(answers),
    facts: { scheduler: lane.scheduler, affinity: 'None', since, at: now() },
  }
  return laneMeasurement(stage, lane, {
    claimed,
    answers,
    backends: backends.map(({ pod, counts }) => ({ pod, connections: counts.open, requests: counts.requests })),
    quantities: backends.map(({ pod, counts }) => ({ name: pod.name, unit: 'still open', value: counts.open })),
    simulated: await simulatedRows(
      withOtherAddresses(scenarioOfLane(stage, lane, rollout, sessions), stage.seed),
      { seed: stage.seed, signal: stage.signal },
      (outcome) => heldByNewPods(outcome, rollout.old.length),
    ),
    observation,
    series: started.map(({ pod }) => ({
      name: pod.name,
      unit: 'connections',
      points: steps.map(({ at, sample }) => [at, countsAt(sample, pod.name, lane).open] as const),
    })),
    facts: {
      'connections cut': answers.flatMap(({ connections }) => connections).filter(({ end }) => end === 'cut').length,
    },
  })
}

/** One replacement takes a second there; what matters is the order alone: ready, deleted, ended, and then the next one is ready. */
const graceSeconds = 0.5
const template: PodTemplate = {
  ...defaultTemplate,
  startup: fixed(0.7),
  probe: { periodSeconds: 0.1, successThreshold: 1, failureThreshold: 1 },
  graceSeconds,
}

const scenarioOfLane = (stage: Stage, lane: Lane, { old }: Rollout, sessions: number): Scenario =>
  scenarioOf({
    name: 'rolling-update',
    seconds: 1 + 2 * old.length,
    sampleSeconds: 1 + 2 * old.length,
    nodes: simulatedNodes(stage),
    pods: simulatedPods(stage, old).map((pod) => ({ ...pod, graceSeconds })),
    clients: simulatedClients(stage, sessions, { kind: 'pool', connections: 1, life: forever, reconnect }),
    events: [
      {
        kind: 'rolling-update',
        at: 1,
        maxSurge: 1,
        maxUnavailable: 0,
        minReadySeconds: 0.2,
        template,
      },
    ],
    policy: policyOf(simulatedScheduler(stage.plane, lane.scheduler)),
  })

const heldByNewPods = ({ pods, totals }: RunOutcome, replaced: number): readonly number[] =>
  pods
    .flatMap(({ startedAt }, i) => (startedAt > 0 ? [{ startedAt, open: totals.open[i] ?? 0 }] : []))
    .sort((a, b) => a.startedAt - b.startedAt)
    .slice(0, replaced)
    .map(({ open }) => open)

const findingsOf = (runs: readonly ImbalanceRun[], pods: number): readonly string[] => {
  const shares = shareAfterRollout(pods)
  const [first, last] = [shares[0] ?? 1, shares.at(-1) ?? 1]
  return [
    `by arithmetic the first of ${pods} new pods ends with ${first.toFixed(2)} × its fair share, the last with ${last.toFixed(2)} ×, whatever picks evenly`,
    ...runs.map((run) => {
      const fair = run.connections / run.backends.length
      const [one, other] = [run.backends[0]?.connections ?? 0, run.backends.at(-1)?.connections ?? 0]
      return `${nameOfRun(run)}: the first holds ${one} (${(one / fair).toFixed(2)} ×), the last ${other} (${(other / fair).toFixed(2)} ×) of ${run.connections}`
    }),
  ]
}
