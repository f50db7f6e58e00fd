import type { SchedulerName } from '../../../model/frontend.ts'
import type { Duration } from '../../../simulate/model.ts'
import { randomBelow, seededRandom } from '../../../util/random.ts'
import type { Lifetime } from '../../sessions/lifetime.ts'
import type { LaneVariant } from '../side-by-side.ts'

/** How long connections live: some for ever, the others a moment. */
export interface LifeVariant extends LaneVariant {
  readonly name: string
  /** what to expect of a scheduler */
  readonly claimed: (scheduler: SchedulerName) => string
  /** for so many connections of a client pod, in turn */
  readonly lifetimes: (count: number, seed: string) => readonly Lifetime[]
  /** for the simulator: the same */
  readonly life: Duration
}

const long: Lifetime = { kind: 'forever' }
const short: Lifetime = { kind: 'fixed', seconds: 0.05 }
const simulatedLong: Duration = { kind: 'forever' }
const simulatedShort: Duration = { kind: 'fixed', seconds: 0.05 }

/** one of so many is long */
const oneIn = 4

/** Drawn for each, so that nothing can fall in step with it. */
const anyOrder = (count: number, seed: string): readonly Lifetime[] => {
  const random = seededRandom(`lives ${seed}`)
  return Array.from({ length: count }, () => (randomBelow(random, oneIn) === 0 ? long : short))
}

/** A cycle as long as there are pods. */
const inStep = <T>(pods: number, [long, short]: readonly [T, T]): readonly T[] =>
  Array.from({ length: pods }, (_, i) => (i === 0 ? long : short))

const byLuck = 'connections, and those that stay, are as uneven as luck has it'

export const lifeVariants = (pods: number, selector: Readonly<Record<string, string>>): readonly LifeVariant[] => [
  {
    name: `one in ${oneIn} stays, by chance`,
    claimed: (scheduler) =>
      scheduler === 'rr' ? 'connections are dealt evenly; those that stay are as uneven as luck has it' : byLuck,
    selector,
    lifetimes: anyOrder,
    life: {
      kind: 'mixture',
      of: [
        { weight: 1, duration: simulatedLong },
        { weight: oneIn - 1, duration: simulatedShort },
      ],
    },
  },
  {
    name: `one in ${pods} stays, in turn`,
    claimed: (scheduler) =>
      scheduler === 'rr' ? `in step with ${pods} pods: of each node one pod gets all that stay` : byLuck,
    selector,
    lifetimes: () => inStep<Lifetime>(pods, [long, short]),
    life: { kind: 'cycle', of: inStep<Duration>(pods, [simulatedLong, simulatedShort]) },
  },
]

/** How many of a client pod's first `count` connections stay. */
export const staying = ({ lifetimes }: LifeVariant, count: number, seed: string): number => {
  const lives = lifetimes(count, seed)
  return Array.from({ length: count }, (_, i) => lives[i % lives.length]).filter((one) => one?.kind === 'forever')
    .length
}
