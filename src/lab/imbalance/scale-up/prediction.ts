import { rankEnvelope } from '../../../inspect/statistics/envelope.ts'
import { defaultTemplate, policyOf, scenarioOf } from '../../../simulate/defaults.ts'
import type { Duration, RunOutcome, Scenario } from '../../../simulate/model.ts'
import type { LabPod } from '../../cluster.ts'
import { type NodeLags, withLags } from '../lag.ts'
import { simulatedClients, simulatedNodes, simulatedPods } from '../lane-scenario.ts'
import { simulatedRows, simulatedScheduler, withOtherAddresses } from '../predict.ts'
import type { Series } from '../report.ts'
import type { Lane, Stage } from '../side-by-side.ts'
import { type Reconnecting, sampleSeconds, watchedSeconds } from './variants.ts'

/** What is simulated for a lane. */
export interface CurveOptions {
  readonly old: readonly LabPod[]
  /** how many pods come */
  readonly added: number
  readonly sessions: number
  readonly variant: Reconnecting
  readonly lags: NodeLags
  /** seconds: connections that were due so close together may have come in another order */
  readonly outOfTurn: number
}

export interface PredictedCurve {
  /** seconds since the new pods came, one for each column */
  readonly times: readonly number[]
  /** a row for each run: share of the new pods, of their fair share */
  readonly rows: readonly (readonly number[])[]
  /** holds 95 of 100 whole curves */
  readonly band: NonNullable<Series['predicted']>
}

/** Each costs about a millisecond, and there is a curve for each scheduler and variant. */
const runs = 500

export const predictCurve = async (stage: Stage, lane: Lane, options: CurveOptions): Promise<PredictedCurve> => {
  const { seed, signal } = stage
  const scenario = withOtherAddresses(scenarioOfLane(stage, lane, options), seed)
  const rows = await simulatedRows(
    (run) => withLags(scenario(run), options.lags, `lags ${seed} ${run}`),
    { seed, signal, runs },
    newcomersOf(options),
  )
  const times = Array.from({ length: rows[0]?.length ?? 0 }, (_, i) => i * sampleSeconds)
  const envelope = rankEnvelope(rows)
  return {
    times,
    rows,
    band: times.flatMap((seconds, i) => {
      const one = envelope[i]
      return one === undefined ? [] : [[seconds, one.low, one.median, one.high] as const]
    }),
  }
}

/** seconds, of a machine that is never busy */
const soonest = 0.005

const scenarioOfLane = (stage: Stage, lane: Lane, options: CurveOptions): Scenario => {
  const { old, added, sessions, variant, outOfTurn } = options
  const { life, policy, clients } = variant.simulated
  const reconnect: Duration = { kind: 'uniform', low: 0, high: Math.max(outOfTurn, 2 * soonest) }
  return scenarioOf({
    name: 'scale-up',
    seconds: watchedSeconds,
    sampleSeconds,
    nodes: simulatedNodes(stage),
    pods: simulatedPods(stage, old),
    clients: simulatedClients(stage, sessions, { kind: 'pool', connections: 1, life, reconnect }, clients),
    events: [
      {
        kind: 'scale',
        at: 0,
        replicas: old.length + added,
        template: defaultTemplate,
      },
    ],
    policy: policyOf(simulatedScheduler(stage.plane, lane.scheduler), policy),
  })
}

const newcomersOf =
  ({ old, added }: CurveOptions) =>
  ({ pods, amounts, times }: RunOutcome): readonly number[] => {
    const fair = added / (old.length + added)
    return Array.from(times, (_, sample) => {
      let [all, came] = [0, 0]
      for (const [i, { startedAt }] of pods.entries()) {
        const open = amounts[sample * pods.length + i] ?? 0
        all += open
        if (startedAt >= 0) came += open
      }
      return came / Math.max(1, all) / fair
    })
  }
