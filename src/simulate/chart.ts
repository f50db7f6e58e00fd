import { formatSeconds } from '../util/chart/axis.ts'
import { chartSvg } from '../util/chart/chart.ts'
import type { AxisOptions, BarPanel, LinePanel, Panel } from '../util/chart/model.ts'
import type { Measure, Outcome, Scenario, ScenarioEvent, Series } from './model.ts'
import { podsLeft, type SimulationReport } from './report.ts'

/** A drawing of a report: of one policy its pods, of several their comparison. */
export const simulationChart = (report: SimulationReport, scenario: Scenario): string => {
  const [only, ...others] = report.outcomes
  return only !== undefined && others.length === 0 ? podsChart(only, report, scenario) : policiesChart(report, scenario)
}

const policiesChart = (report: SimulationReport, scenario: Scenario): string => {
  const { outcomes } = report
  return chartSvg({
    title: `${report.scenario}: ${outcomes.length} policies`,
    subtitle: subtitleOf(report),
    description: [
      ...outcomes.map(({ policy, maxOverMean: { end } }) => `${policy}: max/mean ${end.median.toFixed(2)} at the end.`),
      ...report.recommendation.sentences,
    ].join(' '),
    series: outcomes.map(({ policy }) => policy),
    band: bandOf(report),
    panels: [
      evenness(outcomes, scenario),
      ranks(outcomes),
      ...(outcomes.some(({ newcomers }) => newcomers !== null)
        ? [newcomers(outcomes, scenario)]
        : [idle(outcomes, scenario)]),
      ...(outcomes.some(({ broken, refused }) => broken.mean + refused.mean >= 1) ? [losses(outcomes)] : []),
    ],
  })
}

/** Pods that have a colour each; of more, the heaviest, the lightest and some between. */
const mostPods = 8

const podsChart = (outcome: Outcome, report: SimulationReport, scenario: Scenario): string => {
  const there = podsLeft(outcome)
  const picked = pick(there)
  const { low, median, high } = outcome.maxOverMean.end
  return chartSvg({
    title: `${report.scenario}: ${outcome.policy}`,
    subtitle: `${subtitleOf(report)}${picked.length < there.length ? `. ${picked.length} of ${there.length} pods, from the heaviest to the lightest` : ''}${there.length < outcome.pods.length ? `. ${outcome.pods.length - there.length} pods that went are not drawn` : ''}`,
    description: `max/mean at the end ${median.toFixed(2)}, in 90 % of the runs ${low.toFixed(2)} to ${high.toFixed(2)}; ${outcome.idle.end.median} pods idle. ${report.recommendation.reasons.map(({ reason }) => reason).join(' ')}`,
    series: picked.map(({ name }) => name),
    band: bandOf(report),
    panels: [
      {
        kind: 'lines',
        title: `share of ${words[outcome.measure]}`,
        x: time(scenario),
        y: { label: 'share', format: percent },
        lines: picked.map(({ share }, series) => ({ series, points: points(outcome.times, share.median) })),
        bands:
          picked.length <= 4 ? picked.map(({ share }, series) => ({ series, points: band(outcome.times, share) })) : [],
        marks: marksOf(scenario),
      },
      podBars(picked, outcome),
      { ...evenness([outcome], scenario, null) },
      outcome.newcomers === null ? idle([outcome], scenario, null) : newcomers([outcome], scenario, null),
    ],
  })
}

const pick = (pods: Outcome['pods']): Outcome['pods'] => {
  if (pods.length <= mostPods) return pods
  const ranked = pods.toSorted((a, b) => b.end.median - a.end.median)
  const step = (ranked.length - 1) / (mostPods - 1)
  return Array.from({ length: mostPods }, (_, index) => ranked[Math.round(index * step)]).filter(
    (pod) => pod !== undefined,
  )
}

const podBars = (pods: Outcome['pods'], { measure }: Outcome): BarPanel => ({
  kind: 'bars',
  title: `share of ${words[measure]} at the end`,
  categories: pods.map(({ name }) => name),
  label: 'pods',
  y: { label: 'share', format: percent },
  bars: [{ series: null, values: pods.map(({ end }) => ({ value: end.median, low: end.low, high: end.high })) }],
})

const evenness = (outcomes: readonly Outcome[], scenario: Scenario, series?: null): LinePanel => ({
  ...overTime(outcomes, scenario, ({ maxOverMean }) => maxOverMean, series),
  title: 'the busiest pod over the mean',
  y: { label: 'max / mean' },
  marks: [{ axis: 'y', at: 1, words: 'even' }, ...marksOf(scenario)],
})

const newcomers = (outcomes: readonly Outcome[], scenario: Scenario, series?: null): LinePanel => ({
  ...overTime(outcomes, scenario, (outcome) => outcome.newcomers, series),
  title: 'pods that came later: of a fair share',
  y: { label: 'share', format: percent },
  marks: [{ axis: 'y', at: 1, words: 'fair' }, ...marksOf(scenario)],
})

const idle = (outcomes: readonly Outcome[], scenario: Scenario, series?: null): LinePanel => ({
  ...overTime(outcomes, scenario, (outcome) => outcome.idle, series),
  title: 'pods with nothing',
  y: { label: 'pods', most: 1 },
  marks: marksOf(scenario),
})

const overTime = (
  outcomes: readonly Outcome[],
  scenario: Scenario,
  of: (outcome: Outcome) => Series | null,
  place?: null,
): Pick<LinePanel, 'kind' | 'x' | 'lines' | 'bands'> => {
  const drawn = outcomes.flatMap((outcome, index) => {
    const values = of(outcome)
    return values === null ? [] : [{ times: outcome.times, values, series: place === undefined ? index : place }]
  })
  return {
    kind: 'lines',
    x: time(scenario),
    lines: drawn.map(({ times, values, series }) => ({ series, points: points(times, values.median) })),
    bands: drawn.map(({ times, values, series }) => ({ series, points: band(times, values) })),
  }
}

/** Of more pods the heaviest and the lightest ten. */
const ranks = (outcomes: readonly Outcome[]): Panel => {
  const count = Math.max(0, ...outcomes.map(({ ranked }) => ranked.length))
  const shown = Array.from({ length: count }, (_, index) => index).filter(
    (rank) => count <= 20 || rank < 10 || rank >= count - 10,
  )
  return {
    kind: 'bars',
    title: `share of ${words[outcomes[0]?.measure ?? 'open']} at the end`,
    categories: shown.map((rank) => String(rank + 1)),
    label: 'pods, from the heaviest to the lightest',
    y: { label: 'share', format: percent },
    bars: outcomes.map(({ ranked }, series) => ({
      series,
      values: shown.map((rank) => {
        const share = ranked[rank]
        return share === undefined ? null : { value: share.median, low: share.low, high: share.high }
      }),
    })),
    marks: count === 0 ? [] : [{ axis: 'y', at: 1 / count, words: 'even' }],
  }
}

const losses = (outcomes: readonly Outcome[]): BarPanel => ({
  kind: 'bars',
  title: 'connections that broke or were refused',
  categories: ['broken', 'refused'],
  label: '',
  y: { label: 'connections' },
  bars: outcomes.map(({ broken, refused }, series) => ({
    series,
    values: [broken, refused].map(({ median, low, high }) => ({ value: median, low, high })),
  })),
})

const words: Readonly<Record<Measure, string>> = {
  open: 'open connections',
  opened: 'connections opened',
  requests: 'requests',
  bytes: 'bytes',
  work: 'work',
}

const marksOf = ({ events }: Scenario): LinePanel['marks'] & object =>
  events.length > 6
    ? []
    : events.map((event) => ({ axis: 'x', at: event.at, words: nameOf(event) }) as const).filter(({ at }) => at >= 0)

const nameOf = (event: ScenarioEvent): string => {
  switch (event.kind) {
    case 'rolling-update':
      return 'rolling update'
    case 'scale':
      return `to ${event.replicas} pods`
    case 'node-stall':
      return 'nodes stall'
    case 'restart':
    case 'fail':
    case 'drain':
    case 'reconnect':
      return event.kind
  }
}

const time = ({ seconds }: Scenario): AxisOptions => ({ label: 'time', scale: 'time', most: seconds })
const percent = (share: number): string => `${Number((share * 100).toPrecision(4))} %`
const bandOf = ({ runs }: SimulationReport): string => `5–95 % of ${runs.toLocaleString('en-US')} runs`
const subtitleOf = ({ duration, seed }: SimulationReport): string =>
  `${formatSeconds(duration)} simulated, seed ${seed}. Lines and bars are medians`

const points = (times: readonly number[], values: readonly number[]): [number, number][] =>
  times.map((at, index) => [at, values[index] ?? Number.NaN])

const band = (times: readonly number[], { low, high }: Series): [number, number, number][] =>
  times.map((at, index) => [at, low[index] ?? Number.NaN, high[index] ?? Number.NaN])
