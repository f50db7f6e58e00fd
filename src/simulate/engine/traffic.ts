import { type Sampler, meanOf } from '../random.ts'
import { type Behaviour, behaviourOf } from './behaviour.ts'
import { type Routes, connect, disconnect } from './connections.ts'
import { isLayer7, sessionsOf } from './population.ts'
import { dropFirst, put, replaceFirst } from './queue.ts'
import { giveSlot, takeSlot } from './slots.ts'
import { ARRIVAL, END, OPEN, atTime, codeOf, startCounts } from './world.ts'

export interface Traffic {
  readonly routes: Routes
  readonly behaviours: readonly Behaviour[]
}

/** A client that was refused does not come back before. */
const BACKOFF_SECONDS = 1

/** Of a connection that nothing ends by itself: no event has this number. */
const NO_TICKET = 0xffffffff

export const trafficOf = (routes: Routes): Traffic => ({
  routes,
  behaviours: routes.world.scenario.clients.map((group, index) => behaviourOf(routes.world, group, index)),
})

/** Opens what is there from the beginning, and puts in when the others come and go. Arrivals that are there already are not counted. */
export const beginTraffic = (traffic: Traffic): void => {
  const { behaviours, routes } = traffic
  for (const behaviour of behaviours) if (behaviour.rate > 0) beginArrivals(traffic, behaviour)
  startCounts(routes.world)
  for (const behaviour of behaviours) {
    const { group } = behaviour
    if (group.startsAt === Number.NEGATIVE_INFINITY)
      forSessions(traffic, behaviour, (slot) => tryToOpen(traffic, slot, behaviour.residual))
    else comeOneByOne(traffic, behaviour)
    atTime(routes.world, group.stopsAt, () => leave(traffic, behaviour))
  }
}

/** In equilibrium from the beginning, if there since ever: rate × mean life are open, at any moment of their lives (M/G/∞). */
const beginArrivals = (traffic: Traffic, behaviour: Behaviour): void => {
  const { routes } = traffic
  const { world, connections } = routes
  const { group, rate, residual } = behaviour
  const uniform = world.streams.traffic
  if (group.startsAt === Number.NEGATIVE_INFINITY) {
    const mean = rate * meanOf(isLayer7(world.scenario) ? group.requests.duration : group.traffic.life)
    const open = Number.isFinite(mean) ? (behaviour.steady ? Math.round(mean) : poisson(mean, uniform)) : 0
    for (let i = 0; i < open; i++) openFor(traffic, takeSlot(connections), nextClient(traffic, behaviour), residual)
  }
  const start = Math.max(world.now, group.startsAt)
  put(world.queue, start + gap(behaviour, uniform), codeOf(ARRIVAL, behaviour.index))
}

const poisson = (mean: number, uniform: Sampler): number => {
  let count = 0
  for (let sum = -Math.log(1 - uniform()); sum < mean; count++) sum -= Math.log(1 - uniform())
  return count
}

const gap = ({ rate, steady }: Behaviour, uniform: Sampler): number =>
  steady ? 1 / rate : -Math.log(1 - uniform()) / rate

/** At one moment each client comes with all its connections. */
const comeOneByOne = (traffic: Traffic, behaviour: Behaviour): void => {
  const { world } = traffic.routes
  const { group } = behaviour
  const uniform = world.streams.traffic
  const moments = Float64Array.from({ length: group.count }, () =>
    Math.max(world.now, group.startsAt + group.startSpreadSeconds * uniform()),
  )
  const first = world.population.firstClient[behaviour.index] ?? 0
  forSessions(traffic, behaviour, (slot, client) =>
    put(world.queue, moments[client - first] as number, codeOf(OPEN, slot)),
  )
}

const forSessions = (
  { routes }: Traffic,
  { group, index }: Behaviour,
  visit: (slot: number, client: number) => void,
): void => {
  const { population, scenario } = routes.world
  const first = population.firstSession[index] ?? 0
  const end = first + sessionsOf(group, isLayer7(scenario))
  for (let slot = first; slot < end; slot++) visit(slot, population.clientOfSession[slot] as number)
}

/** Before the queue is worked off: opens a session, or has it come again. */
const tryToOpen = (traffic: Traffic, slot: number, life: Sampler): void => {
  const { routes, behaviours } = traffic
  const { world, connections } = routes
  const client = connections.client[slot] as number
  const behaviour = behaviours[world.population.groupOf[client] as number] as Behaviour
  if (connect(routes, slot, client)) schedule(traffic, slot, life())
  else put(world.queue, world.now + Math.max(BACKOFF_SECONDS, behaviour.reconnect()), codeOf(OPEN, slot))
}

const schedule = ({ routes }: Traffic, slot: number, life: number): void => {
  const { world, connections } = routes
  connections.ticket[slot] =
    life < Number.POSITIVE_INFINITY ? put(world.queue, world.now + life, codeOf(END, slot)) : NO_TICKET
}

const openFor = (traffic: Traffic, slot: number, client: number, life: Sampler): void => {
  if (connect(traffic.routes, slot, client)) schedule(traffic, slot, life())
  else giveSlot(traffic.routes.connections, slot)
}

const nextClient = ({ routes }: Traffic, behaviour: Behaviour): number => {
  const { world } = routes
  const { count } = behaviour.group
  const first = world.population.firstClient[behaviour.index] ?? 0
  if (!behaviour.steady) return first + Math.floor(world.streams.traffic() * count)
  const client = first + behaviour.turn
  behaviour.turn = (behaviour.turn + 1) % count
  return client
}

/** The first event of the queue, an end of this slot, is worked off and gone. */
export const onEnd = (traffic: Traffic, slot: number): void => {
  const { routes, behaviours } = traffic
  const { world, connections } = routes
  const { queue } = world
  if ((connections.pod[slot] as number) < 0 || connections.ticket[slot] !== queue.orders[0]) return dropFirst(queue)
  disconnect(routes, slot)
  if (slot >= connections.sessions) {
    giveSlot(connections, slot)
    return dropFirst(queue)
  }
  const group = world.population.groupOf[connections.client[slot] as number] as number
  const delay = (behaviours[group] as Behaviour).reconnect()
  if (delay > 0) replaceFirst(queue, world.now + delay, codeOf(OPEN, slot))
  else onOpen(traffic, slot)
}

/** The first event of the queue becomes the end of a new connection of this session, or its next attempt. */
export const onOpen = (traffic: Traffic, slot: number): void => {
  const { routes, behaviours } = traffic
  const { world, connections } = routes
  const { queue } = world
  const client = connections.client[slot] as number
  const behaviour = behaviours[world.population.groupOf[client] as number] as Behaviour
  if (world.now >= behaviour.stopsAt) return dropFirst(queue)
  if (!connect(routes, slot, client)) {
    const delay = Math.max(BACKOFF_SECONDS, behaviour.reconnect())
    replaceFirst(queue, world.now + delay, codeOf(OPEN, slot))
    return
  }
  const life = behaviour.life()
  if (life < Number.POSITIVE_INFINITY) {
    connections.ticket[slot] = replaceFirst(queue, world.now + life, codeOf(END, slot))
  } else {
    connections.ticket[slot] = NO_TICKET
    dropFirst(queue)
  }
}

/** The first event of the queue becomes the group's next arrival. */
export const onArrival = (traffic: Traffic, index: number): void => {
  const { routes, behaviours } = traffic
  const { world, connections } = routes
  const behaviour = behaviours[index] as Behaviour
  if (world.now >= behaviour.stopsAt) return dropFirst(world.queue)
  replaceFirst(world.queue, world.now + gap(behaviour, world.streams.traffic), codeOf(ARRIVAL, index))
  openFor(traffic, takeSlot(connections), nextClient(traffic, behaviour), behaviour.life)
}

/** Ends open connections from outside of the queue; sessions come again. `broken`: nobody wanted it. */
export const endWhere = (
  traffic: Traffic,
  wanted: (slot: number) => boolean,
  options: { readonly broken: boolean },
): void => {
  const { routes, behaviours } = traffic
  const { world, connections } = routes
  const { length } = connections.pod
  for (let slot = 0; slot < length; slot++) {
    if ((connections.pod[slot] as number) < 0 || !wanted(slot)) continue
    disconnect(routes, slot)
    if (options.broken) world.broken += 1
    if (slot >= connections.sessions) {
      giveSlot(connections, slot)
      continue
    }
    const group = world.population.groupOf[connections.client[slot] as number] as number
    put(world.queue, world.now + (behaviours[group] as Behaviour).reconnect(), codeOf(OPEN, slot))
  }
}

/** Ends what a pod has open in good order, spread evenly over the next `seconds`. */
export const endWithin = ({ routes }: Traffic, pod: number, seconds: number): void => {
  const { world, connections } = routes
  for (let slot = 0; slot < connections.pod.length; slot++) {
    if (connections.pod[slot] !== pod) continue
    const time = world.now + seconds * world.streams.cluster()
    connections.ticket[slot] = put(world.queue, time, codeOf(END, slot))
  }
}

const leave = (traffic: Traffic, { index }: Behaviour): void => {
  const { population } = traffic.routes.world
  const { connections } = traffic.routes
  endWhere(traffic, (slot) => population.groupOf[connections.client[slot] as number] === index, { broken: false })
}
