import type { Attributed } from '../causes/attribution.ts'
import type { NamedCause } from '../causes/codes.ts'
import { percent } from '../causes/sentence.ts'
import { tell } from '../causes/tell.ts'
import type { FitOptions } from '../nulls/explanation.ts'
import { type Found, gainAlone } from '../nulls/search.ts'
import type { Observation } from '../observation.ts'
import type { Cause } from '../report.ts'
import type { Explained } from './explained.ts'
import { loadCauses, rulesCauses } from './known.ts'

/** p at which connections taken one by one are too uneven, beside causes that account for the counts already */
const besides = 0.001

export const leftNote = (left: number): string => `${percent(left)} of the unevenness is not accounted for`

/** The gravest of the causes that together account for the counts, and the others; what rules and few choices add comes with them. */
export const named = (
  observation: Observation,
  found: Found,
  options: FitOptions,
): Explained & { readonly cause: Cause } => {
  const { parts, rivals, situation, masks, expected } = found
  const codes: ReadonlySet<NamedCause> = new Set(parts.map(({ code }) => code))
  const rival = rivals.map((some) => some.map(({ code }) => code)).find((some) => some.some((code) => !codes.has(code)))
  const own = parts.map(
    (part): Attributed => ({
      code: part.code,
      certainty: rival === undefined && found.left === 0 && found.p > options.level ? part.certainty : 'likely',
      gain: gainAlone(observation, part, options),
    }),
  )
  const more: readonly Attributed[] = parts.some(({ kind }) => kind === 'whole')
    ? []
    : [...rulesCauses(situation, masks), ...loadCauses(situation, expected, options, besides)]
  const all = [...own, ...more.filter(({ code }) => !codes.has(code))].toSorted((a, b) => b.gain - a.gain)
  const view = { observation, situation, expected, left: found.left }
  const [gravest, ...others] = all.map((each) => tell(each, view))
  if (gravest === undefined) throw new RangeError('a null of no causes was found')
  const notes = rival === undefined ? [] : [`${rival.join(' + ')} would account for it as well`]
  if (found.left > 0) notes.push(leftNote(found.left))
  return { verdict: 'EXPLAINED', cause: { ...gravest, also: others }, notes }
}
