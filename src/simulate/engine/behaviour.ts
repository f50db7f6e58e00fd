import type { ClientGroup, Duration } from '../model.ts'
import { type Sampler, gammaOf, residualOf, samplerOf } from '../random.ts'
import { connectionsOf, isLayer7 } from './population.ts'
import type { World } from './world.ts'

/** How a group behaves in this run. */
export interface Behaviour {
  readonly group: ClientGroup
  readonly index: number
  /** seconds that a new connection stays; Infinity: for ever */
  readonly life: Sampler
  /** what is left to one that has been there since long ago */
  readonly residual: Sampler
  readonly reconnect: Sampler
  readonly stopsAt: number
  /** arrivals only: connections per second of the whole group; 0: none */
  readonly rate: number
  readonly steady: boolean
  /** steady arrivals: whose turn it is */
  turn: number
}

export const behaviourOf = (world: World, group: ClientGroup, index: number): Behaviour => {
  const uniform = world.streams.traffic
  const { traffic, requests } = group
  const layer7 = isLayer7(world.scenario)
  const duration = layer7 ? requests.duration : traffic.life
  const arrivals = traffic.kind === 'arrivals'
  const limits = layer7 ? [] : limitsOf(world, group)
  return {
    group,
    index,
    life: leastOf([samplerOf(duration, uniform), ...limits.map(({ life }) => life)]),
    residual: leastOf([residualOf(duration, uniform), ...limits.map(({ residual }) => residual)]),
    reconnect: arrivals ? () => 0 : samplerOf(traffic.reconnect, uniform),
    stopsAt: group.stopsAt,
    rate: group.count * perClient(group, layer7),
    steady: arrivals && !layer7 && traffic.spacing === 'steady',
    turn: 0,
  }
}

const perClient = ({ traffic, requests }: ClientGroup, layer7: boolean): number => {
  if (traffic.kind === 'arrivals') return traffic.perSecond * (layer7 ? requests.perConnection : 1)
  return layer7 ? requests.perSecond : 0
}

/** How long something lets a connection live, from its opening and from a moment long after. */
type Limit = Pick<Behaviour, 'life' | 'residual'>

/** Other ends than the client's own: age, and requests. */
const limitsOf = ({ scenario, streams }: World, { requests, traffic }: ClientGroup): Limit[] => {
  const { maxAgeSeconds, maxAgeJitter, maxRequests } = scenario.policy
  const uniform = streams.traffic
  const limits: Limit[] = []
  if (maxAgeSeconds !== null) {
    const low = maxAgeSeconds * (1 - maxAgeJitter)
    limits.push(limitOf({ kind: 'uniform', low, high: maxAgeSeconds * (1 + maxAgeJitter) }, uniform))
  }
  const rate = requests.perSecond / connectionsOf(traffic)
  if (maxRequests === null || rate === 0) return limits
  if (requests.spacing === 'steady')
    return [...limits, limitOf({ kind: 'fixed', seconds: maxRequests / rate }, uniform)]
  const gamma = gammaOf(maxRequests, uniform)
  // long ones are met more often: of the gamma that is one more in shape
  const met = gammaOf(maxRequests + 1, uniform)
  return [...limits, { life: () => gamma() / rate, residual: () => (met() * uniform()) / rate }]
}

const limitOf = (duration: Duration, uniform: Sampler): Limit => ({
  life: samplerOf(duration, uniform),
  residual: residualOf(duration, uniform),
})

const leastOf = (samplers: readonly Sampler[]): Sampler => {
  const [first, second, ...more] = samplers as readonly [Sampler, ...Sampler[]]
  if (second === undefined) return first
  const rest = leastOf([second, ...more])
  return () => Math.min(first(), rest())
}
