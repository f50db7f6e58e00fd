import type { Situation } from '../third.ts'
import { clients } from './clients.ts'
import { lifetimes } from './lifetimes.ts'
import { loads } from './loads.ts'
import { noCause } from './no-cause.ts'
import { rules } from './rules.ts'
import { stale } from './stale.ts'
import { turns } from './turns.ts'

/**
 * Twenty situations, seven of them in two ways, written by somebody who had not read the classifier, from the documentation alone. As they
 * were first met, in the author's own draws of another generator, 100 of 100 were judged right. Four are fair or uneven for a reason that has
 * no name: there it is right to name none.
 */
export const eighth: readonly Situation[] = [
  ...rules,
  ...stale,
  ...lifetimes,
  ...clients,
  ...turns,
  ...loads,
  ...noCause,
]
