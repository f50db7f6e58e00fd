import { rankEnvelope } from '../inspect/statistics/index.ts'
import { bandOf, seriesOf, wideBandOf } from './bands.ts'
import { type Measure, type Outcome, type PodOutcome, type RunOutcome, type Scenario, measures } from './model.ts'
import { type Moment, momentsOf, momentInto } from './moments.ts'

/** What runs came to, gathered one by one in any order. Columns are flat: [… × runs + run]. */
export interface Gathering {
  readonly scenario: Scenario
  readonly runs: number
  readonly times: Float64Array
  readonly moments: Moment
  readonly totals: Readonly<Record<Measure, Float64Array>>
  readonly ranked: Float64Array
  readonly cv: Float64Array
  readonly counts: Readonly<Record<Counted, Float64Array>>
  readonly timeToEven: Float64Array
  readonly came: Uint8Array
  /** by pod, of the first run in which it came */
  readonly names: (readonly [name: string, node: number] | undefined)[]
  processed: number
}

const counted = ['opened', 'broken', 'refused', 'secondHops'] as const
type Counted = (typeof counted)[number]

/** More would be half a gigabyte. */
const MOST_VALUES = 50_000_000

/** Throws RangeError where runs × samples × pods are too many to keep. */
export const gatheringOf = (scenario: Scenario, times: Float64Array, pods: number, runs: number): Gathering => {
  if (runs * times.length * pods > MOST_VALUES)
    throw new RangeError(
      `${runs} runs × ${times.length} samples × ${pods} pods are more than ${MOST_VALUES} values: take fewer of one`,
    )
  const byPod = (): Float64Array => new Float64Array(pods * runs)
  return {
    scenario,
    runs,
    times,
    moments: momentsOf(times.length, pods, runs),
    totals: record(measures, byPod),
    ranked: byPod(),
    cv: new Float64Array(runs),
    counts: record(counted, () => new Float64Array(runs)),
    timeToEven: new Float64Array(runs),
    came: new Uint8Array(pods),
    names: Array.from({ length: pods }),
    processed: 0,
  }
}

const record = <K extends string>(names: readonly K[], make: () => Float64Array): Record<K, Float64Array> =>
  Object.fromEntries(names.map((name) => [name, make()])) as Record<K, Float64Array>

/** Takes note of a run. */
export const gather = (gathering: Gathering, run: number, outcome: RunOutcome): void => {
  const { runs, times, totals, counts, moments } = gathering
  for (let sample = 0; sample < times.length; sample++) momentInto(moments, outcome, sample, run)
  for (const [pod, { name, node, startedAt }] of outcome.pods.entries()) {
    for (const measure of measures) totals[measure][pod * runs + run] = outcome.totals[measure][pod] ?? 0
    if (Number.isNaN(startedAt)) continue
    gathering.came[pod] = 1
    gathering.names[pod] ??= [name, node]
  }
  for (const name of counted) counts[name][run] = outcome[name]
  gathering.processed += outcome.processed
  spreadInto(gathering, run, outcome)
  gathering.timeToEven[run] = secondsToEven(gathering, run)
}

/** Shares and CV at the end, over the pods that are ready then. */
const spreadInto = ({ runs, times, ranked, cv }: Gathering, run: number, { amounts, states }: RunOutcome): void => {
  const pods = states.length / times.length
  const last = (times.length - 1) * pods
  const ready = Float64Array.from(
    Array.from({ length: pods }, (_, pod) => pod).filter((pod) => ((states[last + pod] ?? 0) & 1) === 1),
    (pod) => amounts[last + pod] ?? 0,
  ).sort()
  const total = ready.reduce((sum, amount) => sum + amount, 0)
  const mean = total / ready.length
  const squares = ready.reduce((sum, amount) => sum + (amount - mean) ** 2, 0)
  cv[run] = total > 0 ? Math.sqrt(squares / ready.length) / mean : 0
  for (let rank = 0; rank < ready.length; rank++)
    ranked[rank * runs + run] = total > 0 ? (ready[ready.length - 1 - rank] ?? 0) / total : 0
}

/** Infinity: not at the end. */
const secondsToEven = ({ scenario, times, moments, runs }: Gathering, run: number): number => {
  const from = Math.max(0, ...scenario.events.map(({ at }) => at))
  let sample = times.length
  while (sample > 0 && (moments.maxOverMean[(sample - 1) * runs + run] ?? Infinity) <= scenario.evenLimit) sample--
  return sample === times.length ? Infinity : Math.max(0, (times[sample] ?? 0) - from)
}

/** What all of them came to. Puts the columns into order, so it is asked once. */
export const outcomeOf = (gathering: Gathering, seed: string): Outcome => {
  const { scenario, runs, times, moments, counts, came } = gathering
  const pods = [...came.keys()].filter((pod) => came[pod] === 1)
  const end = (values: Float64Array): Float64Array => values.slice((times.length - 1) * runs)
  const [maxOverMean, idle] = [end(moments.maxOverMean), end(moments.idle)]
  return {
    scenario: scenario.name,
    policy: scenario.policy.name,
    seed,
    runs,
    measure: scenario.measure,
    times: [...times],
    pods: podOutcomes(gathering, pods),
    maxOverMean: { ...seriesOf(moments.maxOverMean, runs), end: wideBandOf(maxOverMean) },
    cv: wideBandOf(gathering.cv),
    idle: { ...seriesOf(moments.idle, runs), end: wideBandOf(idle) },
    newcomers: moments.anyNewcomers.value ? seriesOf(moments.newcomers, runs) : null,
    ranked: pods
      .map((_, rank) => wideBandOf(column(gathering.ranked, rank, runs)))
      .filter(({ highest }) => highest > 0),
    timeToEven: evenOutcome(gathering.timeToEven),
    opened: wideBandOf(counts.opened),
    broken: wideBandOf(counts.broken),
    refused: wideBandOf(counts.refused),
    secondHops: wideBandOf(counts.secondHops),
    processed: gathering.processed,
  }
}

const column = (values: Float64Array, at: number, runs: number): Float64Array =>
  values.subarray(at * runs, (at + 1) * runs)

const podOutcomes = (gathering: Gathering, pods: readonly number[]): PodOutcome[] => {
  const { runs, times, moments, names, totals, scenario } = gathering
  const { pods: width, share } = moments
  const at = (sample: number, pod: number): Float64Array => column(share, sample * width + pod, runs)
  const last = times.length - 1
  const rows = Array.from({ length: runs }, (_, run) => pods.map((pod) => at(last, pod)[run] ?? 0))
  const envelope = rankEnvelope(rows)
  return pods.map((pod, i) => {
    const [name, node] = names[pod] ?? ['', 0]
    const bands = Array.from(times, (_, sample) => bandOf(at(sample, pod)))
    const { low, high } = envelope[i] ?? { low: Number.NaN, high: Number.NaN }
    return {
      name,
      node: scenario.nodes[node]?.name ?? '',
      share: { low: bands.map((b) => b.low), median: bands.map((b) => b.median), high: bands.map((b) => b.high) },
      end: wideBandOf(at(last, pod)),
      envelope: { low, high },
      totals: Object.fromEntries(
        measures.map((measure) => [measure, wideBandOf(column(totals[measure], pod, runs))]),
      ) as PodOutcome['totals'],
    }
  })
}

const evenOutcome = (seconds: Float64Array): Outcome['timeToEven'] => {
  const reached = seconds.filter(Number.isFinite)
  return { reached: reached.length / seconds.length, seconds: reached.length === 0 ? null : wideBandOf(reached) }
}
