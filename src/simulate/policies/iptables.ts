import { probability } from '../../dataplane/iptables/probability.ts'
import { statisticOdds } from '../../rules/odds.ts'
import { uniformOf } from '../random.ts'
import type { Picker, PickerContext } from './picker.ts'

/**
 * kube-proxy's chain for n endpoints: rule i prints 1/(n − i) and matches with odds P = N/2³¹, the last takes the rest. Odds that rules
 * 0 … i have taken, in 2⁻¹²⁸ and so exact to the last bit of a double: n numbers, the last 1.
 */
export const chainOdds = (n: number): Float64Array => {
  const taken = new Float64Array(n).fill(1)
  let left = ONE
  for (let i = 0; i < n - 1; i++) {
    const { numerator, denominator } = statisticOdds(Number(probability(1, n - i)))
    left -= (left * numerator) / denominator
    taken[i] = Number(ONE - left) / Number(ONE)
  }
  return taken
}

const ONE = 1n << 128n

/** `-m statistic --mode random`, one rule per endpoint; weights are not honoured. */
export const iptablesPicker = ({ random }: PickerContext): Picker => {
  const uniform = uniformOf(random)
  const known = new Map<number, Chain>()
  let pods: readonly number[] = []
  let chain = chainOf(0)
  return {
    update(next) {
      pods = next
      chain = known.get(pods.length) ?? chainOf(pods.length)
      known.set(pods.length, chain)
    },
    pick: () => (pods.length === 0 ? -1 : (pods[draw(chain, uniform())] as number)),
    idle: () => {},
  }
}

interface Chain {
  readonly taken: Float64Array
  /** guide[⌊u·n⌋]: no rule before it can take u (Chen and Asau, 1974) */
  readonly guide: Int32Array
}

const chainOf = (n: number): Chain => {
  const taken = chainOdds(n)
  const guide = new Int32Array(n)
  let rule = 0
  for (let i = 0; i < n; i++) {
    while ((taken[rule] as number) <= i / n) rule++
    guide[i] = rule
  }
  return { taken, guide }
}

const draw = ({ taken, guide }: Chain, u: number): number => {
  let rule = guide[Math.floor(u * guide.length)] as number
  while (u >= (taken[rule] as number)) rule++
  return rule
}
