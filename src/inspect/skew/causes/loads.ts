import { effectiveCount, sum } from '../../statistics/index.ts'
import { type Case, drawnByClients, effectiveChoices } from '../nulls/choices.ts'
import { weightIn } from '../nulls/counted-flows.ts'
import { placesDecide } from '../nulls/odds.ts'
import type { Flow, Observation } from '../observation.ts'
import type { Attributed } from './attribution.ts'
import { counted, does, percent, unitWords, whole } from './sentence.ts'
import type { Tellers, View } from './view.ts'

/** One independent choice and what hung on it. */
interface Load {
  readonly client: string
  readonly weight: number
  readonly http2: boolean
}

/** A part that makes most of the variance is the reason: of Σw², what luck's spread is proportional to. */
const most = 0.5
/** Without the heaviest client, load is spread over so many times as many choices, and these at least. */
const betterWithout = { affinity: 2, 'few-connections': 4 } as const
const surelyBetter = 4
const enoughWithout = 5

const loadsOf = ({ observation, flows, runs }: Case): readonly Load[] => {
  const weigh = weightIn(observation.unit)
  const loadOf = (some: readonly Flow[]): Load => ({
    client: some[0]?.client ?? '',
    weight: sum(some.map(weigh)),
    http2: some.some(({ http2 }) => http2 === true),
  })
  return runs === null ? (flows ?? []).map((flow) => loadOf([flow])) : runs.map(loadOf)
}

const squares = (loads: readonly Load[]): number => sum(loads.map(({ weight }) => weight ** 2))
const total = (loads: readonly Load[]): number => sum(loads.map(({ weight }) => weight))
const spread = (loads: readonly Load[]): number => effectiveCount(loads.map(({ weight }) => weight))

const heaviest = (loads: readonly Load[]): readonly Load[] => {
  const clients = new Map<string, Load[]>()
  for (const load of loads) {
    const mine = clients.get(load.client)
    if (mine === undefined) clients.set(load.client, [load])
    else mine.push(load)
  }
  return [...clients.values()].toSorted((a, b) => squares(b) - squares(a))[0] ?? []
}

/** How many times as many choices the load is spread over without the heaviest client; 1 where it is not heavy. */
const betterBy = (loads: readonly Load[]): number => {
  const mine = heaviest(loads)
  const rest = loads.filter(({ client }) => client !== mine[0]?.client)
  if (squares(mine) < most * squares(loads) || spread(rest) < enoughWithout) return 1
  return spread(rest) / spread(loads)
}

/** One client is why, or that there are few; between the two neither is certain. */
const heavyOr = (
  few: 'affinity' | 'few-connections',
  loads: readonly Load[],
): Pick<Attributed, 'code' | 'certainty'> => {
  const better = betterBy(loads)
  if (better < betterWithout[few])
    return { code: few, certainty: squares(heaviest(loads)) < most * squares(loads) ? 'certain' : 'likely' }
  return { code: 'heavy-client', certainty: better >= surelyBetter ? 'certain' : 'likely' }
}

const sharedLoads = ({ observation }: Case, loads: readonly Load[]): readonly Load[] => {
  const shared = new Set(observation.facts.sharedAddresses)
  return loads.filter(({ client }) => shared.has(client))
}

/** No policy keeps nodes to their own pods. */
const evenlyPlaced = (observation: Observation): boolean =>
  !placesDecide(observation) && observation.facts.internalTrafficPolicy !== undefined

/** So few choices carry the load that luck does not even it out: why they are few. */
export const attributeLoads = (situation: Case): Attributed => {
  const loads = loadsOf(situation)
  const all = squares(loads)
  const { observation } = situation
  const kept = situation.drawn === 'clients' && !drawnByClients(observation)
  // a node that has one pod keeps its clients as well
  const untold = kept && (situation.flows ?? []).some(({ node }) => node === undefined) && !evenlyPlaced(observation)
  const inferred = situation.flows === null || situation.weightsAssumed || untold
  const certainty = inferred ? 'likely' : 'certain'
  const gain = 0
  const among = (few: 'affinity' | 'few-connections'): Attributed => {
    const { code, certainty: sure } = heavyOr(few, loads)
    // an address that nobody vouches for may stand for many clients
    const one = few === 'few-connections' || code === few || observation.facts.sharedAddresses !== undefined
    return { code, certainty: inferred || !one ? 'likely' : sure, gain }
  }
  if (situation.drawn === 'clients') {
    // no proxy keeps the clients of a headless Service: they keep the address that DNS gave them
    if (observation.facts.headless === true) return { code: 'bypass', certainty, gain }
    if (squares(sharedLoads(situation, loads)) >= most * all) return { code: 'shared-address', certainty, gain }
    return among('affinity')
  }
  const reused = loads.filter(({ http2 }) => http2)
  if (reused.length > 0 && squares(reused) >= most * all) return { code: 'connection-reuse', certainty, gain }
  // a sample says of what kind the connections are
  const { flows = [], unit } = observation
  const seen = flows.filter(({ http2 }) => http2 === true).length
  if (situation.flows === null && unit !== 'connections' && seen > most * flows.length)
    return { code: 'connection-reuse', certainty: 'likely', gain }
  return among('few-connections')
}

const luck = ({ situation, expected }: View): string => {
  const draws = Math.max(1, Math.round(effectiveChoices(situation)))
  const k = expected.filter((e) => e > 0).length
  return `luck alone spreads that by ±${percent(Math.sqrt(Math.max(0, k - 1) / draws))}`
}

const clientsIn = (loads: readonly Load[]): number => new Set(loads.map(({ client }) => client)).size

/** Causes that leave few independent choices. */
export const loadTellers: Tellers<
  'affinity' | 'shared-address' | 'heavy-client' | 'connection-reuse' | 'few-connections'
> = {
  affinity: (view) => {
    const { situation, observation } = view
    const loads = loadsOf(situation)
    const { affinity, scheduler } = observation.facts
    const hash = scheduler === undefined ? 'affinity or a hash' : `the scheduler ${scheduler}`
    const why = affinity === 'ClientIP' ? 'sessionAffinity' : hash
    return {
      evidence: `${does(clientsIn(loads), 'client', 'make')} ${whole(total(loads))} ${unitWords[observation.unit]}, and ${why} keeps each on one pod: ${luck(view)}`,
      cure: 'take sessionAffinity (or the hash) away if the application allows it; else more clients than pods by far are needed, or affinity by cookie in an L7 proxy',
    }
  },

  'shared-address': (view) => {
    const { situation, observation } = view
    const loads = loadsOf(situation)
    const shared = sharedLoads(situation, loads)
    const names = [...new Set(shared.map(({ client }) => client))]
    return {
      evidence: `${counted(names.length, 'address', 'addresses')} that many clients share (${names.slice(0, 2).join(', ')}) ${names.length === 1 ? 'makes' : 'make'} ${percent(total(shared) / (total(loads) || 1))} of the ${unitWords[observation.unit]}, and each is kept on one pod: ${luck(view)}`,
      cure: 'keep the clients’ own addresses (externalTrafficPolicy: Local, or a balancer that does not masquerade), or take sessionAffinity away',
    }
  },

  'heavy-client': (view) => {
    const { situation, observation } = view
    const loads = loadsOf(situation)
    const mine = heaviest(loads)
    const rest = clientsIn(loads) - 1
    const kept = situation.drawn === 'clients' ? ' and is kept on one pod' : ''
    return {
      evidence: `client ${mine[0]?.client} makes ${percent(total(mine) / (total(loads) || 1))} of the ${unitWords[observation.unit]}${kept}; the ${counted(rest, 'other')} would spread evenly`,
      cure: 'let that client open more connections, and reopen them now and then (or exempt it from affinity), or give it pods of its own',
    }
  },

  'connection-reuse': (view) => {
    const { situation, observation } = view
    const loads = loadsOf(situation)
    const reused = loads.filter(({ http2 }) => http2)
    const top = reused.toSorted((a, b) => b.weight - a.weight)[0]
    return {
      evidence: `${counted(reused.length, 'HTTP/2 connection')} ${reused.length === 1 ? 'carries' : 'carry'} ${percent(total(reused) / (total(loads) || 1))} of the ${unitWords[observation.unit]}, one of them ${percent((top?.weight ?? 0) / (total(loads) || 1))}; a Service balances connections, not requests`,
      cure: 'balance requests: client-side balancing over a headless Service, an L7 proxy or mesh; or limit the connections’ age (MAX_CONNECTION_AGE in gRPC)',
    }
  },

  'few-connections': (view) => {
    const { situation, observation, expected } = view
    const loads = loadsOf(situation)
    const behind = effectiveChoices(situation)
    const connections = situation.flows === null ? sum(situation.choices.map(({ count }) => count)) : loads.length
    const heavy = behind < 0.7 * connections ? `, which weigh as much as ${whole(behind)} equal ones` : ''
    return {
      evidence: `${counted(connections, 'connection')} ${connections === 1 ? 'carries' : 'carry'} all ${unitWords[observation.unit]} of ${counted(expected.filter((e) => e > 0).length, 'pod')}${heavy}: ${luck(view)}`,
      cure: 'open more connections, and reopen them now and then (server_lifetime, keep-alive limits); a scheduler that deals in turn (rr, lc) evens out their number',
    }
  },
}
