import type { Outcome, WideBand } from '../../simulate/model.ts'
import { podsLeft, type SimulationReport } from '../../simulate/report.ts'
import { formatSeconds } from '../../util/chart/axis.ts'
import { numericTable } from '../text/table.ts'
import { wrapped } from '../text/wrapped.ts'

/** For a person: what is shown, a table, and why it comes out so. */
export const simulationText = (report: SimulationReport): string => {
  const { about, outcomes, runs, seed, duration, recommendation } = report
  const [only, ...others] = outcomes
  const each = others.length === 0 ? '' : ` of each of ${outcomes.length} policies`
  const head = `${report.scenario}: ${runs.toLocaleString('en-US')} ${runs === 1 ? 'run' : 'runs'} of ${formatSeconds(duration)}${each}, seed ${seed}\n`
  const advice = recommendation.sentences.join(' ')
  const unsaid = recommendation.reasons.filter(({ reason }) => !advice.includes(reason))
  return [
    head + wrapped(about),
    only !== undefined && others.length === 0 ? onePolicy(only, report) : compared(report),
    wrapped(advice),
    unsaid.map(({ policy, reason }) => wrapped(`${policy}: ${reason}.`)).join(''),
  ]
    .filter((part) => part !== '')
    .join('\n')
}

const compared = ({ outcomes, evenLimit, recommendation }: SimulationReport): string => {
  const loses = outcomes.some(({ broken, refused }) => broken.high + refused.high > 0)
  const came = outcomes.some(({ newcomers }) => newcomers !== null)
  const hops = outcomes.some(({ secondHops }) => secondHops.high > 0)
  const header = [
    'POLICY',
    'MAX/MEAN',
    '5–95%',
    'CV',
    'IDLE PODS',
    'EVEN AFTER',
    'IN RUNS',
    ...(came ? ['NEW PODS'] : []),
    ...(loses ? ['BROKEN', 'REFUSED'] : []),
    ...(hops ? ['SECOND HOPS'] : []),
  ]
  const rows = outcomes.map((outcome) => {
    const { maxOverMean, cv, idle, timeToEven, newcomers, broken, refused, secondHops, opened } = outcome
    return [
      `${outcome.policy}${outcome.policy === recommendation.policy ? ' *' : ''}`,
      ratio(maxOverMean.end.median),
      `${ratio(maxOverMean.end.low)} … ${ratio(maxOverMean.end.high)}`,
      ratio(cv.median),
      String(idle.end.median),
      timeToEven.seconds === null || timeToEven.reached < 0.5
        ? 'never'
        : formatSeconds(Math.round(timeToEven.seconds.median)),
      percent(timeToEven.reached),
      ...(came ? [newcomers === null ? '–' : percent(newcomers.median.at(-1) ?? 0)] : []),
      ...(loses ? [count(broken), count(refused)] : []),
      ...(hops ? [percent(secondHops.median / Math.max(1, opened.median))] : []),
    ]
  })
  const note = [
    `medians over the runs at the end; even: max/mean at or below ${evenLimit} from then on`,
    ...(came ? ['new pods: of a fair share, those that came later'] : []),
    ...(recommendation.policy === null ? [] : ['*: recommended']),
  ]
  return `${numericTable([header, ...rows], 1)}${wrapped(note.join('; '))}`
}

/** more are in -o json */
const mostPods = 30

const onePolicy = (outcome: Outcome, { evenLimit }: SimulationReport): string => {
  const { maxOverMean, cv, idle, timeToEven, opened, broken, refused, secondHops, measure } = outcome
  const pods = podsLeft(outcome)
  const gone = outcome.pods.length - pods.length
  const line = (name: string, { low, median, high }: WideBand, format: (value: number) => string): string[] => [
    name,
    format(low),
    format(median),
    format(high),
  ]
  const whole = (value: number): string => Math.round(value).toLocaleString('en-US')
  const figures = [
    [outcome.policy, '5%', 'MEDIAN', '95%'],
    line('max/mean at the end', maxOverMean.end, ratio),
    line('CV at the end', cv, ratio),
    line('idle pods at the end', idle.end, whole),
    line('connections opened', opened, whole),
    ...(broken.highest > 0 ? [line('broken', broken, whole)] : []),
    ...(refused.highest > 0 ? [line('refused', refused, whole)] : []),
    ...(secondHops.highest > 0 ? [line('second hops', secondHops, whole)] : []),
    ...(timeToEven.seconds === null
      ? []
      : [
          line(`even after (in ${percent(timeToEven.reached)} of the runs)`, timeToEven.seconds, (value) =>
            formatSeconds(Math.round(value)),
          ),
        ]),
  ]
  const never = timeToEven.seconds === null ? `max/mean never stays at or below ${evenLimit}\n` : ''
  const rows = pods
    .slice(0, mostPods)
    .map(({ name, node, end }) => [name, node, percent(end.low, 1), percent(end.median, 1), percent(end.high, 1)])
  const went = gone > 0 ? `${gone} pods that went are not listed\n` : ''
  const more = pods.length > mostPods ? `… and ${pods.length - mostPods} more: -o json has all\n` : ''
  return `${numericTable(figures, 1)}${never}\n${numericTable([['POD', 'NODE', '5%', `SHARE OF ${measure.toUpperCase()}`, '95%'], ...rows], 2)}${more}${went}`
}

const ratio = (value: number): string => value.toFixed(2)
const percent = (share: number, digits = 0): string => `${(share * 100).toFixed(digits)}%`
const count = ({ median }: WideBand): string => Math.round(median).toLocaleString('en-US')
