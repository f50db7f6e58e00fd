import type { SchedulerName } from '../../../model/frontend.ts'
import type { LabPod } from '../../cluster.ts'
import { hiddenAddresses, moreAddresses } from '../client-addresses.ts'
import type { LaneVariant } from '../side-by-side.ts'

/** Who the clients are. Numbers are of one client pod; there is one on each node. */
export interface Crowd {
  readonly clients: number
  readonly perClient: number
  /** behind one address for each client pod */
  readonly nat: boolean
}

export interface AffinityVariant extends LaneVariant {
  readonly name: string
  readonly crowd: Crowd
  readonly affinity: boolean
}

/** of one client pod, at the usual number of connections */
const many = 50
const few = 3

/** What keeps a client on its pod: session affinity, whatever picks first, or the hash of its address. */
const keepers: readonly {
  readonly words: string
  readonly affinity: boolean
  readonly schedulers: readonly SchedulerName[]
}[] = [
  { words: 'ClientIP', affinity: true, schedulers: ['rr', 'random'] },
  { words: 'no affinity', affinity: false, schedulers: ['sh'] },
]

/** Every keeper with many clients, few clients, and many behind one address on each node; `connections` are of all nodes together. */
export const affinityVariants = (
  connections: number,
  nodes: number,
  selector: Readonly<Record<string, string>>,
): readonly AffinityVariant[] => {
  const share = Math.max(1, Math.round(connections / nodes))
  const crowd = (clients: number, nat: boolean): Crowd => {
    const fitting = Math.min(clients, share)
    return { clients: fitting, perClient: Math.round(share / fitting), nat }
  }
  // with very few connections many clients are few
  const crowds = new Map(
    [crowd(many, false), crowd(few, false), crowd(many, true)].map((own) => [nameOf(own, nodes), own]),
  )
  return keepers.flatMap(({ words, affinity, schedulers }) =>
    [...crowds].map(([name, own]) => ({
      name: `${words}, ${name}`,
      selector,
      schedulers,
      spec: { sessionAffinity: affinity ? 'ClientIP' : 'None' },
      crowd: own,
      affinity,
    })),
  )
}

const nameOf = ({ clients, nat }: Crowd, nodes: number): string =>
  `${clients * nodes === 1 ? 'one client' : `${clients * nodes} clients`}${nat ? ` behind ${nodes === 1 ? 'one address' : `${nodes} addresses`}` : ''}`

/** The addresses that a client pod's connections come from. */
export interface Addresses {
  /** of connections that only move the nodes' turns */
  readonly first: readonly string[]
  /** in turn */
  readonly of: (crowd: Crowd) => readonly string[]
}

/** Makes them: `turns` and as many as the largest crowds need, which share them. */
export const crowdAddresses = async (
  pod: LabPod,
  crowds: readonly Crowd[],
  { turns, seed }: { readonly turns: number; readonly seed: string },
): Promise<Addresses> => {
  const most = (nat: boolean): number =>
    Math.max(0, ...crowds.filter((crowd) => crowd.nat === nat).map(({ clients }) => clients))
  const hidden = await hiddenAddresses(pod, most(true))
  const known = await moreAddresses(pod, turns + most(false), `${seed} ${pod.name}`)
  return {
    first: known.slice(0, turns),
    of: ({ clients, nat }) => (nat ? hidden : known.slice(turns)).slice(0, clients),
  }
}
