import { chiSquare, connectionsToSee, type DrawsTest, sum, testDraws } from '../../statistics/index.ts'
import { type Attributed, attributeRules } from '../causes/attribution.ts'
import { attributeLoads } from '../causes/loads.ts'
import { tell } from '../causes/tell.ts'
import { type Case, effectiveChoices } from '../nulls/choices.ts'
import type { FitOptions } from '../nulls/explanation.ts'
import { gainBetween, gainOfTotals } from '../nulls/gain.ts'
import { drawsOf, type Mask, rulesOdds } from '../nulls/odds.ts'
import { convincing, fitShare } from '../nulls/search.ts'
import type { Explained } from './explained.ts'

/** Load that differs by less is not worth an explanation: cv of the totals over what is expected. */
const material = 0.1

/** What the rules do, where they are much likelier than an even split under the same masks. */
export const rulesCauses = (situation: Case, masks: readonly Mask[]): readonly Attributed[] => {
  if (rulesOdds(situation.observation) === null) return []
  const [ruled, even] = [drawsOf(situation, masks), drawsOf(situation, masks, false)]
  if (Math.min(gainBetween(situation, ruled, even), gainOfTotals(situation, ruled, even)) < convincing) return []
  const [main, ...others] = attributeRules(situation)
  return main === undefined ? [] : [main, ...others.filter((other) => other.gain >= convincing)]
}

/**
 * Few choices behind a load that differs: none where they are enough, or where it hardly differs.
 * @param uneven p at which connections that are kept would be uneven if nobody kept them
 */
export const loadCauses = (
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

/**
 * Connections are never alike: what each carries varies as much as its mean, and then so many are as half of them. null: what they carry
 * is known, or that many are not so uneven.
 */
export const fewOfUnknownWeight = (situation: Case, test: DrawsTest, options: FitOptions): Explained | null => {
  const fits = chiSquare(test.k - 1, test.statistic / 2).upper > options.level * fitShare
  if (!situation.weightsAssumed || !fits) return null
  const [few] = loadCauses(situation, test.expected, options, options.level)
  if (few === undefined) return null
  const view = { observation: situation.observation, situation, expected: test.expected }
  return { verdict: 'EXPLAINED', cause: { ...tell(few, view), also: [] }, notes: [] }
}
