import { type DrawsTest, type SkewVerdict, testDraws } from '../statistics/index.ts'
import type { Attributed } from './causes/attribution.ts'
import { tell } from './causes/tell.ts'
import { tellUneven, tellUnknownDraws } from './causes/unexplained.ts'
import { ofKnownNodes } from './nulls/bypass.ts'
import { type Case, readCase } from './nulls/choices.ts'
import type { FitOptions } from './nulls/explanation.ts'
import { drawsOf, rulesOdds } from './nulls/odds.ts'
import { beyondLuck, fitShare, mostLeft, search } from './nulls/search.ts'
import type { Observation } from './observation.ts'
import type { TriedNull } from './report.ts'
import { evenCause } from './verdict/even.ts'
import type { Explained } from './verdict/explained.ts'
import { fewOfUnknownWeight, loadCauses, rulesCauses } from './verdict/known.ts'
import { leftNote, named } from './verdict/named.ts'
import { explainPart, fairWithoutGone } from './verdict/parts.ts'

type WithNulls = Explained & { readonly nulls: readonly TriedNull[] }

/** The verdict of the test against the rules, and the cause where there is something to explain. */
export const explain = (situation: Case, test: DrawsTest, verdict: SkewVerdict, options: FitOptions): WithNulls => {
  const { observation, totals } = situation
  const ruled = rulesOdds(observation) !== null
  const uniform = ruled && !equalOdds(situation) ? testDraws(totals, drawsOf(situation, [], false), options) : test
  const first: TriedNull[] = [{ name: 'uniform', p: uniform.p }]
  if (ruled) first.push({ name: 'rules', p: test.p })
  if (verdict !== 'SKEWED') {
    const cause = verdict === 'TOO-EVEN' ? evenCause(situation, test) : null
    const known = explainKnown(situation, { test, uniform, left: 0 }, options)
    const seen = known === null ? null : besidesFewClients(situation, test, options)
    return { ...(seen ?? known ?? { verdict, cause, notes: [] }), nulls: first }
  }
  const { tried, considered, found } = search(observation, test, options)
  const left = test.p > options.level * fitShare ? 0 : beyondLuck(test) / Math.max(1, beyondLuck(uniform))
  const explained =
    (found === null ? null : named(observation, found, options)) ??
    explainPart(observation, options) ??
    fewOfUnknownWeight(situation, test, options) ??
    (left > mostLeft ? null : explainKnown(situation, { test, uniform, left }, options)) ??
    fairWithoutGone(observation, options) ??
    (uniform.p > options.level * fitShare ? null : explainKnownNodes(observation, options)) ??
    unexplained(situation, test, considered)
  return { ...explained, nulls: [...first, ...tried] }
}

interface Tests {
  /** against the rules */
  readonly test: DrawsTest
  readonly uniform: DrawsTest
  /** share of the unevenness that the rules do not account for; 0 where what is left is luck */
  readonly left: number
}

/** By what the rules do, and by how few choices there are. null: by neither. */
const explainKnown = (situation: Case, { test, uniform, left }: Tests, options: FitOptions): Explained | null => {
  const rules = uniform.p <= options.level ? rulesCauses(situation, []) : []
  const loads = left === 0 ? loadCauses(situation, test.expected, options, options.level) : []
  const poor = left > 0 || test.p < fitsWell
  const [main, ...others] = [
    ...rules.map((each) => (left === 0 ? each : likely(each))),
    ...loads.map((each) => (poor ? likely(each) : each)),
  ]
  if (main === undefined) return null
  const view = { observation: situation.observation, situation, expected: test.expected }
  const cause = { ...tell(main, view), also: others.map((other) => tell(other, view)) }
  return { verdict: 'EXPLAINED', cause, notes: left === 0 ? [] : [leftNote(left)] }
}

/** p at which few choices are surely why: below it something else may add to them. */
const fitsWell = 0.2

const likely = (each: Attributed): Attributed => ({ ...each, certainty: 'likely' })

/** So few clients fit anything; what is seen to be at work besides is told of them. null: nothing is. */
const besidesFewClients = (situation: Case, test: DrawsTest, options: FitOptions): Explained | null => {
  const { observation, drawn } = situation
  const found = drawn === 'clients' ? search(observation, test, options).found : null
  const seen = found !== null && found.left === 0 && found.parts.every(({ certainty }) => certainty === 'certain')
  return seen ? named(observation, found, options) : null
}

/** Some connections came by nodes that nobody gave: what those that are given sent may have a cause. */
const explainKnownNodes = (observation: Observation, options: FitOptions): Explained | null => {
  const part = ofKnownNodes(observation)
  const situation = part === null ? null : readCase(part)
  if (situation === null) return null
  const test = testDraws(situation.totals, drawsOf(situation), options)
  const { verdict, cause, notes: more } = explain(situation, test, test.verdict, options)
  if (verdict !== 'EXPLAINED' || cause === null) return null
  const notes = [...more, 'more connections came than the known nodes sent; the cause is of what these sent']
  return { verdict, cause: { ...cause, certainty: 'likely' }, notes, test }
}

/** Each node gives every backend the same odds, but for the last digits of a kernel's integers. */
const equalOdds = (situation: Case): boolean =>
  drawsOf(situation).every(({ odds }) => Math.min(...odds) > 0.999 * Math.max(...odds))

const unexplained = (situation: Case, test: DrawsTest, considered: readonly string[]): Explained =>
  situation.weightsAssumed
    ? { verdict: 'NOT-ENOUGH-DATA', cause: tellUnknownDraws(situation.observation, test.level), notes: [] }
    : { verdict: 'SKEWED', cause: tellUneven(situation.observation, test.expected, considered), notes: [] }
