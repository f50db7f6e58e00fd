import { scaleTo } from '../policies/picker.ts'
import { type Affinity, affinityOf, remember, rememberedPod } from './affinity.ts'
import { type Aging, age, agingOf } from './aging.ts'
import { type Balancer, balance } from './balancer.ts'
import type { RuleBook, Rules } from './rules.ts'
import { tallyClosed, tallyOpened } from './tally.ts'
import { type Connections, connectionSlots } from './slots.ts'
import type { World } from './world.ts'

/** What connections go through. */
export interface Routes {
  readonly world: World
  readonly book: RuleBook
  readonly balancer: Balancer | null
  readonly affinity: Affinity | null
  readonly connections: Connections
  /** ended ones that ipvs still counts; null: nobody looks at them */
  readonly ended: Aging | null
}

/** ip_vs_proto_tcp.c: FIN_WAIT and TIME_WAIT last two minutes. */
export const INACTIVE_SECONDS = 120

export const routesOf = (world: World, book: RuleBook, balancer: Balancer | null): Routes => {
  const { policy, events } = world.scenario
  const countsEnded = policy.scheduler === 'ipvs-lc' || policy.scheduler === 'ipvs-wlc'
  const ended = policy.scheduler.startsWith('ipvs-') && (countsEnded || events.length > 0)
  const addresses = world.population.addresses + (balancer?.settings.instances ?? 0)
  return {
    world,
    book,
    balancer,
    affinity: affinityOf(world.scenario, book.of.length, addresses),
    connections: connectionSlots(world.population),
    ended: ended ? agingOf(64) : null,
  }
}

/** Opens the slot's connection for a client, as rules and balancer will have it. false: refused, and counted so. */
export const connect = (routes: Routes, slot: number, client: number): boolean => {
  const { world, connections } = routes
  const { pods, population, tally } = world
  world.processed += 1
  connections.rules[slot] = -1
  connections.target[slot] = -1
  connections.entry[slot] = -1
  const node = population.nodeOf[client] as number
  const pod =
    node >= 0
      ? throughRules(routes, slot, routes.book.inside[node] as number, client)
      : fromOutside(routes, slot, client)
  if (pod < 0 || pods.accepting[pod] === 0 || (pods.open[pod] as number) >= (pods.capacity[pod] as number)) {
    world.refused += 1
    return false
  }
  connections.pod[slot] = pod
  connections.client[slot] = client
  pods.open[pod] = (pods.open[pod] as number) + 1
  world.opened += 1
  tallyOpened(tally, pod * tally.groups + (population.groupOf[client] as number), world.now)
  count(routes, slot, pod, 1)
  return true
}

/** Ends the slot's connection. */
export const disconnect = (routes: Routes, slot: number): void => {
  const { world, connections } = routes
  const { pods, population, tally } = world
  const pod = connections.pod[slot] as number
  world.processed += 1
  connections.pod[slot] = -1
  pods.open[pod] = (pods.open[pod] as number) - 1
  tallyClosed(tally, pod * tally.groups + (population.groupOf[connections.client[slot] as number] as number), world.now)
  count(routes, slot, pod, -1)
}

const throughRules = (routes: Routes, slot: number, at: number, client: number, instance = -1): number => {
  const { world, book, affinity, connections } = routes
  const { population } = world
  const rules = book.of[at] as Rules
  connections.rules[slot] = at
  const address = instance < 0 ? (population.addressOf[client] as number) : BALANCERS + instance
  if (affinity === null) return rules.picker.pick(address)
  const id = instance < 0 ? (population.addressIdOf[client] as number) : population.addresses + instance
  const entry = at * affinity.addresses + id
  const kept = rememberedPod(affinity, entry, world.now)
  const pod = kept >= 0 && rules.offers[kept] === 1 ? kept : rules.picker.pick(address)
  if (pod >= 0) remember(affinity, entry, pod, world.now)
  connections.entry[slot] = entry
  return pod
}

/** 192.0.2.0: the balancers' own addresses. */
const BALANCERS = 0xc0000200

const fromOutside = (routes: Routes, slot: number, client: number): number => {
  const { world, balancer, book, connections } = routes
  if (balancer === null) return -1
  const { settings, width } = balancer
  const random = world.streams.picks
  const process = settings.instances === 1 ? 0 : scaleTo(random(), settings.instances)
  const target = balance(balancer, process, world.population.addressOf[client] as number, random)
  if (target < 0) return -1
  connections.target[slot] = process * width + target
  if (settings.mode === 'ip') return target
  const pod = throughRules(routes, slot, book.outside[target] as number, client, settings.keepsSource ? -1 : process)
  if (pod >= 0 && world.pods.node[pod] !== target) world.secondHops += 1
  return pod
}

/** Everybody who counts connections counts one more, or one less. */
const count = (routes: Routes, slot: number, pod: number, step: 1 | -1): void => {
  const { connections, book, balancer, affinity } = routes
  const at = connections.rules[slot] as number
  if (at >= 0) {
    const { active } = (book.of[at] as Rules).counts
    active[pod] = (active[pod] as number) + step
    if (step < 0) outlive(routes, at, pod)
  }
  const target = connections.target[slot] as number
  if (target >= 0 && balancer !== null) balancer.open[target] = (balancer.open[target] as number) + step
  const entry = connections.entry[slot] as number
  if (entry >= 0 && affinity !== null) affinity.open[entry] = (affinity.open[entry] as number) + step
}

const outlive = ({ world, book, ended }: Routes, at: number, pod: number): void => {
  if (ended === null) return
  const { inactive } = (book.of[at] as Rules).counts
  inactive[pod] = (inactive[pod] as number) + 1
  age(ended, world.now + INACTIVE_SECONDS, at * world.pods.limit + pod)
}

/** ipvs forgets an ended connection; a destination that waited for it goes. */
export const forget = ({ world, book }: Routes, code: number): void => {
  const { limit } = world.pods
  const rules = book.of[Math.floor(code / limit)] as Rules
  const pod = code % limit
  const { active, inactive, leaving } = rules.counts
  inactive[pod] = (inactive[pod] as number) - 1
  if (leaving[pod] === 1 && inactive[pod] === 0 && active[pod] === 0) rules.picker.idle(pod)
}
