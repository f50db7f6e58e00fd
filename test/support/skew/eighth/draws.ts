import type { Observation } from '../../../../src/inspect/skew/observation.ts'
import { shuffle } from '../../../../src/util/random.ts'
import { type Dice, diceOf } from '../dice.ts'

export const addressIn = ({ between }: Dice): string => `10.${between(1, 200)}.${between(0, 255)}.${between(1, 254)}`

export const addressesIn = (dice: Dice, many: number): readonly string[] =>
  Array.from({ length: many }, () => addressIn(dice))

/** Of 0 … limit − 1, so many different ones. */
export const someOf = ({ random }: Dice, limit: number, many: number): readonly number[] =>
  shuffle([...Array(limit).keys()], String(random())).slice(0, many)

/** One of them, each as likely: what the rules of a chain come to. */
export const anyOf = ({ between }: Dice, pods: readonly number[]): number => pods[between(0, pods.length - 1)] ?? 0

/** Draws until it is plain: a situation that luck has hidden says nothing about who judges it. */
export const drawn =
  (make: (dice: Dice) => Observation | null) =>
  (seed: string): Observation => {
    for (let attempt = 0; attempt < 400; attempt++) {
      const observation = make(diceOf(`${seed} ${attempt}`))
      if (observation !== null) return observation
    }
    throw new Error(`too weak 400 times: seed ${seed}`)
  }
