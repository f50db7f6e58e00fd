import { chiSquareCritical, sum, variation } from '../../statistics/index.ts'
import { drawnByClients } from '../nulls/choices.ts'
import { rulesOdds } from '../nulls/odds.ts'
import type { Observation } from '../observation.ts'
import type { Cause } from '../report.ts'
import { causePage } from './codes.ts'
import { counted, listed, unitWords, whole } from './sentence.ts'

const unexplained = (evidence: string, cure: string): Cause => ({
  code: 'unexplained',
  evidence,
  cure,
  page: causePage('unexplained'),
  certainty: 'none',
  also: [],
})

/** What nobody gave, and which of it could tell the causes apart. */
const missing = (observation: Observation): readonly string[] => {
  const { backends, flows = [], facts, unit } = observation
  const wanted: string[] = []
  if (rulesOdds(observation) === null) wanted.push('the rules of every node (--node-file, or --live on the node)')
  if (backends.every(({ startedAt }) => startedAt === undefined) || backends.some(({ ready }) => ready === undefined))
    wanted.push('the Service’s objects (-f: ages, readiness, nodes and weights of pods, policies)')
  if (flows.length === 0) wanted.push('connections one by one (conntrack: clients and times)')
  else if (unit !== 'connections' && flows.every((flow) => flow.bytes === undefined && flow.requests === undefined))
    wanted.push('what each connection carried (conntrack with nf_conntrack_acct)')
  if (facts.scheduler === undefined) wanted.push('the scheduler')
  return wanted
}

const wish = (observation: Observation): string => {
  const wanted = missing(observation)
  return wanted.length === 0
    ? 'everything that could tell is there: look at the pods and clients that stand out'
    : `these would tell: ${wanted.join('; ')}`
}

/** Uneven, and no cause that the data can show accounts for it. */
export const tellUneven = (observation: Observation, expected: readonly number[], tried: readonly string[]): Cause => {
  const { backends } = observation
  const looked =
    tried.length === 0 ? '' : `; ${listed(tried, 12)} ${tried.length === 1 ? 'does' : 'do'} not account for it`
  const foreign = backends.filter(({ count }, i) => count > 0 && expected[i] === 0)
  if (foreign.length > 0)
    return unexplained(
      `the rules never choose ${listed(foreign.map(({ name }) => name))}, which ${foreign.length === 1 ? 'has' : 'have'} ${whole(sum(foreign.map(({ count }) => count)))}: ${foreign.length === 1 ? 'it' : 'they'} left the rules, or came by connections without the Service${looked}`,
      wish(observation),
    )
  const off = backends.map(
    ({ count }, i) => Math.abs(count - (expected[i] ?? 0)) / Math.sqrt(Math.max(1, expected[i] ?? 0)),
  )
  const worst = off.indexOf(Math.max(...off))
  return unexplained(
    `${backends[worst]?.name} has ${whole(backends[worst]?.count ?? 0)} where ${whole(expected[worst] ?? 0)} are expected${looked}`,
    wish(observation),
  )
}

/** More even than luck, and nothing says that connections are dealt in turn. */
export const tellTooEven = (observation: Observation, pLower: number, random: boolean): Cause =>
  unexplained(
    random
      ? `the scheduler ${observation.facts.scheduler} chooses by chance, and chance is as even in ${whole(pLower * 1000)} of 1,000 cases only`
      : `as round robin deals, but chance is as even in ${whole(pLower * 1000)} of 1,000 cases`,
    random
      ? 'look whether the counts are what they are taken for: averages, requests of an L7 proxy, limits of the clients'
      : 'these would tell: the scheduler; more connections',
  )

/** Nobody knows how many choices are behind the load: how many would make it luck. null: it is even, and there is nothing to explain. */
export const tellUnknownDraws = (observation: Observation, level: number): Cause | null => {
  const counts = observation.backends.map(({ count }) => count)
  const odds = rulesOdds(observation)
  const cv =
    odds === null
      ? variation(counts)
      : variation(counts.flatMap((count, i) => ((odds[i] ?? 0) > 0 ? [count / (odds[i] ?? 1)] : [])))
  if (cv === 0) return null
  const most = Math.floor(chiSquareCritical(Math.max(1, counts.length - 1), level) / cv ** 2)
  const what = drawnByClients(observation) ? 'client' : 'connection'
  const connections = sum(observation.backends.map((backend) => backend.connections ?? 0))
  const unknown =
    connections === 0
      ? `how many ${what}s made the ${unitWords[observation.unit]}`
      : `what each of ${connections} connections carried`
  return unexplained(
    `${unknown} is not known: it is luck if at most ${counted(most, `equally heavy ${what}`)} did, or more that differ in weight`,
    drawnByClients(observation)
      ? 'these would tell: connections one by one (conntrack), for the number of clients'
      : 'these would tell: connections one by one (conntrack with nf_conntrack_acct), or how many connections each pod had',
  )
}
