import { connectionsToSee, type DrawsTest, type SkewVerdict, sum, testDraws } from '../statistics/index.ts'
import { type Attributed, attributeRules } from './causes/attribution.ts'
import { attributeLoads } from './causes/loads.ts'
import type { NamedCause } from './causes/codes.ts'
import { percent, unitWords } from './causes/sentence.ts'
import { tell } from './causes/tell.ts'
import { tellTooEven, tellUneven, tellUnknownDraws } from './causes/unexplained.ts'
import { type Case, effectiveChoices, numbersOf, readCase, sampleOf } from './nulls/choices.ts'
import { ofKnownNodes } from './nulls/bypass.ts'
import type { FitOptions } from './nulls/explanation.ts'
import { withoutGone } from './nulls/gone.ts'
import { drawsOf, type Mask, rulesOdds } from './nulls/odds.ts'
import { gainBetween } from './nulls/gain.ts'
import { beyondLuck, type Found, fitShare, gainAlone, mostLeft, search } from './nulls/search.ts'
import { deals, turnOdds } from './nulls/turns.ts'
import type { Observation } from './observation.ts'
import type { Cause, Judgement, TriedNull } from './report.ts'

export interface Explained {
  readonly verdict: Judgement
  readonly cause: Cause | null
  readonly nulls: readonly TriedNull[]
  readonly notes: readonly string[]
  /** of what it is about, where that is not all that was counted */
  readonly test?: DrawsTest
}

/** Odds of so many to one for the rules against an even split, before they are called the cause. */
const convincing = Math.log(1000)
/** Load that differs by less is not worth an explanation: cv of the totals over what is expected. */
const material = 0.1
/** p at which connections taken one by one are too uneven, beside causes that account for the counts already */
const besides = 0.001
/** p of the lower tail at which counts that are dealt in turn are told from luck without knowing the scheduler */
const surelyDealt = 1e-4

/** The verdict of the test against the rules, and the cause where there is something to explain. */
export const explain = (situation: Case, test: DrawsTest, verdict: SkewVerdict, options: FitOptions): Explained => {
  const { observation, totals } = situation
  const ruled = rulesOdds(observation) !== null
  const uniform = ruled && !equalOdds(situation) ? testDraws(totals, drawsOf(situation, [], false), options) : test
  const first: TriedNull[] = [{ name: 'uniform', p: uniform.p }]
  if (ruled) first.push({ name: 'rules', p: test.p })
  const known = (left = 0): Explained | null => {
    const rules = uniform.p <= options.level ? rulesCauses(situation, []) : []
    const loads = left === 0 ? loadCauses(situation, test.expected, options, options.level) : []
    const [main, ...others] = [...rules, ...loads].map((each) =>
      left === 0 ? each : { ...each, certainty: 'likely' as const },
    )
    if (main === undefined) return null
    const view = { observation, situation, expected: test.expected }
    const cause = { ...tell(main, view), also: others.map((other) => tell(other, view)) }
    return { verdict: 'EXPLAINED', cause, nulls: first, notes: left === 0 ? [] : [leftNote(left)] }
  }
  if (verdict !== 'SKEWED')
    return (
      known() ?? { verdict, cause: verdict === 'TOO-EVEN' ? evenCause(situation, test) : null, nulls: first, notes: [] }
    )
  const { tried, ...searched } = explainSkew(situation, test, options)
  const left = test.p > options.level * fitShare ? 0 : beyondLuck(test) / Math.max(1, beyondLuck(uniform))
  const accepted = searched.verdict === 'SKEWED' && left <= mostLeft ? known(left) : null
  const settled = searched.verdict === 'SKEWED' && accepted === null ? fairWithoutGone(observation, options) : null
  const partly =
    searched.verdict === 'SKEWED' && (accepted ?? settled) === null ? explainKnownNodes(observation, options) : null
  return accepted ?? { ...(settled ?? partly ?? searched), nulls: [...first, ...tried] }
}

/** Some connections came by nodes that nobody gave: what those that are given sent may have a cause. */
const explainKnownNodes = (observation: Observation, options: FitOptions): Omit<Explained, 'nulls'> | null => {
  const part = ofKnownNodes(observation)
  const situation = part === null ? null : readCase(part)
  if (situation === null) return null
  const test = testDraws(situation.totals, drawsOf(situation), options)
  const { verdict, cause, notes: more } = explain(situation, test, test.verdict, options)
  if (verdict !== 'EXPLAINED' || cause === null) return null
  const notes = [...more, 'more connections came than the known nodes sent; the cause is of what these sent']
  return { verdict, cause: { ...cause, certainty: 'likely' }, notes, test }
}

/** What pods that left the rules still have is from before: the others may be fair. */
const fairWithoutGone = (observation: Observation, options: FitOptions): Omit<Explained, 'nulls'> | null => {
  const others = withoutGone(observation)
  const situation = others === null ? null : readCase(others)
  if (situation === null) return null
  const test = testDraws(situation.totals, drawsOf(situation), options)
  if (test.p <= options.level) return null
  const notes = ['pods that left the rules still have connections from before; the verdict is about the others']
  const cause = test.verdict === 'TOO-EVEN' ? evenCause(situation, test) : null
  return { verdict: test.verdict, cause, notes, test }
}

const leftNote = (left: number): string => `${percent(left)} of the unevenness is not accounted for`

/** Each node gives every backend the same odds, but for the last digits of a kernel's integers. */
const equalOdds = (situation: Case): boolean =>
  drawsOf(situation).every(({ odds }) => Math.min(...odds) > 0.999 * Math.max(...odds))

/** What the rules do, where they are much likelier than an even split under the same masks. */
const rulesCauses = (situation: Case, masks: readonly Mask[]): readonly Attributed[] => {
  if (rulesOdds(situation.observation) === null) return []
  if (gainBetween(situation, drawsOf(situation, masks), drawsOf(situation, masks, false)) < convincing) return []
  const [main, ...others] = attributeRules(situation)
  return main === undefined ? [] : [main, ...others.filter((other) => other.gain >= convincing)]
}

/**
 * Few choices behind a load that differs: none where they are enough, or where it hardly differs.
 * @param uneven p at which connections that are kept would be uneven if nobody kept them
 */
const loadCauses = (
  situation: Case,
  expected: readonly number[],
  options: FitOptions,
  uneven: number,
): readonly Attributed[] => {
  const { observation, totals, drawn, flows } = situation
  if (observation.unit === 'connections' && drawn === 'connections') return []
  const all = sum(expected)
  const odds = expected.map((e) => e / all)
  const possible = expected.flatMap((e, i) => (e > 0 ? [((totals[i] ?? 0) / e - 1) ** 2] : []))
  const differs = Math.sqrt(sum(possible) / possible.length) > material
  const { level } = options
  const needed = connectionsToSee(
    odds.filter((p) => p > 0),
    { level },
  )
  if (!differs || possible.length < 2 || effectiveChoices(situation) >= needed) return []
  if (observation.unit === 'connections' && flows !== null) {
    const single = testDraws(totals, [{ odds, count: flows.length }], options)
    if (single.p > uneven) return []
  }
  return [attributeLoads(situation)]
}

const explainSkew = (
  situation: Case,
  test: DrawsTest,
  options: FitOptions,
): Omit<Explained, 'nulls'> & { readonly tried: readonly TriedNull[] } => {
  const { observation } = situation
  const whole = search(observation, test, options)
  if (whole.found !== null) return { ...named(observation, whole.found, options), tried: whole.tried }
  const sample = sampleOf(observation)
  const part = sample === null ? null : sampled(sample, options)
  if (part !== null && sample !== null) {
    const { verdict, cause, notes: more } = named(sample, part, options)
    const notes = [...more, sampleNote(sample)]
    return { verdict, cause: { ...cause, certainty: 'likely' }, notes, tried: whole.tried }
  }
  const few = sample === null ? null : fewInSample(sample, options)
  if (few !== null) return { ...few, tried: whole.tried }
  const numbers = numbersOf(observation)
  const counted = numbers === null ? null : sampled(numbers, options)
  if (counted !== null && numbers !== null) {
    const { verdict, cause, notes: more } = named(numbers, counted, options)
    const notes = [
      ...more,
      `the cause was found in the numbers of connections, in proportion to which the pods have ${unitWords[observation.unit]}`,
    ]
    return { verdict, cause: { ...cause, certainty: 'likely' }, notes, tried: whole.tried }
  }
  const { tried, considered } = whole
  if (situation.weightsAssumed)
    return { verdict: 'NOT-ENOUGH-DATA', cause: tellUnknownDraws(observation, test.level), notes: [], tried }
  return { verdict: 'SKEWED', cause: tellUneven(observation, test.expected, considered), notes: [], tried }
}

/** Connections one by one are uneven, but those that are known are kept with their clients, of which there are few. */
const fewInSample = (sample: Observation, options: FitOptions): Omit<Explained, 'nulls'> | null => {
  const situation = readCase(sample)
  if (situation === null || situation.drawn !== 'clients') return null
  const test = testDraws(situation.totals, drawsOf(situation), options)
  if (test.p <= options.level * fitShare) return null
  const [main, ...others] = loadCauses(situation, test.expected, options, options.level)
  if (main === undefined) return null
  const view = { observation: sample, situation, expected: test.expected }
  const likely = (each: Attributed): Omit<Cause, 'also'> => tell({ ...each, certainty: 'likely' }, view)
  const notes = [sampleNote(sample)]
  return { verdict: 'EXPLAINED', cause: { ...likely(main), also: others.map(likely) }, notes }
}

const sampleNote = ({ flows = [] }: Observation): string =>
  `the cause was found in the ${flows.length} connections that are known one by one, not in all counts`

/** Only where the sample is uneven itself. */
const sampled = (sample: Observation, options: FitOptions): Found | null => {
  const situation = readCase(sample)
  if (situation === null) return null
  const test = testDraws(situation.totals, drawsOf(situation), options)
  return test.p > options.level ? null : search(sample, test, options).found
}

/** The gravest of the causes that together account for the counts, and the others; what rules and few choices add comes with them. */
const named = (
  observation: Observation,
  found: Found,
  options: FitOptions,
): { readonly verdict: 'EXPLAINED'; readonly cause: Cause; readonly notes: readonly string[] } => {
  const { parts, rivals, situation, masks, expected } = found
  const codes: ReadonlySet<NamedCause> = new Set(parts.map(({ code }) => code))
  const rival = rivals.map((some) => some.map(({ code }) => code)).find((some) => some.some((code) => !codes.has(code)))
  const own = parts.map(
    (part): Attributed => ({
      code: part.code,
      certainty: rival === undefined && found.left === 0 ? part.certainty : 'likely',
      gain: gainAlone(observation, part, options),
    }),
  )
  const more: readonly Attributed[] = parts.some(({ kind }) => kind === 'whole')
    ? []
    : [...rulesCauses(situation, masks), ...loadCauses(situation, expected, options, besides)]
  const all = [...own, ...more.filter(({ code }) => !codes.has(code))].toSorted((a, b) => b.gain - a.gain)
  const view = { observation, situation, expected }
  const [gravest, ...others] = all.map((each) => tell(each, view))
  if (gravest === undefined) throw new RangeError('a null of no causes was found')
  const notes = rival === undefined ? [] : [`${rival.join(' + ')} would account for it as well`]
  if (found.left > 0) notes.push(leftNote(found.left))
  return { verdict: 'EXPLAINED', cause: { ...gravest, also: others }, notes }
}

const evenCause = (situation: Case, test: DrawsTest): Cause => {
  const { observation, flows, drawn } = situation
  const { scheduler } = observation.facts
  const view = { observation, situation, expected: test.expected }
  const inTurn = flows !== null && drawn === 'connections' && turnOdds(flows, test.k) >= convincing
  const known = deals(scheduler)
  if (known === true || (known === undefined && (inTurn || test.pLower <= surelyDealt)))
    return { ...tell({ code: 'round-robin', certainty: known === true ? 'certain' : 'likely' }, view), also: [] }
  return tellTooEven(observation, test.pLower, known === false)
}
