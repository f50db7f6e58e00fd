import type { Observation } from '../../inspect/skew/observation.ts'
import { judge } from '../../inspect/skew/judge.ts'
import { jointBand } from '../../inspect/statistics/envelope.ts'
import { maxOverMean, testCounts, variation } from '../../inspect/statistics/index.ts'
import { seededRandom } from '../../util/random.ts'
import type { RunReport } from '../report.ts'
import type { ImbalanceRun, Quantity, Series } from './report.ts'
import type { Trial } from './trials.ts'

/** What a trial saw, and what simulated runs of the same came to. */
export interface Measurement
  extends Pick<RunReport, 'service' | 'connections' | 'failures' | 'errors' | 'slowestMillis'> {
  readonly trial: Pick<Trial, 'plane' | 'scheduler' | 'repetition' | 'seed'>
  /** as in ImbalanceRun */
  readonly variant?: string
  readonly claimed: string
  /** as the pods counted; `expected` by the odds of the rules */
  readonly backends: RunReport['backends']
  readonly quantities: readonly Quantity[]
  /** a row for each simulated run, in it a value for each of the quantities, in order */
  readonly simulated: readonly (readonly number[])[]
  /** null: nothing for skew to judge */
  readonly observation: Observation | null
  readonly series?: readonly Series[]
  readonly facts?: ImbalanceRun['facts']
  readonly notes?: readonly string[]
}

/** Beside the prediction, judged. Pure. Throws RangeError where simulated rows do not fit the quantities. */
export const imbalanceRun = (measurement: Measurement, level: number): ImbalanceRun => {
  const { trial, variant, backends, errors, quantities, observation, series, facts, notes = [] } = measurement
  const counts = backends.map(({ connections }) => connections)
  const odds = backends.map(({ expected }) => expected ?? 1)
  const test = testCounts(counts, odds.some((one) => one > 0) ? odds : undefined, { level, seed: trial.seed })
  const { bands, inside, p, farther, holds } = jointBand(
    measurement.simulated,
    quantities.map(({ value }) => value),
  )
  const predicted = quantities.map((quantity, i) => {
    const { low, median, high } = bands[i] ?? { low: NaN, median: NaN, high: NaN }
    return { ...quantity, low, median, high, inside: low <= quantity.value && quantity.value <= high }
  })
  return {
    plane: trial.plane,
    scheduler: trial.scheduler,
    ...(variant !== undefined && { variant }),
    ...(keepsClients(trial, observation) && { perClient: true as const }),
    repetition: trial.repetition,
    service: measurement.service,
    claimed: measurement.claimed,
    connections: measurement.connections,
    failures: measurement.failures,
    ...(errors !== undefined && { errors }),
    slowestMillis: measurement.slowestMillis,
    backends,
    maxOverMean: maxOverMean(counts),
    cv: variation(counts),
    p: test.p,
    pLower: test.pLower,
    verdict: test.verdict,
    predicted,
    insideBand: inside,
    bandP: p,
    bandHolds: holds,
    // runs that are alike have one place together: which of them is the measured one is drawn by lot
    bandRank: farther + ((p - farther) * seededRandom(`rank ${trial.seed}`)()) / 2 ** 32,
    skew: observation === null ? null : judge(observation, { level, seed: trial.seed }),
    ...(series !== undefined && { series }),
    ...(facts !== undefined && { facts }),
    notes,
  }
}

/** A client stays on its pod: few clients are never even. */
const keepsClients = ({ scheduler }: Measurement['trial'], observation: Observation | null): boolean =>
  scheduler === 'sh' || scheduler === 'dh' || observation?.facts.affinity === 'ClientIP'
