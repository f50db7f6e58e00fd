import { sum } from '../../statistics/index.ts'
import type { Flow, ServiceFacts } from '../observation.ts'
import { type Shares, sharesOf } from './client-shares.ts'

/** Connections of one client that all went to one backend, in the order they opened: chosen once. Never empty. */
export type Run = readonly [Flow, ...Flow[]]

/** A client that is kept changes its backend sometimes: affinity ends, a pod goes. */
const change = 0.05
/** odds at which a client's loyalty is no luck: with them, one fair observation in as many seems loyal */
const enoughOdds = Math.log(1000)
/** of affinity that is configured: it is in force where at least this share of second connections went where the first did */
const loyalEnough = 0.5

const group = <T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> => {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const old = groups.get(key)
    if (old === undefined) groups.set(key, [item])
    else old.push(item)
  }
  return groups
}

const byOpening = (a: Flow, b: Flow): number => (a.openedAt ?? 0) - (b.openedAt ?? 0)

const isHash = ({ scheduler }: ServiceFacts): boolean => scheduler === 'sh' || scheduler === 'dh' || scheduler === 'mh'

/** A client's connections through one node (affinity is each node's own; a hash is the same on all), oldest first. */
const histories = (flows: readonly Flow[], facts: ServiceFacts): readonly (readonly Flow[])[] => {
  const keyOf = ({ client, node }: Flow): string => (isHash(facts) ? client : `${client} ${node ?? ''}`)
  return [...group(flows, keyOf).values()].map((some) => some.toSorted(byOpening))
}

export const clientRuns = (flows: readonly Flow[], facts: ServiceFacts): readonly Run[] =>
  histories(flows, facts).flatMap((history) => {
    // a hash has no memory, a client comes back to where it was; and without times nobody knows how often it left
    if (isHash(facts) || !isDated(history))
      return [...group(history, ({ backend }) => backend).values()] as unknown as readonly Run[]
    const runs: [Flow, ...Flow[]][] = []
    for (const flow of history) {
      const last = runs.at(-1)
      if (last?.[0].backend === flow.backend) last.push(flow)
      else runs.push([flow])
    }
    return runs
  })

/**
 * Do clients stay with their backend? `configured`: affinity or a hash is, and only evidence against it counts. Otherwise the odds of what
 * the second and later connections did, against chance at the shares that the backends have where the client is, must be overwhelming.
 */
export const keepsClients = (
  flows: readonly Flow[],
  configured: boolean,
  shares: Shares = sharesOf(flows),
): boolean => {
  let [stayed, left, logOdds] = [0, 0, 0]
  for (const history of histories(flows, {})) {
    const { same, odds } = isDated(history) ? loyaltyInTime(history, shares) : loyaltyToHome(history, shares)
    stayed += same
    left += history.length - 1 - same
    logOdds += odds
  }
  if (configured) return stayed >= loyalEnough * (stayed + left)
  return logOdds >= enoughOdds && !eachItsOwn(flows)
}

/**
 * Each pod has one client, and no two the same: as sockets in pods show it where each pod's node masquerades, with the address of its own bridge.
 * Listings of nodes show the client as it came.
 */
const eachItsOwn = (flows: readonly Flow[]): boolean => {
  if (flows.some(({ node, openedAt }) => node !== undefined || openedAt !== undefined)) return false
  const clients = [...group(flows, ({ backend }) => backend).values()].map(
    (some) => new Set(some.map(({ client }) => client)),
  )
  return (
    clients.every(({ size }) => size === 1) && new Set(clients.flatMap((some) => [...some])).size === clients.length
  )
}

/** Of a client: connections that stayed, and log odds that it is kept. */
interface Loyalty {
  readonly same: number
  readonly odds: number
}

const loyaltyInTime = (history: readonly Flow[], shares: Shares): Loyalty => {
  let [same, odds] = [0, 0]
  for (let i = 1; i < history.length; i++) {
    const [before, now] = [history[i - 1] as Flow, history[i] as Flow]
    const share = shares(before)
    const stays = before.backend === now.backend
    if (stays) same++
    // one that had no choice where it was came from elsewhere: that is no sign of its being kept
    odds += stays ? Math.log((1 - change) / share) : Math.min(0, Math.log(change / (1 - share)))
  }
  return { same, odds }
}

/** Without times there is no order: a client is at home at any one of its backends, by their shares, and is elsewhere seldom. */
const loyaltyToHome = (history: readonly Flow[], shares: Shares): Loyalty => {
  const homes = [...group(history, ({ backend }) => backend).values()]
  const chance = sum(history.map((flow) => Math.log(shares(flow))))
  const kept = homes.map((home) => {
    const share = shares(home[0] as Flow)
    const away = history.length - home.length
    const elsewhere = chance - home.length * Math.log(share) - away * Math.log(Math.max(change, 1 - share))
    return Math.log(share) + home.length * Math.log(1 - change) + (away === 0 ? 0 : away * Math.log(change) + elsewhere)
  })
  const best = Math.max(...kept)
  const odds = best + Math.log(sum(kept.map((each) => Math.exp(each - best)))) - chance
  return { same: Math.max(...homes.map(({ length }) => length)) - 1, odds }
}

const isDated = (history: readonly Flow[]): boolean => history.every(({ openedAt }) => openedAt !== undefined)
