import { meanOf } from './random.ts'
import type { ClientGroup, Policy, Scenario } from './model.ts'

/** What of a scenario decides how even it can be. */
export interface ScenarioFacts {
  /** pods at the beginning, and at the end as events leave them */
  readonly pods: number
  readonly podsAtEnd: number
  /** seconds since when pods came or went for the last time; null: never */
  readonly lastChange: number | null
  /** connections open at a time, about */
  readonly connections: number
  /** source addresses of clients */
  readonly addresses: number
  /** nodes (or instances of the load balancer) that choose for themselves */
  readonly choosers: number
  /** mean life of a connection in seconds as clients have it; Infinity */
  readonly life: number
  /** lives differ in turn, as with every fourth long */
  readonly cycle: number | null
  /** requests of the busiest connection over the mean of all; 1: alike */
  readonly heaviest: number
  readonly http2: boolean
}

export const factsOf = (scenario: Scenario): ScenarioFacts => {
  const { clients, pods, events, nodes, policy } = scenario
  const changes = events.filter(({ kind }) => kind === 'scale' || kind === 'rolling-update' || kind === 'drain')
  const replicas = events.reduce((now, event) => (event.kind === 'scale' ? event.replicas : now), pods.length)
  const open = clients.map((group) => openConnections(group, scenario.seconds + scenario.warmUpSeconds))
  const connections = sum(open)
  const busy = clients.map((group, index) => (group.requests.perSecond * group.count) / Math.max(1, open[index] ?? 0))
  const mean = sum(open.map((one, index) => (busy[index] ?? 0) * one)) / Math.max(1, connections)
  const cycles = clients.flatMap(({ traffic: { life } }) => (life.kind === 'cycle' ? [life.of.length] : []))
  const inside = new Set(clients.flatMap((group) => group.nodes.slice(0, group.count)))
  return {
    pods: pods.length,
    podsAtEnd: replicas,
    lastChange: changes.at(-1)?.at ?? null,
    connections,
    addresses: sum(clients.map(({ count, clientsPerAddress }) => Math.ceil(count / clientsPerAddress))),
    choosers:
      inside.size > 0
        ? inside.size
        : policy.loadBalancer?.mode === 'instance'
          ? nodes.length
          : (policy.loadBalancer?.instances ?? 1),
    life: clients.reduce((longest, { traffic }) => Math.max(longest, meanOf(traffic.life)), 0),
    cycle: cycles[0] ?? null,
    heaviest: mean > 0 ? Math.max(...busy) / mean : 1,
    http2: clients.some(({ traffic }) => traffic.kind === 'http2'),
  }
}

/** At a time, of a whole group: of arrivals what Little's law says, and no more than come in `time` seconds. */
export const openConnections = ({ count, traffic }: ClientGroup, time: number): number => {
  switch (traffic.kind) {
    case 'pool':
      return count * traffic.connections
    case 'http2':
      return count * Math.ceil(traffic.concurrency / traffic.streams)
    case 'arrivals':
      return count * traffic.perSecond * Math.min(time, meanOf(traffic.life))
  }
}

export const hashes = (policy: Policy): boolean =>
  ['nft-sh', 'maglev', 'ipvs-sh', 'ipvs-dh', 'ipvs-mh'].includes(policy.scheduler)

export const isL7 = (policy: Policy): boolean => policy.scheduler.startsWith('l7-')

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
