import { type SkewTest, sum, testDraws } from '../../statistics/index.ts'
import type { Observation } from '../observation.ts'
import type { TriedNull } from '../report.ts'
import { ages } from './age.ts'
import { bypassed } from './bypass.ts'
import type { NamedCause } from '../causes/codes.ts'
import { type Case, readCase } from './choices.ts'
import type { Explanation, Fit, FitOptions } from './explanation.ts'
import { gonePods } from './gone.ts'
import { leftOut } from './left-out.ts'
import { expectedOf, gainBetween, gainOfTotals } from './gain.ts'
import { drawsOf, type Mask } from './odds.ts'
import { inferredRules } from './places.ts'
import { firstSeen } from './spans.ts'
import { sameTies } from './ties.ts'
import { lifetimes, sameStart } from './turns.ts'

/** A set of causes that accounts for the counts; no smaller one does. */
export interface Found extends Fit {
  readonly parts: readonly Explanation[]
  /** what is left to be drawn once the parts are taken out */
  readonly situation: Case
  readonly masks: readonly Mask[]
  /** share of the unevenness that they do not account for; 0 where what is left is luck */
  readonly left: number
  /** other sets of the same size that account for them too */
  readonly rivals: readonly (readonly Explanation[])[]
}

/** p null: not tested */
type Fitted = Omit<Found, 'rivals' | 'p' | 'left'> & { readonly p: number | null; readonly rest: number }

export interface Search {
  /** codes of the causes that could apply */
  readonly considered: readonly NamedCause[]
  readonly found: Found | null
  readonly tried: readonly TriedNull[]
}

/**
 * Odds of at least so many to one against the rules before a cause is named. By Markov's inequality, counts that follow the rules reach
 * that for one cause in a thousand cases, whatever the cause.
 */
export const convincing = Math.log(1000)
/** A null that is right is rejected at its own level: at so small a part of the judgement's it hardly ever is. */
export const fitShare = 0.04
const mostParts = 3
/** A cause that accounts for all but so much of the unevenness is named where none accounts for all; of X² beyond its degrees. */
export const mostLeft = 0.1
/** The same of causes that are seen at work: what they do is known, and the rest has a reason of its own. */
const mostLeftBesidesSeen = 0.5

/** In the order in which nulls are nested: the rules, what goes around them, when the connections were opened, the nodes' turns. */
const explanationsOf = (observation: Observation): readonly Explanation[] => [
  ...inferredRules(observation),
  ...leftOut(observation),
  ...gonePods(observation),
  ...bypassed(observation),
  ...ages(observation),
  ...firstSeen(observation),
  ...sameStart(observation),
  ...sameTies(observation),
  ...lifetimes(observation),
]

/**
 * Tries one cause, then two, then three at once; the first set that fits is the answer, unless a set as small is far more likely.
 * @param before the test against the rules alone
 */
export const search = (
  observation: Observation,
  before: Pick<SkewTest, 'statistic' | 'k'>,
  { level, seed }: FitOptions,
): Search => {
  const explanations = explanationsOf(observation)
  const uneven = beyondLuck(before)
  const options = { level: level * fitShare, seed }
  const tried: TriedNull[] = []
  const considered = [...new Set(explanations.map(({ code }) => code))]
  let nearest: { readonly rest: number; readonly fit: Found | null } = { rest: 1, fit: null }
  for (let size = 1; size <= Math.min(mostParts, explanations.length); size++) {
    const fits: (Fitted & Fit)[] = []
    for (const parts of subsets(explanations, size)) {
      const fit = fitOf(observation, parts, options, uneven)
      if (fit === null) continue
      if (fit.p === null || fit.gain < convincing) continue
      tried.push({ name: nameOf(parts), p: fit.p })
      if (fit.rest < Math.min(nearest.rest, allowedLeft(parts)))
        nearest = { rest: fit.rest, fit: { ...fit, p: fit.p, rivals: [], left: fit.rest } }
      if (fit.p > options.level) fits.push({ ...fit, p: fit.p })
    }
    const best = Math.max(...fits.map(({ gain }) => gain))
    const found = fits.find(({ gain }) => gain === Infinity || gain >= best - convincing)
    if (found !== undefined) {
      const rivals = fits.filter((fit) => fit !== found).map(({ parts }) => parts)
      return { found: { ...found, rivals, left: 0 }, tried, considered }
    }
  }
  return { found: nearest.fit, tried, considered }
}

const allowedLeft = (parts: readonly Explanation[]): number => {
  if (parts.every(({ certainty }) => certainty === 'certain')) return mostLeftBesidesSeen
  // rules that nobody read, and that are told by what is missing, have to account for all
  return parts.some(({ code, certainty }) => code === 'stale-rules' && certainty === 'likely') ? 0 : mostLeft
}

const nameOf = (parts: readonly Explanation[]): string => parts.map(({ code }) => code).join('+')

const subsets = <T>(items: readonly T[], size: number): readonly (readonly T[])[] => {
  if (size === 0) return [[]]
  return items.flatMap((item, i) => subsets(items.slice(i + 1), size - 1).map((rest) => [item, ...rest]))
}

/** The case without what some causes take away, and the odds by the others. */
interface Reduced {
  readonly situation: Case
  readonly masks: readonly Mask[]
  /** those that hold for the rules as well */
  readonly always: readonly Mask[]
  /** seconds at which the masks change, besides the starts of pods */
  readonly moments: readonly number[]
  /** of what was taken away, less what free parameters cost */
  readonly gain: number
}

/** null: a part does not apply, or nothing is left. */
const reduce = (observation: Observation, parts: readonly Explanation[]): Reduced | null => {
  let left = observation
  let gain = 0
  const always: Mask[] = []
  for (const part of parts) {
    if (part.kind === 'odds') gain -= part.cost ?? 0
    if (part.kind !== 'less') continue
    const less = part.take(left)
    if (less === null) return null
    left = less.observation
    gain += less.gain
    if (less.mask !== null) always.push(less.mask)
  }
  const situation = readCase(left)
  if (situation === null || sum(situation.totals) === 0) return null
  const masks = [...always, ...parts.flatMap((part) => (part.kind === 'odds' ? [part.mask] : []))]
  const moments = parts.flatMap((part) => (part.kind === 'odds' ? (part.moments ?? []) : []))
  return { situation, masks, always, moments, gain }
}

/** Of X², what luck does not account for. */
export const beyondLuck = ({ statistic, k }: Pick<SkewTest, 'statistic' | 'k'>): number =>
  Math.max(0, statistic - (k - 1))

const fitOf = (
  observation: Observation,
  parts: readonly Explanation[],
  options: FitOptions,
  uneven = Infinity,
): Fitted | null => {
  const [whole, another] = parts.filter((part) => part.kind === 'whole')
  const reduced = another === undefined ? reduce(observation, parts) : null
  if (reduced === null) return null
  const { situation, masks } = reduced
  if (whole !== undefined) {
    const fit = whole.fit(situation, masks, options)
    // what accounts for any counts must be likely by itself, whatever stands beside it
    return fit === null || fit.gain < convincing
      ? null
      : { ...fit, gain: fit.gain + reduced.gain, rest: 1, parts, situation, masks }
  }
  const { totals } = situation
  const draws = drawsOf(situation, masks, true, reduced.moments)
  const expected = expectedOf(draws)
  const gain = oddsGain(reduced)
  // what is not convincing need not be tested, which may take long
  const test = gain < convincing ? null : testDraws(totals, draws, options)
  const rest = test === null || uneven === Infinity ? 1 : beyondLuck(test) / Math.max(1, uneven)
  return { p: test?.p ?? null, expected, gain, rest, parts, situation, masks }
}

/** Log odds of one cause alone against the rules; however badly it fits. */
export const gainAlone = (observation: Observation, part: Explanation, options: FitOptions): number =>
  part.kind === 'whole' ? (fitOf(observation, [part], options)?.gain ?? 0) : oddsGain(reduce(observation, [part]))

/** What is much likelier for each choice, but hardly for the totals, may do no harm: these may be uneven by luck. */
const oddsGain = (reduced: Reduced | null): number => {
  if (reduced === null) return 0
  const { situation, masks, always, moments, gain } = reduced
  if (masks.length === always.length) return gain
  const [draws, before] = [drawsOf(situation, masks, true, moments), drawsOf(situation, always)]
  return gain + Math.min(gainBetween(situation, draws, before), gainOfTotals(situation, draws, before, moments))
}
