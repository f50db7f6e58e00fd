import { sum } from '../../statistics/index.ts'
import type { Observation } from '../observation.ts'
import type { Explanation, Less } from './explanation.ts'
import { effectiveChoices, readCase } from './choices.ts'
import { rulesOdds, uniformOdds } from './odds.ts'
import { type Span, spansOf, surelyMissed, survivorsOnly } from './spans.ts'

/**
 * Pods that are not ready or are terminating: new connections go to the others. What they still have is older, and among the
 * others every connection was chosen as if they had not been there, whenever it was opened.
 */
export const gonePods = (observation: Observation): readonly Explanation[] => {
  const spans = spansOf(observation)
  const told = observation.backends.some(({ ready, terminating }) => ready !== undefined || terminating !== undefined)
  const stays = told ? staying(observation, spans) : stillChosen(observation, spans)
  if (stays.every(Boolean) || !stays.some(Boolean)) return []
  const stopped = spans?.every(({ missedAfter }, i) => stays[i] === true || missedAfter >= surelyMissed) ?? false
  const seen = told && (stopped || leftTheRules(observation, stays))
  const take = (given: Observation): Less | null => takeGone(given, stays)
  return [{ code: 'unready-pods', certainty: seen ? 'certain' : 'likely', kind: 'less', take }]
}

/** Connections that a pod should have had since its last one: of so few nothing follows. */
const stillServed = 1
/** standard errors by which a pod may have less than its share until its last connection */
const slack = 2

/** Of which somebody told: one that had connections to the end left just now, and that accounts for nothing; nor had it less before. */
const staying = ({ backends, flows = [] }: Observation, spans: readonly Span[] | null): readonly boolean[] =>
  backends.map(({ name, ready, terminating }, i) => {
    if (ready !== false && terminating !== true) return true
    const span = spans?.[i]
    if (span === undefined || span.missedAfter >= surelyMissed) return false
    const until = flows.filter(({ openedAt = 0 }) => openedAt <= span.last).length
    const fair = until / backends.length
    const had = flows.filter(({ backend }) => backend === name).length
    return span.missedAfter < stillServed || had < fair - slack * Math.sqrt(fair)
  })

const byLoad: ReadonlySet<string> = new Set(['lc', 'wlc', 'sed', 'nq'])

/** Nobody told which are ready: one that got connections and then surely no more is not. Of clients that are kept nothing follows. */
const stillChosen = (observation: Observation, spans: readonly Span[] | null): readonly boolean[] => {
  const { backends, facts } = observation
  const needed = surelyMissed + Math.log(backends.length)
  const stays = backends.map((_, i) => {
    const { last = -Infinity, missedAfter = 0 } = spans?.[i] ?? {}
    return last === -Infinity || missedAfter < needed
  })
  // a scheduler that looks at open connections passes over those that have most
  const passesOver = facts.scheduler !== undefined && byLoad.has(facts.scheduler)
  const possible = stays.includes(false) && facts.headless !== true && !passesOver && !survivorsOnly(observation)
  return possible && readCase(observation)?.drawn === 'connections' ? stays : backends.map(() => true)
}

const takeGone = (observation: Observation, stays: readonly boolean[]): Less | null => {
  const counts = observation.backends.map(({ count }) => count)
  const n = sum(counts)
  const gone = sum(counts.filter((_, i) => stays[i] !== true))
  const share = sum(uniformOdds(observation).filter((_, i) => stays[i] !== true))
  if (n === 0 || gone / n >= share) return null
  // of load, and of clients that are kept, there are fewer choices than are counted
  const situation = readCase(observation)
  const draws = situation === null ? 0 : effectiveChoices(situation)
  const likelier = gone * log(gone / n / share) + (n - gone) * log((1 - gone / n) / (1 - share))
  const gain = (likelier * draws) / n - Math.log(Math.max(1, draws)) / 2
  const prior = leftTheRules(observation, stays) ? seenInRules : 0
  // what is left knows them as not ready, whoever told it
  const left = without(observation, stays)
  const backends = left.backends.map((backend, i) =>
    stays[i] === true || backend.terminating === true ? backend : { ...backend, ready: false },
  )
  return { observation: { ...left, backends }, mask: () => stays.map(Number), gain: gain + prior }
}

/** Log odds that pods which are not ready, and which rules do not have any more, have less for that reason, before any count. */
const seenInRules = Math.log(50)

const leftTheRules = (observation: Observation, stays: readonly boolean[]): boolean =>
  rulesOdds(observation)?.every((p, i) => stays[i] === true || p === 0) ?? false

/** Without what pods that left the rules still have; null: there is none. The others were chosen among whatever those had. */
export const withoutGone = (observation: Observation): Observation | null => {
  const odds = rulesOdds(observation)
  const left = observation.backends.map(
    ({ ready, terminating, count }, i) => odds?.[i] === 0 && count > 0 && (ready === false || terminating === true),
  )
  return left.some(Boolean)
    ? without(
        observation,
        left.map((each) => !each),
      )
    : null
}

const log = (x: number): number => (x === 0 ? 0 : Math.log(x))

const without = (observation: Observation, stays: readonly boolean[]): Observation => {
  const names = new Set(observation.backends.filter((_, i) => stays[i]).map(({ name }) => name))
  const kept = (counts: readonly number[]): readonly number[] =>
    counts.map((count, i) => (stays[i] === true ? count : 0))
  return {
    ...observation,
    backends: observation.backends.map((backend, i) =>
      stays[i] === true ? backend : { ...backend, count: 0, opened: 0, connections: 0 },
    ),
    ...(observation.nodes === undefined
      ? {}
      : { nodes: observation.nodes.map((node) => ({ ...node, counts: kept(node.counts) })) }),
    ...(observation.flows === undefined
      ? {}
      : { flows: observation.flows.filter(({ backend }) => names.has(backend)) }),
  }
}
