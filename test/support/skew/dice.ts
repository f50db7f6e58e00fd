import { seededRandom } from '../../../src/util/random.ts'
import { uniform } from '../../../src/inspect/statistics/draw.ts'

/** The parameters of a case, drawn from its seed. */
export interface Dice {
  /** uniform in (0, 1) */
  readonly random: () => number
  /** an integer from `low` to `high`, both possible */
  readonly between: (low: number, high: number) => number
  readonly oneOf: <const T>(items: readonly [T, ...T[]]) => T
  readonly chance: (p: number) => boolean
}

export const diceOf = (seed: string): Dice => {
  const integers = seededRandom(`dice ${seed}`)
  const random = (): number => uniform(integers)
  const between = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1))
  return {
    random,
    between,
    oneOf: (items) => items[between(0, items.length - 1)] ?? items[0],
    chance: (p) => random() < p,
  }
}

/** Lognormal of median 1. */
export const lognormal = (random: () => number, sigma: number): number =>
  Math.exp(sigma * Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random()))

export const exponential = (random: () => number, mean: number): number => -mean * Math.log(random())
