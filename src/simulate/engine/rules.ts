import { samplerOf } from '../random.ts'
import { type Counts, type Picker, type Turn, countsOf } from '../policies/picker.ts'
import { pickerOf } from '../policies/picker-of.ts'
import { type EndpointState, type Side, offered } from './endpoints.ts'
import { type World, atTime } from './world.ts'

/** The rules of one node for one side, as they are on that node now. */
export interface Rules {
  readonly node: number
  readonly side: Side
  readonly picker: Picker
  readonly counts: Counts
  /** by pod: 1, its endpoint is among those offered */
  readonly offers: Uint8Array
}

/** All rules that a run needs, and what each node knows. `of` is numbered: connections remember who counted them. */
export interface RuleBook {
  readonly of: readonly Rules[]
  /** by node: index into `of`; −1: nobody asks there */
  readonly inside: Int32Array
  readonly outside: Int32Array
  /** [node × pods + pod]: endpoint states as the node knows them */
  readonly known: Uint8Array
  /** by node: draws how long a change takes to get there */
  readonly lag: readonly (() => number)[]
  /** by node: changes do not overtake each other, and wait out a stall */
  readonly latest: Float64Array
  readonly stalledUntil: Float64Array
}

export const ruleBook = (world: World): RuleBook => {
  const { scenario, pods, population } = world
  const nodes = scenario.nodes.length
  const shared = { counts: countsOf(pods.limit), turn: { next: 0 } }
  const of: Rules[] = []
  const rulesAt = (node: number, side: Side): number =>
    of.push({ node, side, ...pickerAt(world, node, side, shared), offers: new Uint8Array(pods.limit) }) - 1
  const asking = new Set(population.nodeOf)
  const behindBalancer = scenario.policy.loadBalancer?.mode === 'instance'
  return {
    inside: Int32Array.from({ length: nodes }, (_, node) => (asking.has(node) ? rulesAt(node, 'inside') : -1)),
    outside: Int32Array.from({ length: nodes }, (_, node) => (behindBalancer ? rulesAt(node, 'outside') : -1)),
    of,
    known: new Uint8Array(nodes * pods.limit),
    lag: scenario.nodes.map(({ lag }) => samplerOf(lag, world.streams.cluster)),
    latest: new Float64Array(nodes).fill(Number.NEGATIVE_INFINITY),
    stalledUntil: new Float64Array(nodes).fill(Number.NEGATIVE_INFINITY),
  }
}

const pickerAt = (
  world: World,
  node: number,
  side: Side,
  shared: { readonly counts: Counts; readonly turn: Turn },
): { readonly picker: Picker; readonly counts: Counts } => {
  const { scenario, pods, streams } = world
  const { policy } = scenario
  const counts = policy.counts === 'shared' ? shared.counts : countsOf(pods.limit)
  const picker = pickerOf({
    policy,
    backends: pods.backends,
    weights: pods.weights,
    counts,
    turn: policy.counts === 'shared' ? shared.turn : { next: 0 },
    random: streams.picks,
    // a turn that all share goes round one table
    seed: policy.counts === 'shared' ? `${world.seed} ${side}` : `${world.seed} ${scenario.nodes[node]?.name} ${side}`,
    ramp: rampOf(world),
  })
  return { picker, counts }
}

/** From 0.1 on, linearly, from when the pod became ready. */
const rampOf = (world: World): ((pod: number) => number) => {
  const { slowStartSeconds } = world.scenario.policy
  return (pod) => {
    const age = world.now - (world.pods.readySince[pod] as number)
    return age >= slowStartSeconds ? 1 : Math.max(0.1, age / slowStartSeconds)
  }
}

/** Everybody knows everything as it is: how a run begins. */
export const tellAll = (world: World, book: RuleBook): void => {
  const { limit, endpoint } = world.pods
  for (let node = 0; node < world.scenario.nodes.length; node++) {
    book.known.set(endpoint, node * limit)
    rewrite(world, book, node)
  }
}

/** Tells every node of a pod's new state; each takes note after its lag. */
export const tellNodes = (world: World, book: RuleBook, pod: number, state: EndpointState): void => {
  for (let node = 0; node < world.scenario.nodes.length; node++) {
    const wanted = world.now + (book.lag[node] as () => number)()
    const time = Math.max(wanted, book.latest[node] as number, world.now)
    book.latest[node] = time
    if (time === world.now) note(world, book, node, pod, state)
    else atTime(world, time, () => note(world, book, node, pod, state))
  }
}

const note = (world: World, book: RuleBook, node: number, pod: number, state: EndpointState): void => {
  const end = book.stalledUntil[node] as number
  if (end > world.now) {
    book.latest[node] = Math.max(end, book.latest[node] as number)
    return atTime(world, end, () => note(world, book, node, pod, state))
  }
  world.processed += 1
  book.known[node * world.pods.limit + pod] = state
  rewrite(world, book, node)
}

const rewrite = (world: World, book: RuleBook, node: number): void => {
  const { limit } = world.pods
  const known = book.known.subarray(node * limit, (node + 1) * limit)
  for (const at of [book.inside[node] as number, book.outside[node] as number]) {
    const rules = book.of[at]
    if (rules === undefined) continue
    const pods = offered(world.scenario, world.places, known, node, rules.side)
    rules.offers.fill(0)
    for (const pod of pods) rules.offers[pod] = 1
    rules.picker.update(pods)
  }
}
