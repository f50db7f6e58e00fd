import type { Observation } from '../../../../src/inspect/skew/observation.ts'
import type { Dice } from '../dice.ts'
import type { Situation } from '../third.ts'
import { anyOf, drawn, someOf } from './draws.ts'
import { count, observedIfUneven, place, tallyOf } from './tally.ts'

const day = 86_400

const oneLacksTheYoung =
  (scheduler: 'random' | 'rr') =>
  (dice: Dice): Observation | null => {
    const tally = tallyOf(dice, 7, 4)
    const since = tally.at - day
    place(tally, (pod) => pod % 4)
    for (const pod of tally.pods.slice(4)) pod.startedAt = tally.at - 5 * day
    const stale = dice.between(0, 3)
    for (const [n, node] of tally.nodes.entries()) {
      const has = [...tally.pods.keys()].filter((pod) => n !== stale || pod < 4)
      const turns = n === stale ? dice.between(700, 1200) : dice.between(300, 500)
      const first = dice.between(0, 8)
      node.since = since
      node.odds = tally.pods.map((_, pod) => (has.includes(pod) ? 1 : 0))
      if (scheduler === 'rr') node.scheduler = scheduler
      for (let turn = first; turn < first + turns; turn++)
        count(tally, scheduler === 'rr' ? (has[turn % has.length] ?? 0) : anyOf(dice, has), n)
    }
    return observedIfUneven(tally, { scheduler, counted: 'opened', since })
  }

/** A node is behind, and is busier than the others. */
export const stale: readonly Situation[] = [
  {
    causes: ['stale-rules'],
    why: 'One of several nodes never chose two or three pods that the others use, in hundreds of choices; no rules are known, all pods are ready and old.',
    make: drawn((dice) => {
      const k = dice.between(5, 8)
      const nodes = dice.between(3, 5)
      const tally = tallyOf(dice, k, nodes)
      place(tally, (pod) => pod % nodes)
      const lost = someOf(dice, k, dice.between(2, 3))
      const behind = dice.between(0, nodes - 1)
      for (const [n, node] of tally.nodes.entries()) {
        node.odds = null
        const has = [...tally.pods.keys()].filter((pod) => n !== behind || !lost.includes(pod))
        for (let i = n === behind ? dice.between(450, 700) : dice.between(200, 350); i > 0; i--)
          count(tally, anyOf(dice, has), n)
      }
      return observedIfUneven(tally, { scheduler: 'random', counted: 'opened' })
    }),
  },
  {
    causes: ['stale-rules'],
    why: 'One node lacks the three pods that came five days ago; counting began a day ago, so their age is no cause.',
    make: drawn(oneLacksTheYoung('random')),
  },
  {
    causes: ['stale-rules'],
    mayAlso: ['round-robin'],
    why: 'The same, and the nodes deal in turn.',
    make: drawn(oneLacksTheYoung('rr')),
  },
]
