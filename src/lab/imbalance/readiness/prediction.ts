import { clientsOf, defaultTemplate, fixed, policyOf, scenarioOf } from '../../../simulate/defaults.ts'
import type { PodSpec, PodTemplate, Probe, Scenario, ScenarioEvent } from '../../../simulate/model.ts'
import { seededRandom } from '../../../util/random.ts'
import { clientSources } from '../lane-clients.ts'
import { withLags } from '../lag.ts'
import { simulatedNodes, simulatedPods } from '../lane-scenario.ts'
import { simulatedRows, simulatedScheduler, withOtherAddresses } from '../predict.ts'
import type { Lane, Stage } from '../side-by-side.ts'
import type { Between, Fleet, Happened } from './events.ts'
import type { PhaseLags } from './lags.ts'
import { controlSeconds, type Phase, phases, settings, terminating, watched } from './timeline.ts'

/** What the simulator is told of a lane. */
export interface Foreseen {
  readonly fleet: Fleet
  readonly happened: Happened
  /** arrivals, of all clients together */
  readonly perSecond: number
  readonly lags: PhaseLags
  /** from when a connection was due until its pod answered, usually at most: when it met its pod is known no better, in seconds */
  readonly answersTake: number
}

/** A row for each run: connections that failed in each phase. */
export const predictFailures = async (
  stage: Stage,
  lane: Lane,
  foreseen: Foreseen,
): Promise<readonly (readonly number[])[]> => {
  const columns = await Promise.all(phases.map((phase) => predictPhase(stage, lane, phase, foreseen)))
  return (columns[0] ?? []).map((_, run) => columns.map((rows) => rows[run]?.[0] ?? 0))
}

const predictPhase = (
  stage: Stage,
  lane: Lane,
  phase: Phase,
  foreseen: Foreseen,
): Promise<readonly (readonly number[])[]> => {
  const seed = `${stage.seed} ${phase}`
  const scenario = withOtherAddresses(scenarioOf(scenarioOfPhase(stage, lane, phase, foreseen)), seed)
  const { fleet, happened, lags, answersTake } = foreseen
  // a failed probe is known when its time is over
  const seen = controlSeconds + (phase === 'failing' && fleet.cared ? settings.timeoutSeconds : 0)
  const { low, high } = happened.failedFor
  const failedFor = { low: low - answersTake, high: high + answersTake }
  return simulatedRows(
    (run) => {
      const failing = failingFor(scenario(run), within(failedFor, `failed for ${seed} ${run}`))
      return withLags(failing, lags[phase], `lags ${seed} ${run}`, seen)
    },
    { seed, signal: stage.signal },
    ({ refused }) => [refused],
  )
}

const within = ({ low, high }: Between, seed: string): number => low + ((high - low) * seededRandom(seed)()) / 2 ** 32

const failingFor = (scenario: Scenario, seconds: number): Scenario => ({
  ...scenario,
  events: scenario.events.map((event) => (event.kind === 'fail' ? { ...event, seconds } : event)),
})

const kubeletProbe: Probe = {
  periodSeconds: settings.periodSeconds,
  successThreshold: settings.successThreshold,
  failureThreshold: settings.failureThreshold,
}

const scenarioOfPhase = (stage: Stage, lane: Lane, phase: Phase, foreseen: Foreseen) => {
  const { fleet, happened, perSecond } = foreseen
  const template: PodTemplate = { ...defaultTemplate, probe: fleet.cared ? kubeletProbe : null }
  const standing = stage.lab.cluster.pods.filter(
    ({ name, labels }) =>
      labels['app'] === fleet.name && (phase !== 'starting' || name !== happened.pods.get(fleet.name)?.starting.name),
  )
  const pods = simulatedPods(stage, standing).map((pod): PodSpec => ({ ...pod, ...template, ...lastMoments(fleet) }))
  const sources = clientSources(stage)
  return {
    name: phase,
    seconds: watched[phase],
    sampleSeconds: watched[phase],
    nodes: simulatedNodes(stage),
    pods,
    clients: sources.map((source, i) =>
      clientsOf(
        source.name,
        1,
        [i],
        { kind: 'arrivals', perSecond: perSecond / sources.length, spacing: 'steady', life: fixed(0.01) },
        { address: source.addresses.IPv4 },
      ),
    ),
    events: [eventOf(phase, pods, template, foreseen)],
    policy: policyOf(simulatedScheduler(stage.plane, lane.scheduler)),
  } satisfies Parameters<typeof scenarioOf>[0] & Partial<Scenario>
}

const lastMoments = ({ cared }: Fleet): Pick<PodTemplate, 'lameDuckSeconds' | 'graceSeconds'> => {
  const seconds = cared ? terminating.preStopSeconds : 0
  return { lameDuckSeconds: seconds, graceSeconds: seconds }
}

const eventOf = (
  phase: Phase,
  pods: readonly PodSpec[],
  template: PodTemplate,
  { happened, answersTake }: Pick<Foreseen, 'happened' | 'answersTake'>,
): ScenarioEvent => {
  const { low, high } = happened.startedWithin
  switch (phase) {
    case 'starting':
      return {
        kind: 'scale',
        at: 0,
        replicas: pods.length + 1,
        template: { ...template, startup: { kind: 'uniform', low: low - answersTake, high: high + answersTake } },
      }
    case 'failing':
      return { kind: 'fail', at: 0, pods: [1], seconds: happened.failedFor.low }
    case 'terminating':
      return { kind: 'scale', at: 0, replicas: pods.length - 1, template }
  }
}
