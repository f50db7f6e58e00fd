import { testDraws } from '../../statistics/index.ts'
import type { Attributed } from '../causes/attribution.ts'
import { unitWords } from '../causes/sentence.ts'
import { tell } from '../causes/tell.ts'
import { readCase } from '../nulls/choices.ts'
import type { FitOptions } from '../nulls/explanation.ts'
import { withoutGone } from '../nulls/gone.ts'
import { drawsOf } from '../nulls/odds.ts'
import { numbersOf, sampleOf } from '../nulls/parts.ts'
import { fitShare, search } from '../nulls/search.ts'
import type { Observation } from '../observation.ts'
import type { Cause } from '../report.ts'
import { evenCause } from './even.ts'
import type { Explained } from './explained.ts'
import { loadCauses } from './known.ts'
import { named } from './named.ts'

/** Where all counts together have no cause that is seen: in the connections that are known one by one, or in their numbers. null: neither. */
export const explainPart = (observation: Observation, options: FitOptions): Explained | null => {
  const sample = sampleOf(observation)
  const seen = sample === null ? null : (searched(sample, options) ?? fewInSample(sample, options))
  if (sample !== null && seen !== null) return likely(seen, sampleNote(sample))
  const numbers = numbersOf(observation)
  const counted = numbers === null ? null : searched(numbers, options)
  const unit = unitWords[observation.unit]
  return counted === null
    ? null
    : likely(counted, `the cause was found in the numbers of connections, in proportion to which the pods have ${unit}`)
}

export const sampleNote = ({ flows = [] }: Observation): string =>
  `the cause was found in the ${flows.length} connections that are known one by one, not in all counts`

const likely = ({ verdict, cause, notes }: Explained, note: string): Explained => ({
  verdict,
  cause: cause === null ? null : { ...cause, certainty: 'likely' },
  notes: [...notes, note],
})

/** Only where the part is uneven itself. */
const searched = (part: Observation, options: FitOptions): Explained | null => {
  const situation = readCase(part)
  if (situation === null) return null
  const test = testDraws(situation.totals, drawsOf(situation), options)
  const found = test.p > options.level ? null : search(part, test, options).found
  return found === null ? null : named(part, found, options)
}

/** Connections one by one are uneven, but those that are known are kept with their clients, of which there are few. */
const fewInSample = (sample: Observation, options: FitOptions): Explained | null => {
  const situation = readCase(sample)
  if (situation === null || situation.drawn !== 'clients') return null
  const test = testDraws(situation.totals, drawsOf(situation), options)
  if (test.p <= options.level * fitShare) return null
  const [main, ...others] = loadCauses(situation, test.expected, options, options.level)
  if (main === undefined) return null
  const view = { observation: sample, situation, expected: test.expected }
  const told = (each: Attributed): Omit<Cause, 'also'> => tell({ ...each, certainty: 'likely' }, view)
  return { verdict: 'EXPLAINED', cause: { ...told(main), also: others.map(told) }, notes: [] }
}

/** What pods that left the rules still have is from before: the others may be fair. null: none has, or the others are not. */
export const fairWithoutGone = (observation: Observation, options: FitOptions): Explained | null => {
  const others = withoutGone(observation)
  const situation = others === null ? null : readCase(others)
  if (situation === null) return null
  const test = testDraws(situation.totals, drawsOf(situation), options)
  if (test.p <= options.level) return null
  const notes = ['pods that left the rules still have connections from before; the verdict is about the others']
  const cause = test.verdict === 'TOO-EVEN' ? evenCause(situation, test) : null
  return { verdict: test.verdict, cause, notes, test }
}
