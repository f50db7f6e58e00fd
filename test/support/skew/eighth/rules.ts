import type { Observation } from '../../../../src/inspect/skew/observation.ts'
import { type Dice, exponential } from '../dice.ts'
import type { Situation } from '../third.ts'
import { weighted } from '../world.ts'
import { addressIn, anyOf, drawn, someOf } from './draws.ts'
import { count, observedIfUneven, place, see, tallyOf, type Tally } from './tally.ts'

const choose = (tally: Tally, node: number, odds: readonly number[], times: number): void => {
  for (let i = 0; i < times; i++) count(tally, weighted(odds, tally.dice.random()) ?? 0, node)
}

const weigh = ({ pods, nodes }: Tally, weights: readonly number[]): void => {
  for (const [i, pod] of pods.entries()) {
    pod.weight = weights[i] ?? 1
    pod.expectedOdds = pod.weight
  }
  for (const node of nodes) node.odds = weights
}

const hints =
  (lastZoneKnown: boolean) =>
  (dice: Dice): Observation | null => {
    const perZone = dice.oneOf<readonly number[]>([
      [1, 3, 4],
      [2, 5, 3],
      [2, 2, 6],
    ])
    const places = perZone.flatMap((pods, zone) => Array.from({ length: pods }, (_, i) => zone + 3 * (i % 2)))
    const tally = tallyOf(dice, places.length, 6, 3)
    place(tally, (pod) => places[pod] ?? 0)
    for (const [n, node] of tally.nodes.entries()) {
      node.odds = tally.pods.map(({ zone }) => (zone === node.zone ? 1 : 0))
      choose(tally, n, node.odds, dice.between(150, 260))
    }
    if (!lastZoneKnown) delete tally.nodes[5]?.zone
    return observedIfUneven(tally, { topologyHints: true, scheduler: 'random', counted: 'opened' })
  }

const bypass =
  (isWeighted: boolean) =>
  (dice: Dice): Observation | null => {
    const k = dice.between(3, 6)
    const tally = tallyOf(dice, k, 2)
    const weights = tally.pods.map(() => (isWeighted ? dice.between(2, 3) : 1))
    if (isWeighted) weigh(tally, weights)
    for (const node of tally.nodes.keys()) choose(tally, node, weights, dice.between(300, 600))
    const bypassed = tally.pods.map(() => 0)
    for (const pod of someOf(dice, k, k > 3 ? dice.between(1, 2) : 1)) {
      const many = dice.between(160, 400)
      bypassed[pod] = many
      count(tally, pod, undefined, many)
    }
    return observedIfUneven(tally, { bypassed, scheduler: 'random', counted: 'opened' })
  }

/** Pods get what the rules of each node say, and what goes around them. */
export const rules: readonly Situation[] = [
  {
    causes: ['weights'],
    why: 'Weights 2, 3 and 4, the same odds on both nodes, which the counts follow. Four pods are a day old, counting began two hours ago.',
    make: drawn((dice) => {
      const tally = tallyOf(dice, dice.between(24, 36), 2)
      const since = tally.at - 7200
      const weights = tally.pods.map(() => dice.oneOf([2, 3, 3, 4]))
      weigh(tally, weights)
      for (const pod of tally.pods.slice(-4)) pod.startedAt = tally.at - 86_400
      for (const [n, node] of tally.nodes.entries()) {
        node.since = since
        choose(tally, n, weights, n === 0 ? dice.between(900, 1500) : dice.between(2000, 4000))
      }
      return observedIfUneven(tally, { scheduler: 'random', since, counted: 'opened' })
    }),
  },
  {
    causes: ['local-traffic-policy'],
    why: 'Internal policy Local on nodes with unlike many pods; no rules, but every connection stays on its node. One client has a twentieth.',
    make: drawn((dice) => {
      const perNode = dice.oneOf<readonly number[]>([
        [1, 2, 4],
        [3, 1, 1, 5],
        [2, 6, 1, 3],
      ])
      const places = perNode.flatMap((pods, node) => Array.from({ length: pods }, () => node))
      const tally = tallyOf(dice, places.length)
      place(tally, (pod) => places[pod] ?? 0)
      const many = dice.between(60, 120)
      const clients = Array.from({ length: many }, (_, i) => ({ client: addressIn(dice), node: i % perNode.length }))
      const activity = clients.map((_, i) => (i === 0 ? 0.05 * many : 1))
      for (let i = dice.between(700, 1500); i > 0; i--) {
        const dialling = clients[weighted(activity, dice.random()) ?? 0]
        if (dialling === undefined) continue
        const mine = places.flatMap((node, pod) => (node === dialling.node ? [pod] : []))
        const pod = anyOf(dice, mine)
        count(tally, pod)
        const openedAt = tally.at - dice.random() * 6000
        see(tally, { ...dialling, pod, openedAt, life: exponential(dice.random, 100) }, { bypassed: false })
      }
      return observedIfUneven(tally, { internalTrafficPolicy: 'Local', counted: 'opened' })
    }),
  },
  {
    causes: ['topology-hints'],
    why: 'Hints: each of six nodes has the pods of its zone only, and zones have unlike many.',
    make: drawn(hints(true)),
  },
  {
    causes: ['topology-hints'],
    why: 'The same, and of the last node the zone is not known.',
    make: drawn(hints(false)),
  },
  {
    causes: ['bypass'],
    why: 'One or two pods have hundreds that were not translated; the rest follows the rules.',
    make: drawn(bypass(false)),
  },
  {
    causes: ['bypass'],
    mayAlso: ['weights'],
    why: 'The same, with weights of 2 and 3 that are honoured, and are not what is odd.',
    make: drawn(bypass(true)),
  },
]
