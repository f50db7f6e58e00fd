import type { NamedCause } from '../causes/codes.ts'
import type { Certainty } from '../report.ts'
import type { Observation } from '../observation.ts'
import type { Case } from './choices.ts'
import type { Mask } from './odds.ts'

/**
 * What a cause makes of the null. odds: backends could not be chosen, or not as often, at some node or moment. less: connections that are
 * none of the rules' doing are taken away. whole: the counts are not draws at all, and are accounted for as they stand.
 */
export type Explanation = {
  readonly code: NamedCause
  readonly certainty: Exclude<Certainty, 'none'>
} & (Odds | Whole | { readonly kind: 'less'; readonly take: (observation: Observation) => Less | null })

interface Odds {
  readonly kind: 'odds'
  readonly mask: Mask
  /** seconds at which the mask changes, besides the starts of pods */
  readonly moments?: readonly number[]
  /** log odds that its free parameters could gain from luck, default 0 */
  readonly cost?: number
}

interface Whole {
  readonly kind: 'whole'
  readonly fit: WholeFit
}

/** What is left. null from `take`: nothing to take away. */
export interface Less {
  readonly observation: Observation
  /** holds for the rules as well: what was taken away is not there to be chosen */
  readonly mask: Mask | null
  /** log odds that what was taken away is why, against the rules */
  readonly gain: number
}

export interface Fit {
  /** upper tail under the null */
  readonly p: number
  /** per backend */
  readonly expected: readonly number[]
  /** log odds of the null against the rules alone, less what its free parameters could gain from luck */
  readonly gain: number
}

/** null: it does not apply */
export type WholeFit = (situation: Case, masks: readonly Mask[], options: FitOptions) => Fit | null

export interface FitOptions {
  readonly level: number
  readonly seed: string
  /** as `SkewOptions` */
  readonly family?: number
}
