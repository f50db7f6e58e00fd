import type { Observation } from '../../../../src/inspect/skew/observation.ts'
import { type Dice, exponential } from '../dice.ts'
import type { Situation } from '../third.ts'
import { weighted } from '../world.ts'
import { addressesIn, drawn } from './draws.ts'
import { arrivals, count, observed, observedIfUneven, pass, place, see, tallyOf } from './tally.ts'

const slowPod =
  (openedKnown: boolean) =>
  (dice: Dice): Observation | null => {
    const k = dice.between(4, 8)
    const tally = tallyOf(dice, k)
    const slow = dice.between(0, k - 1)
    const clients = addressesIn(dice, 300)
    const opened = tally.pods.map(() => 0)
    for (const openedAt of arrivals(tally, 4 * 3600, 1 / (0.8 + 0.8 * dice.random()))) {
      const pod = dice.between(0, k - 1)
      const life = exponential(dice.random, pod === slow ? 900 : 300)
      opened[pod] = (opened[pod] ?? 0) + 1
      if (openedAt + life <= tally.at) continue
      count(tally, pod)
      see(tally, { client: clients[dice.between(0, 299)] ?? '', pod, openedAt, life })
    }
    if (openedKnown) for (const [i, pod] of tally.pods.entries()) pod.opened = opened[i] ?? 0
    return observedIfUneven(tally, { scheduler: 'random', counted: 'open' })
  }

const hiddenPreference =
  (countedKnown: boolean) =>
  (dice: Dice): Observation | null => {
    const k = dice.between(3, 9)
    const tally = tallyOf(dice, k)
    const odds = tally.pods.map(() => 1)
    odds[dice.between(0, k - 1)] = dice.between(2, 3)
    if (k > 5) odds[dice.between(0, k - 1)] = 1.6
    for (let i = dice.between(600, 3000); i > 0; i--) count(tally, weighted(odds, dice.random()) ?? 0)
    for (const pod of tally.pods) {
      delete pod.startedAt
      delete pod.ready
    }
    tally.facts = {}
    return observedIfUneven(tally, countedKnown ? { counted: 'opened' } : {})
  }

/** Fair, or uneven for a reason that has no name: right is to name none. */
export const noCause: readonly Situation[] = [
  {
    causes: [],
    why: 'Fair on forty to sixty pods: ten are young, but older than every connection, and one client has a twentieth.',
    make: drawn((dice) => {
      const k = dice.between(40, 60)
      const tally = tallyOf(dice, k, 3)
      place(tally, (pod) => pod % 3)
      for (const pod of tally.pods.slice(-10)) pod.startedAt = tally.at - 7200
      const clients = addressesIn(dice, 300)
      for (let i = dice.between(250, 3000); i > 0; i--) {
        const client = dice.chance(0.05) ? 0 : dice.between(0, 299)
        pass(tally, clients[client] ?? '', dice.between(0, k - 1), client % 3)
      }
      return observed(tally, { scheduler: 'random', counted: 'opened' })
    }),
  },
  {
    causes: [],
    why: 'Fair: policy Local, but as many pods on every node, and nodes get equally much.',
    make: drawn((dice) => {
      const nodes = dice.between(2, 3)
      const each = dice.between(1, 2)
      const tally = tallyOf(dice, nodes * each, nodes)
      place(tally, (pod) => pod % nodes)
      for (let i = dice.between(60, 900); i > 0; i--) {
        const node = dice.between(0, nodes - 1)
        count(tally, node + nodes * dice.between(0, each - 1), node)
      }
      for (const node of tally.nodes) node.odds = tally.pods.map((pod) => (pod.node === node.node ? 1 : 0))
      return observed(tally, { externalTrafficPolicy: 'Local', scheduler: 'random', counted: 'opened' })
    }),
  },
  {
    causes: [],
    why: 'A pod of the same age, ready, with the same odds, keeps connections three times as long: no cause of the list.',
    make: drawn(slowPod(false)),
  },
  {
    causes: [],
    why: 'The same, and it can be seen that those that were opened are even.',
    make: drawn(slowPod(true)),
  },
  {
    causes: [],
    why: 'Numbers only, not even of what: one pod has two or three times the others, nothing says why.',
    make: drawn(hiddenPreference(false)),
  },
  {
    causes: [],
    why: 'Numbers of opened connections only: one pod has two or three times the others, nothing says why.',
    make: drawn(hiddenPreference(true)),
  },
]
