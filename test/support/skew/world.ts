import { hash32, randomBelow, seededRandom } from '../../../src/util/random.ts'
import { uniform } from '../../../src/inspect/statistics/draw.ts'

/** A small world in which it is known why the load is uneven: what the classifier of causes is judged on. Seconds, from 0 to `seconds`. */
export interface World {
  readonly pods: readonly WorldPod[]
  /** default 1 */
  readonly nodes?: number
  /** each dials from one node */
  readonly clients: number
  readonly connections: number
  /** default 1000 */
  readonly seconds?: number
  /** when a connection opens, as a share of `seconds`, of a uniform number; default: the number itself */
  readonly arrival?: (u: number) => number
  /** default: for ever */
  readonly life?: (random: () => number, index: number) => number
  readonly scheduler: 'random' | 'rr' | 'lc' | 'sh'
  /** where the round robin of a node begins, and in which order ties go; default shuffled */
  readonly start?: 'same' | 'shuffled'
  readonly affinity?: boolean
  /** whether a node's rules have the pod at this moment, in proportion; default: its weight since it started, while it is ready */
  readonly rule?: (node: number, pod: number, at: number) => number
  /** share of the connections that a client opens, in proportion; default: all alike */
  readonly activity?: (client: number) => number
  /** the node that a client dials from; default in turn */
  readonly nodeOf?: (client: number) => number
  /** what a connection carries; default 1 */
  readonly load?: (random: () => number, client: number, index: number) => number
  /** pods that this connection dials without the Service; null: through it */
  readonly direct?: (random: () => number, client: number) => readonly number[] | null
}

export interface WorldPod {
  /** default: long before 0 */
  readonly startedAt?: number
  readonly weight?: number
  readonly node?: number
  /** a number of its own for each zone */
  readonly zone?: number
  readonly ready?: boolean
  readonly terminating?: boolean
  /** since when it is not ready or terminating */
  readonly leftAt?: number
}

export interface Connection {
  readonly client: number
  readonly node: number
  readonly pod: number
  readonly openedAt: number
  /** Infinity: still open at the end */
  readonly closedAt: number
  readonly load: number
  readonly direct: boolean
}

/** What happens in the world. The same seed makes the same connections. */
export const play = (world: World, seed: string): readonly Connection[] => {
  const { seconds = 1000, arrival = (u) => u } = world
  const integers = seededRandom(seed)
  const random = (): number => uniform(integers)
  const choose = chooser(world, random, (limit) => randomBelow(integers, limit))
  const times = Array.from({ length: world.connections }, () => arrival(random()) * seconds).sort((a, b) => a - b)
  const clientOf = clientChooser(world, random)
  const connections: Connection[] = []
  for (const [index, openedAt] of times.entries()) {
    const client = clientOf()
    const node = world.nodeOf?.(client) ?? client % (world.nodes ?? 1)
    const direct = world.direct?.(random, client) ?? null
    const pod =
      direct === null ? choose(client, node, openedAt, connections) : direct[randomBelow(integers, direct.length)]
    if (pod === undefined) continue
    connections.push({
      client,
      node,
      pod,
      openedAt,
      closedAt: openedAt + (world.life?.(random, index) ?? Infinity),
      load: world.load?.(random, client, index) ?? 1,
      direct: direct !== null,
    })
  }
  return connections
}

const clientChooser = ({ clients, activity }: World, random: () => number): (() => number) => {
  if (activity === undefined) return () => Math.floor(random() * clients)
  const sums: number[] = []
  let total = 0
  for (let client = 0; client < clients; client++) sums.push((total += activity(client)))
  return () => {
    const at = random() * total
    return sums.findIndex((sum) => at < sum)
  }
}

const startOf = (pod: WorldPod): number => pod.startedAt ?? -1e6

/** Default rules: pods that are there, by weight. */
const usual = (pod: WorldPod, at: number): number => {
  const gone = pod.ready === false || pod.terminating === true
  return startOf(pod) <= at && !(gone && at >= (pod.leftAt ?? -Infinity)) ? (pod.weight ?? 1) : 0
}

/** The odds that a node's rules give at a moment. */
export const rulesAt = (world: World, node: number, at: number): readonly number[] =>
  world.pods.map((pod, i) => world.rule?.(node, i, at) ?? usual(pod, at))

type Choose = (client: number, node: number, at: number, before: readonly Connection[]) => number | undefined

const chooser = (world: World, random: () => number, below: (limit: number) => number): Choose => {
  const kept = new Map<string, number>()
  const next = new Map<number, number>()
  const orders = new Map<number, readonly number[]>()
  const salt = random()
  const orderOf = (node: number): readonly number[] => {
    let order = orders.get(node)
    if (order === undefined) {
      const places = world.pods.map((_, i) => ({ i, at: world.start === 'same' ? i : random() }))
      order = places.sort((a, b) => a.at - b.at).map(({ i }) => i)
      orders.set(node, order)
    }
    return order
  }
  const pick: { readonly [scheduler in World['scheduler']]: Choose } = {
    random: (_client, node, at) => weighted(rulesAt(world, node, at), random()),
    sh: (client, node, at) => weighted(rulesAt(world, node, at), hash32(`${salt} ${client}`) / 2 ** 32),
    rr: (_client, node, at) => {
      const order = orderOf(node).filter((pod) => (rulesAt(world, node, at)[pod] ?? 0) > 0)
      const turn = next.get(node) ?? (world.start === 'same' ? 0 : below(Math.max(1, order.length)))
      next.set(node, turn + 1)
      return order[turn % order.length]
    },
    lc: (_client, node, at, before) => {
      const odds = rulesAt(world, node, at)
      const open = world.pods.map(() => 0)
      for (const { node: other, pod, closedAt } of before)
        if (other === node && closedAt > at) open[pod] = (open[pod] ?? 0) + 1
      const order = orderOf(node).filter((pod) => (odds[pod] ?? 0) > 0)
      return order.toSorted((a, b) => (open[a] ?? 0) - (open[b] ?? 0))[0]
    },
  }
  return (client, node, at, before) => {
    if (world.affinity !== true) return pick[world.scheduler](client, node, at, before)
    const key = `${client} ${node}`
    const old = kept.get(key)
    if (old !== undefined && (rulesAt(world, node, at)[old] ?? 0) > 0) return old
    const pod = pick[world.scheduler](client, node, at, before)
    if (pod !== undefined) kept.set(key, pod)
    return pod
  }
}

/** Whose turn `u`, uniform in (0, 1), makes it. Undefined: all odds are 0. */
export const weighted = (odds: readonly number[], u: number): number | undefined => {
  const total = odds.reduce((sum, p) => sum + p, 0)
  if (total === 0) return undefined
  let at = u * total
  for (const [i, p] of odds.entries()) {
    if (at < p) return i
    at -= p
  }
  return odds.findLastIndex((p) => p > 0)
}
