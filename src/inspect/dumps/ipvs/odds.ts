import type { Fraction } from '../../../model/packet.ts'
import { fraction } from '../../../rules/fraction.ts'
import type { IpvsDestination, IpvsService } from './model.ts'

export interface IpvsShare {
  readonly destination: IpvsDestination
  readonly odds: Fraction
}

/** Who gets a new connection. The odds sum to 1; no shares: nobody, the client is refused. */
export interface IpvsPick {
  readonly shares: readonly IpvsShare[]
  /** what the odds rest on and the listing does not settle */
  readonly conditions: readonly string[]
  /** '' or why the odds are a guess */
  readonly unknown: string
}

/** Buckets of the schedulers sh and dh (IP_VS_SH_TAB_SIZE, IP_VS_DH_TAB_SIZE). */
const BUCKETS = 256

/** As net/netfilter/ipvs/ip_vs_*.c pick; a destination of weight 0 gets no new connections. */
export const pickOf = (service: IpvsService): IpvsPick => {
  const { scheduler, destinations } = service
  if (scheduler === null || destinations.some(({ weight }) => weight === null))
    return {
      shares: even(destinations),
      conditions: [],
      unknown: 'scheduler and weights are not in this listing (ipvsadm --stats): add ipvsadm -Ln',
    }
  const alive = destinations.filter(({ weight }) => weight !== 0)
  if (service.damaged)
    return {
      shares: even(alive),
      conditions: [],
      unknown: 'servers whose lines were not understood; what the others get is a guess',
    }
  if (alive.length < 2) return { shares: even(alive), conditions: [], unknown: '' }
  return pickAmong(scheduler, alive)
}

const pickAmong = (scheduler: string, alive: readonly IpvsDestination[]): IpvsPick => {
  switch (scheduler) {
    case 'rr':
      return sure(even(alive))
    case 'wrr':
      return sure(weighted(alive))
    case 'sh':
      return withCondition(
        bucketed(alive),
        'sh: each client address has one backend; these are the shares over all clients',
      )
    case 'mh':
      return withCondition(
        weighted(alive),
        'mh: each client address has one backend; these are the shares over all clients',
      )
    case 'dh':
      return withCondition(
        bucketed(alive),
        'dh: all clients of one address have the same backend; which one is not computed',
      )
    case 'lc':
    case 'wlc':
    case 'sed':
    case 'nq':
      return leastLoaded(scheduler, alive)
    case 'fo':
      return sure(only(alive.reduce((best, one) => (weightOf(one) > weightOf(best) ? one : best))))
    case 'lblc':
    case 'lblcr':
    case 'ovf':
    case 'twos':
      return withCondition(
        weighted(alive),
        `${scheduler}: it depends on live counts that no listing has; odds as the weights say`,
      )
    default:
      return { shares: weighted(alive), conditions: [], unknown: `scheduler ${scheduler}` }
  }
}

const sure = (shares: readonly IpvsShare[]): IpvsPick => ({ shares, conditions: [], unknown: '' })

const withCondition = (shares: readonly IpvsShare[], condition: string): IpvsPick => ({
  shares,
  conditions: [condition],
  unknown: '',
})

const weightOf = ({ weight }: IpvsDestination): number => weight ?? 0

const only = (destination: IpvsDestination): readonly IpvsShare[] => [{ destination, odds: fraction(1n, 1n) }]

const even = (destinations: readonly IpvsDestination[]): readonly IpvsShare[] => {
  const odds = fraction(1n, BigInt(Math.max(1, destinations.length)))
  return destinations.map((destination) => ({ destination, odds }))
}

const weighted = (destinations: readonly IpvsDestination[]): readonly IpvsShare[] => {
  const total = BigInt(destinations.reduce((sum, one) => sum + weightOf(one), 0))
  return destinations.map((destination) => ({ destination, odds: fraction(BigInt(weightOf(destination)), total) }))
}

/** The table of buckets is filled in list order, each destination as often in a row as its weight says (ip_vs_sh_reassign). */
const bucketed = (destinations: readonly IpvsDestination[]): readonly IpvsShare[] => {
  const counts = destinations.map(() => 0)
  let at = 0
  let row = 0
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    counts[at] = (counts[at] ?? 0) + 1
    row += 1
    if (row >= weightOf(destinations[at] as IpvsDestination)) {
      at = (at + 1) % destinations.length
      row = 0
    }
  }
  return destinations.flatMap((destination, i) => {
    const count = counts[i] ?? 0
    return count === 0 ? [] : [{ destination, odds: fraction(BigInt(count), BigInt(BUCKETS)) }]
  })
}

/** The first of those with the least overhead, by the counts at the moment of the dump. */
const leastLoaded = (scheduler: 'lc' | 'wlc' | 'sed' | 'nq', alive: readonly IpvsDestination[]): IpvsPick => {
  if (alive.some(({ active }) => active === null))
    return withCondition(
      even(alive),
      `${scheduler}: it depends on live counts, which this listing does not have; odds as if all were equally loaded`,
    )
  const idle = scheduler === 'nq' ? alive.find(({ active }) => active === 0) : undefined
  const chosen =
    idle ?? alive.reduce((best, one) => (overhead(scheduler, one) < overhead(scheduler, best) ? one : best))
  return withCondition(
    only(chosen),
    `${scheduler}: by the connection counts at the moment of the dump; the next connection may already go elsewhere`,
  )
}

const overhead = (scheduler: 'lc' | 'wlc' | 'sed' | 'nq', one: IpvsDestination): number => {
  const [active, inactive, weight] = [one.active ?? 0, one.inactive ?? 0, Math.max(1, weightOf(one))]
  if (scheduler === 'sed' || scheduler === 'nq') return (active + 1) / weight
  const connections = active * 256 + inactive
  return scheduler === 'wlc' ? connections / weight : connections
}
