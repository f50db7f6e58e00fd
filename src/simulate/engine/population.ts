import { addressNumber } from '../address.ts'
import type { ClientGroup, Scenario, Traffic } from '../model.ts'

/** Everybody who connects, flat: by client, and by session (a connection that a pool keeps open). */
export interface Population {
  readonly clients: number
  readonly groupOf: Int32Array
  /** −1: outside of the cluster */
  readonly nodeOf: Int32Array
  /** IPv4 */
  readonly addressOf: Uint32Array
  /** equal addresses have equal numbers, 0 … addresses − 1 */
  readonly addressIdOf: Int32Array
  readonly addresses: number
  readonly sessions: number
  readonly clientOfSession: Int32Array
  /** by group: its first client */
  readonly firstClient: readonly number[]
  /** by group: its first session */
  readonly firstSession: readonly number[]
}

/** Connections that one client keeps open; 1 with arrivals. */
export const connectionsOf = (traffic: Traffic): number => {
  switch (traffic.kind) {
    case 'pool':
      return traffic.connections
    case 'http2':
      return Math.ceil(traffic.concurrency / traffic.streams)
    case 'arrivals':
      return 1
  }
}

/** Sessions that a group keeps; none with arrivals, and none at layer 7, where requests come one by one. */
export const sessionsOf = (group: ClientGroup, layer7: boolean): number =>
  layer7 || group.traffic.kind === 'arrivals' ? 0 : group.count * connectionsOf(group.traffic)

export const isLayer7 = ({ policy }: Pick<Scenario, 'policy'>): boolean => policy.scheduler.startsWith('l7-')

export const populationOf = (scenario: Scenario): Population => {
  const groups = scenario.clients
  const layer7 = isLayer7(scenario)
  const firstClient = runningTotals(groups.map(({ count }) => count))
  const firstSession = runningTotals(groups.map((group) => sessionsOf(group, layer7)))
  const addresses = firstAddresses(groups)
  const clients = firstClient[groups.length] ?? 0
  const sessions = firstSession[groups.length] ?? 0
  const population: Population = {
    clients,
    groupOf: new Int32Array(clients),
    nodeOf: new Int32Array(clients),
    addressOf: new Uint32Array(clients),
    addressIdOf: new Int32Array(clients),
    addresses: 0,
    sessions,
    clientOfSession: new Int32Array(sessions),
    firstClient,
    firstSession,
  }
  groups.forEach((group, g) => fill(population, group, g, addresses[g] ?? 0, layer7))
  return { ...population, addresses: numberAddresses(population) }
}

const fill = (population: Population, group: ClientGroup, g: number, address: number, layer7: boolean): void => {
  const { firstClient, firstSession, clientOfSession } = population
  const first = firstClient[g] ?? 0
  for (let i = 0; i < group.count; i++) {
    population.groupOf[first + i] = g
    population.nodeOf[first + i] = group.nodes[i % group.nodes.length] ?? -1
    population.addressOf[first + i] = address + Math.floor(i / group.clientsPerAddress)
  }
  const sessions = sessionsOf(group, layer7)
  // session s is the (s div count)-th connection of client s mod count: clients take turns in opening
  for (let s = 0; s < sessions; s++) clientOfSession[(firstSession[g] ?? 0) + s] = first + (s % group.count)
}

/** Given ones, or from 10.100.0.1 on, each group in /16s of its own. */
const firstAddresses = (groups: readonly ClientGroup[]): number[] => {
  let next = addressNumber('10.100.0.0')
  return groups.map(({ address, count, clientsPerAddress }) => {
    if (address !== '') return addressNumber(address)
    const first = next + 1
    next += 65_536 * Math.ceil((Math.ceil(count / clientsPerAddress) + 1) / 65_536)
    return first
  })
}

/** Gives equal addresses equal numbers from 0 on, also across groups; answers how many there are. */
const numberAddresses = ({ addressOf, addressIdOf }: Population): number => {
  const ids = new Map<number, number>()
  for (const [client, address] of addressOf.entries()) {
    const id = ids.get(address) ?? ids.size
    ids.set(address, id)
    addressIdOf[client] = id
  }
  return ids.size
}

const runningTotals = (counts: readonly number[]): number[] => {
  let total = 0
  return [0, ...counts.map((count) => (total += count))]
}
