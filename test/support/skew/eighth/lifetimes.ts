import type { Observation } from '../../../../src/inspect/skew/observation.ts'
import { type Dice, exponential } from '../dice.ts'
import type { Situation } from '../third.ts'
import { addressesIn, anyOf, drawn, someOf } from './draws.ts'
import { arrivals, count, observedIfUneven, see, tallyOf } from './tally.ts'

const hour = 3600

const dealtInTurn =
  (seen: boolean) =>
  (dice: Dice): Observation | null => {
    const [k, step] = dice.oneOf<readonly [number, number]>([
      [4, 4],
      [5, 5],
      [6, 3],
      [8, 4],
    ])
    const tally = tallyOf(dice, k)
    const clients = addressesIn(dice, 150)
    const opened = tally.pods.map(() => 0)
    let phase = dice.between(0, 8)
    for (const [turn, openedAt] of arrivals(tally, 6 * hour, 6).entries()) {
      const pod = turn % k
      phase += dice.chance(0.003) ? 2 : 1
      const life = exponential(dice.random, phase % step === 0 ? 5400 : 20)
      opened[pod] = (opened[pod] ?? 0) + 1
      if (openedAt + life <= tally.at) continue
      count(tally, pod)
      if (seen) see(tally, { client: clients[dice.between(0, 149)] ?? '', pod, openedAt, life })
    }
    for (const [i, pod] of tally.pods.entries()) pod.opened = opened[i] ?? 0
    return observedIfUneven(tally, { scheduler: 'rr', counted: 'open', since: tally.at - 6 * hour })
  }

/** Open connections, which came by and by and stay for a while. */
export const lifetimes: readonly Situation[] = [
  {
    causes: ['unready-pods'],
    why: 'One or two pods, terminating for less than an hour, keep what was open; the others are even, though one of them is younger.',
    make: drawn((dice) => {
      const k = dice.between(5, 9)
      const tally = tallyOf(dice, k)
      const gone = tally.at - dice.between(40, 60) * 60
      const leaving = someOf(dice, k, k > 6 ? 2 : 1)
      const young = (Math.min(...leaving) + 1) % k
      for (const [i, pod] of tally.pods.entries()) {
        if (leaving.includes(i)) Object.assign(pod, { terminating: true, ready: false })
        if (i === young) pod.startedAt = tally.at - 2 * 24 * hour
      }
      const clients = addressesIn(dice, 200)
      const all = [...tally.pods.keys()]
      const left = all.filter((pod) => !leaving.includes(pod))
      for (const openedAt of arrivals(tally, 5 * hour, 1 / (0.2 + 0.1 * dice.random()))) {
        const pod = anyOf(dice, openedAt > gone ? left : all)
        const life = exponential(dice.random, 1800)
        if (openedAt + life <= tally.at) continue
        count(tally, pod)
        see(tally, { client: clients[dice.between(0, 199)] ?? '', pod, openedAt, life })
      }
      return observedIfUneven(tally, { counted: 'open', scheduler: 'random' })
    }),
  },
  {
    causes: ['young-pods'],
    why: 'Two of five, four of ten or ten of twenty pods are half an hour old, connections live two hours.',
    make: drawn((dice) => {
      const [old, young] = dice.oneOf<readonly [number, number]>([
        [3, 2],
        [6, 4],
        [10, 10],
      ])
      const tally = tallyOf(dice, old + young, 2)
      const up = tally.at - dice.between(20, 40) * 60
      for (const pod of tally.pods.slice(old)) pod.startedAt = up + dice.between(0, 5)
      const life = 2 * hour
      const clients = addressesIn(dice, 120)
      for (const openedAt of arrivals(tally, 6 * life, life / (450 + 250 * dice.random()))) {
        const there = tally.pods.flatMap(({ startedAt = 0 }, pod) => (startedAt < openedAt - 2 ? [pod] : []))
        const pod = anyOf(dice, there)
        const lasting = exponential(dice.random, life)
        if (openedAt + lasting <= tally.at) continue
        const client = dice.between(0, 119)
        const node = client % 2
        count(tally, pod, node)
        see(tally, { client: clients[client] ?? '', pod, node, openedAt, life: lasting })
      }
      return observedIfUneven(tally, { counted: 'open', scheduler: 'random' })
    }),
  },
  {
    causes: ['round-robin-lifetimes'],
    why: 'Dealt evenly in turn, and every third, fourth or fifth is a long one. Only numbers: opened and open.',
    make: drawn(dealtInTurn(false)),
  },
  {
    causes: ['round-robin-lifetimes'],
    why: 'The same, and those that are open are seen.',
    make: drawn(dealtInTurn(true)),
  },
]
