import { sum } from '../../statistics/index.ts'
import type { Case } from '../nulls/choices.ts'
import type { Observation } from '../observation.ts'
import type { CauseCode } from './codes.ts'

/** What a cause's sentences are made of. */
export interface View {
  readonly observation: Observation
  /** what is left to be drawn once the other causes are taken out; the whole where there are none */
  readonly situation: Case
  /** per backend, under the null that fits */
  readonly expected: readonly number[]
  /** share of the unevenness that the causes do not account for, default 0 */
  readonly left?: number
}

export interface Told {
  readonly evidence: string
  readonly cure: string
}

export type Teller = (view: View) => Told

export type Tellers<Code extends CauseCode> = { readonly [code in Code]: Teller }

/** Of the backends where `counts` is greatest and smallest over `by`: their indices. */
export const extremes = (counts: readonly number[], by: readonly number[] = counts): readonly [number, number] => {
  const order = [...counts.keys()].sort((a, b) => (by[b] ?? 0) - (by[a] ?? 0))
  return [order[0] ?? 0, order.at(-1) ?? 0]
}

export const shareOf = (counts: readonly number[], index: number): number => (counts[index] ?? 0) / (sum(counts) || 1)
