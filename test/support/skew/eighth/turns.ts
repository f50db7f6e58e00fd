import { exponential } from '../dice.ts'
import type { Situation } from '../third.ts'
import { addressesIn, drawn, someOf } from './draws.ts'
import { count, observed, observedIfUneven, see, tallyOf } from './tally.ts'

/** Dealt one by one. */
export const turns: readonly Situation[] = [
  {
    causes: ['same-start'],
    why: 'Forty to ninety nodes with one to five connections each, all from the same pod on but those few that were restarted.',
    make: drawn((dice) => {
      const k = dice.between(8, 16)
      const tally = tallyOf(dice, k, dice.between(40, 90))
      const order = someOf(dice, k, k)
      for (const [n, node] of tally.nodes.entries()) {
        const connections = dice.oneOf([1, 2, 2, 3, 3, 3, 4, 5])
        const start = dice.chance(0.04) ? dice.between(0, k - 1) : 0
        for (let turn = start; turn < start + connections; turn++) count(tally, order[turn % k] ?? 0, n)
        node.scheduler = 'rr'
      }
      return observedIfUneven(tally, { scheduler: 'rr', counted: 'opened' })
    }),
  },
  {
    causes: ['round-robin'],
    why: 'One after the other in turn; nobody says which scheduler.',
    make: drawn((dice) => {
      const k = dice.between(4, 8)
      const tally = tallyOf(dice, k)
      const connections = dice.between(150, 500)
      const start = dice.between(0, k - 1)
      const times = Array.from({ length: connections }, () => tally.at - dice.random() * 3600).sort((a, b) => a - b)
      const clients = addressesIn(dice, 50)
      for (const [turn, openedAt] of times.entries()) {
        const pod = (start + turn) % k
        count(tally, pod)
        const client = clients[dice.chance(0.05) ? 0 : dice.between(0, 49)] ?? ''
        see(tally, { client, pod, openedAt, life: exponential(dice.random, 60) })
      }
      return observed(tally, { counted: 'opened' })
    }),
  },
]
