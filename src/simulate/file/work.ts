import { openConnections } from '../facts.ts'
import { isLayer7 } from '../engine/population.ts'
import type { ClientGroup, Policy, Scenario } from '../model.ts'
import { meanOf } from '../random.ts'

/** Connection events that one command may take on unless it is told otherwise: about ten minutes of a core. */
export const usualMaxEvents = 500_000_000

/** Values kept for the bands: 8 bytes each. */
const mostValues = 50_000_000

/** Connections open at a time: some 100 bytes each. */
const mostOpen = 5_000_000

export interface Work {
  /** runs of each policy */
  readonly runs: number
  readonly policies: readonly Policy[]
  readonly maxEvents: number
}

/**
 * Why this is more than `maxEvents` or memory allow, and what would make it less; null: it is not. An estimate from means: refusals are
 * not foreseen.
 */
export const tooMuch = (scenario: Scenario, { runs, policies, maxEvents }: Work): string | null => {
  const values = podsEver(scenario) * (scenario.seconds / scenario.sampleSeconds + 2) * runs
  if (values > mostValues)
    return `${about(podsEver(scenario))} pods × ${about(scenario.seconds / scenario.sampleSeconds)} samples × ${about(runs)} runs are ${about(values)} values to be kept, at most ${about(mostValues)} fit: fewer --runs, a longer sample, or fewer pods`
  const open = scenario.clients.reduce((sum, group) => sum + openConnections(group, lasting(scenario)), 0)
  if (open > mostOpen)
    return `about ${about(open)} connections would be open at a time, at most ${about(mostOpen)} fit: fewer clients or connections, or shorter lives`
  const each = policies.map((policy) => ({ policy, events: estimate({ ...scenario, policy }) }))
  const perRun = each.reduce((sum, { events }) => sum + events, 0)
  if (perRun * runs <= maxEvents) return null
  return `about ${about(perRun * runs)} connection events in ${about(runs)} runs (${costs(each)}), more than the ${about(maxEvents)} that are allowed: ${curesOf(Math.floor(maxEvents / perRun))}, or --max-events ${roundUp(perRun * runs)}`
}

interface Cost {
  readonly policy: Policy
  /** of one run */
  readonly events: number
}

/** `14 million in each run by l7-rr, which picks for each request` */
const costs = (each: readonly Cost[]): string => {
  const most = each.reduce((heaviest, one) => (one.events > heaviest.events ? one : heaviest))
  const why = isLayer7(most) ? ', which picks for each request' : ''
  const others = each.length === 1 ? '' : `, the most of ${each.length} policies`
  return `${about(most.events)} in each by ${most.policy.name}${why}${others}`
}

const curesOf = (runs: number): string =>
  `${runs >= 1 ? `--runs ${runs}, ` : ''}a shorter duration, fewer clients, fewer requests or longer lives`

/** Openings, ends and changes in one run, roughly, and what takes as long as so many. */
export const estimate = (scenario: Scenario): number => {
  const { clients, policy, events, nodes } = scenario
  const connections = clients.reduce((sum, group) => sum + openings(group, scenario, policy), 0)
  const requests = isLayer7(scenario)
    ? clients.reduce((sum, group) => sum + requestsOf(group, scenario, openings(group, scenario, policy)), 0)
    : 0
  const reopened = events.reduce(
    (sum, event) =>
      event.kind === 'reconnect'
        ? sum + event.fraction * event.clients.reduce((all, index) => all + slots(clients[index]), 0)
        : sum,
    0,
  )
  const pods = podsEver(scenario)
  // what a node knows is made anew with each change, of all pods, and costs about a quarter of an event for each
  const changes = 2 * nodes.length * (pods - scenario.pods.length) * (1 + pods / 4)
  return 2 * (connections + requests + reopened) + connections * comparing(policy, pods) + changes + nodes.length * pods
}

/** Of many pods, finding the one with the fewest takes longer than all else: about an event for each forty. */
const comparing = ({ scheduler }: Policy, pods: number): number =>
  comparesAll.has(scheduler) ? Math.max(0, pods - 100) / 40 : 0

const comparesAll: ReadonlySet<Policy['scheduler']> = new Set(['lc', 'ipvs-lc', 'ipvs-wlc', 'ipvs-sed', 'ipvs-nq'])

/** Connections that a reconnect closes. */
const slots = (group: ClientGroup | undefined): number =>
  group === undefined || group.traffic.kind === 'arrivals' ? 0 : openConnections(group, 0)

const lasting = ({ seconds, warmUpSeconds }: Scenario): number => seconds + warmUpSeconds

const presence = ({ startsAt, stopsAt }: ClientGroup, { seconds, warmUpSeconds }: Scenario): number =>
  Math.max(0, Math.min(stopsAt, seconds) - Math.max(startsAt, -warmUpSeconds))

const openings = (group: ClientGroup, scenario: Scenario, { maxAgeSeconds, maxRequests }: Policy): number => {
  const { traffic, requests, count } = group
  const time = presence(group, scenario)
  if (traffic.kind === 'arrivals') return count * traffic.perSecond * time
  const open = slots(group)
  const perConnection = (requests.perSecond * count) / Math.max(1, open)
  const afterRequests = maxRequests === null ? Number.POSITIVE_INFINITY : maxRequests / Math.max(perConnection, 1e-9)
  const life = Math.min(meanOf(traffic.life), maxAgeSeconds ?? Number.POSITIVE_INFINITY, afterRequests)
  return open * (1 + time / (life + Math.max(0.001, meanOf(traffic.reconnect))))
}

const requestsOf = (group: ClientGroup, scenario: Scenario, opened: number): number =>
  group.count * group.requests.perSecond * presence(group, scenario) + opened * group.requests.perConnection

const podsEver = ({ pods, events }: Scenario): number => {
  let all = pods.length
  let now = pods.length
  for (const event of events) {
    if (event.kind === 'scale') {
      all += Math.max(0, event.replicas - now)
      now = event.replicas
    } else if (event.kind === 'rolling-update' || event.kind === 'drain') all += now
  }
  return all
}

/** `3.2 million` */
const about = (value: number): string => {
  const units = ['', ' thousand', ' million', ' billion', ' trillion']
  const unit = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)))
  const scaled = value / 1000 ** unit
  return scaled >= 1000
    ? value.toExponential(1)
    : `${Number(scaled.toPrecision(scaled >= 100 ? 3 : 2))}${units[unit] ?? ''}`
}

const roundUp = (value: number): string => {
  const power = 10 ** Math.floor(Math.log10(value))
  return String(Math.ceil(value / power) * power)
}
