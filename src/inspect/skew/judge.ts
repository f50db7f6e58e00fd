import {
  bands,
  connectionsToSee,
  maxOverMean,
  type SkewVerdict,
  sum,
  testDraws,
  variation,
} from '../statistics/index.ts'
import { tellUnknownDraws } from './causes/unexplained.ts'
import { checkObservation } from './check.ts'
import { type Case, readCase } from './nulls/choices.ts'
import { drawsOf, rulesOdds, uniformOdds, withoutPresumedOdds } from './nulls/odds.ts'
import { sampleOf } from './nulls/parts.ts'
import { prepared } from './nulls/prepared.ts'
import type { FitOptions } from './nulls/explanation.ts'
import type { Observation } from './observation.ts'
import type { SkewReport } from './report.ts'
import { explain } from './verdict.ts'
import { sampleNote } from './verdict/parts.ts'

export interface JudgeOptions {
  /** of each tail, default 0.05 */
  readonly level?: number
  /** of every Monte-Carlo draw, default `skew`: the same observation gives the same report */
  readonly seed?: string
  /** `familyVerdicts` says it where several Services were tested together; default: the verdict of this test alone */
  readonly verdict?: SkewVerdict
  /** tests that are judged together, default 1: as `SkewOptions` */
  readonly family?: number
}

/**
 * Is it luck, and if not, why: the counts against the odds of the rules, then, where an even split is rejected, the causes' nulls in
 * order until one fits. Pure and deterministic.
 * Throws RangeError for counts that are negative or not finite, names that come twice and lists of different lengths.
 */
export const judge = (observation: Observation, options: JudgeOptions = {}): SkewReport => {
  checkObservation(observation)
  const { level = 0.05, seed = 'skew', family = 1, verdict } = options
  const others = contradicted(observation) ? withoutPresumedOdds(observation) : null
  if (others !== null) return judge(others, options)
  const whole = prepared(observation)
  const situation = readCase(whole)
  const all = { level, seed, family }
  if (situation === null) return ofSample(whole, all) ?? untested(observation, level)
  const report = tested(situation, all, verdict)
  const bare = report.verdict === 'SKEWED' ? withoutPresumedOdds(observation) : null
  const another = bare === null ? null : judge(bare, options)
  return another?.verdict === 'EXPLAINED' ? another : report
}

/** Connections for each backend, below which a sample does not show who is among the clients. */
const fewestSeen = 10

const fewSeen = ({ flows = [], backends }: Observation): boolean =>
  flows.length < Math.max(50, fewestSeen * backends.length)

/** Backends that should have none have some: their odds are of another moment. */
const contradicted = ({ backends }: Observation): boolean =>
  backends.some(({ expectedOdds, count }) => expectedOdds === 0 && count > 0)

/** Nobody knows how many choices are behind the counts, but some connections are known one by one, and these have a cause. null: they have none. */
const ofSample = (observation: Observation, options: Required<FitOptions>): SkewReport | null => {
  const sample = sampleOf(observation)
  const situation = sample === null ? null : readCase(sample)
  if (sample === null || situation === null || fewSeen(sample)) return null
  const report = tested(situation, options, undefined)
  if (report.verdict !== 'EXPLAINED' || report.cause === null) return null
  const n = sum(observation.backends.map(({ count }) => count))
  const scale = n / report.n
  return {
    ...report,
    ...measures(observation, options.level),
    cause: { ...report.cause, certainty: 'likely' },
    backends: report.backends.map((backend, i) => ({
      name: backend.name,
      count: observation.backends[i]?.count ?? 0,
      expected: backend.expected * scale,
      low: backend.low === null ? null : backend.low * scale,
      high: backend.high === null ? null : backend.high * scale,
    })),
    notes: [...report.notes, sampleNote(sample)],
  }
}

const tested = (situation: Case, options: Required<FitOptions>, verdict: SkewVerdict | undefined): SkewReport => {
  const { level, seed } = options
  const { observation, totals } = situation
  const test = testDraws(totals, drawsOf(situation), options)
  const counts = observation.backends.map(({ count }) => count)
  const { test: about = test, ...explained } = explain(situation, test, verdict ?? test.verdict, { level, seed })
  // flows that are nearly all of the counts: the report is of the counts
  const scale = about !== test || sum(totals) === 0 ? 1 : sum(counts) / sum(totals)
  const draws = Math.round(about.n)
  const shares = about.expected.map((e) => (sum(about.expected) === 0 ? 0 : e / sum(about.expected)))
  const judged = about === test ? sum(counts) : sum(about.expected)
  const weight = draws === 0 ? 1 : judged / draws
  const luck = bands(draws, shares, { level })
  return {
    ...measures(observation, level),
    ...explained,
    k: about.k,
    draws,
    test: about.test,
    statistic: about.statistic,
    p: about.p,
    pLower: about.pLower,
    cvLuck: about.cvLuck,
    needed: about.needed,
    backends: observation.backends.map(({ name, count }, i) => ({
      name,
      count,
      expected: (about.expected[i] ?? 0) * scale,
      low: (luck[i]?.low ?? 0) * weight,
      high: (luck[i]?.high ?? 0) * weight,
    })),
  }
}

const measures = (
  { service, unit, backends }: Observation,
  level: number,
): Pick<SkewReport, 'service' | 'unit' | 'n' | 'level' | 'maxOverMean' | 'cv'> => {
  const counts = backends.map(({ count }) => count)
  return { service, unit, n: sum(counts), level, maxOverMean: maxOverMean(counts), cv: variation(counts) }
}

/** Nobody knows how many choices are behind the counts. */
const untested = (observation: Observation, level: number): SkewReport => {
  const odds = rulesOdds(observation) ?? uniformOdds(observation)
  const possible = odds.filter((p) => p > 0)
  const n = sum(observation.backends.map(({ count }) => count))
  return {
    ...measures(observation, level),
    k: possible.length,
    draws: null,
    test: 'chi2',
    statistic: null,
    p: null,
    pLower: null,
    verdict: 'NOT-ENOUGH-DATA',
    cause: n === 0 || possible.length < 2 ? null : tellUnknownDraws(observation, level),
    nulls: [],
    cvLuck: null,
    needed: Math.ceil(connectionsToSee(possible, { level }) / 10) * 10,
    backends: observation.backends.map(({ name, count }, i) => ({
      name,
      count,
      expected: n * (odds[i] ?? 0),
      low: null,
      high: null,
    })),
    notes: [],
  }
}
