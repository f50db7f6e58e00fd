import type { DrawsTest } from '../../statistics/index.ts'
import { tell } from '../causes/tell.ts'
import { tellTooEven } from '../causes/unexplained.ts'
import type { Case } from '../nulls/choices.ts'
import { convincing } from '../nulls/search.ts'
import { deals, turnOdds } from '../nulls/turns.ts'
import type { Cause } from '../report.ts'

/** p of the lower tail at which counts that are dealt in turn are told from luck without knowing the scheduler */
const surelyDealt = 1e-4
/** the same where no two backends differ by more than one, as one dealer leaves them */
const likelyDealt = 1e-3

/** Why counts are more even than luck. */
export const evenCause = (situation: Case, test: DrawsTest): Cause => {
  const { observation, flows, drawn, totals } = situation
  const { scheduler } = observation.facts
  const view = { observation, situation, expected: test.expected }
  const inTurn = flows !== null && drawn === 'connections' && turnOdds(flows, test.k) >= convincing
  const known = deals(scheduler)
  const asDealt = test.pLower <= (Math.max(...totals) - Math.min(...totals) <= 1 ? likelyDealt : surelyDealt)
  if (known === true || (known === undefined && (inTurn || asDealt)))
    return { ...tell({ code: 'round-robin', certainty: known === true ? 'certain' : 'likely' }, view), also: [] }
  return tellTooEven(observation, test.pLower, known === false)
}
