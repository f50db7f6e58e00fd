import type { Observation } from '../../../../src/inspect/skew/observation.ts'
import type { Dice } from '../dice.ts'
import type { Situation } from '../third.ts'
import { addressesIn, addressIn, drawn } from './draws.ts'
import { observedIfUneven, pass, tallyOf, type Tally } from './tally.ts'

/** A client that is kept on one pod, whichever. */
const keep = (tally: Tally, client: string, connections: number): void => {
  const pod = tally.dice.between(0, tally.pods.length - 1)
  for (let i = 0; i < connections; i++) pass(tally, client, pod)
}

const keepManyLight = (tally: Tally): void => {
  const { dice } = tally
  for (let i = dice.between(200, 400); i > 0; i--) keep(tally, addressIn(dice), dice.between(1, 3))
}

const sourceHash =
  (told: boolean) =>
  (dice: Dice): Observation | null => {
    const tally = tallyOf(dice, dice.between(4, 6))
    const { affinity: _, ...facts } = tally.facts
    tally.facts = facts
    for (const client of addressesIn(dice, dice.between(9, 15))) keep(tally, client, dice.between(30, 60))
    return observedIfUneven(tally, { counted: 'opened', ...(told ? { scheduler: 'sh' } : {}) })
  }

/** Clients stay where they were first sent. */
export const clients: readonly Situation[] = [
  {
    causes: ['affinity'],
    why: 'A dozen clients of thirty to sixty connections, each on one pod only; nobody says that anything keeps them.',
    make: drawn(sourceHash(false)),
  },
  {
    causes: ['affinity'],
    why: 'The same, and the scheduler is known to be a source hash.',
    make: drawn(sourceHash(true)),
  },
  {
    causes: ['shared-address'],
    why: 'Affinity, hundreds of light clients, and one to three known gateways with about half of the connections.',
    make: drawn((dice) => {
      const tally = tallyOf(dice, dice.between(4, 8))
      const sharedAddresses = addressesIn(dice, dice.between(1, 3))
      for (const gateway of sharedAddresses) keep(tally, gateway, dice.between(180, 320))
      keepManyLight(tally)
      return observedIfUneven(tally, { affinity: 'ClientIP', sharedAddresses, counted: 'opened', scheduler: 'random' })
    }),
  },
  {
    causes: ['heavy-client'],
    why: 'Affinity keeps one client with half of the connections on one pod; without it all is even. No address is shared.',
    make: drawn((dice) => {
      const tally = tallyOf(dice, dice.between(4, 8))
      keep(tally, addressIn(dice), dice.between(400, 700))
      keepManyLight(tally)
      const facts = { affinity: 'ClientIP', counted: 'opened', scheduler: 'random', sharedAddresses: [] } as const
      return observedIfUneven(tally, facts)
    }),
  },
]
