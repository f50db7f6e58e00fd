import { formatSeconds } from '../util/chart/axis.ts'
import { factsOf, hashes, isL7, type ScenarioFacts } from './facts.ts'
import type { Outcome, Policy, Scenario } from './model.ts'

/** Why a policy comes out as it does in this scenario, in a sentence. The first that holds is the strongest. */
export const reasonOf = (scenario: Scenario, policy: Policy, outcome: Outcome): string => {
  const facts = factsOf({ ...scenario, policy })
  for (const rule of rules) {
    const reason = rule({ scenario, policy, outcome, facts })
    if (reason !== null) return reason
  }
  return luck(facts)
}

interface Case {
  readonly scenario: Scenario
  readonly policy: Policy
  readonly outcome: Outcome
  readonly facts: ScenarioFacts
}

type Rule = (given: Case) => string | null

const newcomersIdle: Rule = ({ scenario, policy, outcome, facts }) => {
  const share = outcome.newcomers?.median.at(-1) ?? null
  if (share === null || share >= 0.8 || facts.lastChange === null || isL7(policy)) return null
  const time = scenario.seconds - facts.lastChange
  const ends = Math.min(facts.life, policy.maxAgeSeconds ?? Infinity)
  if (policy.maxRequests !== null || ends < time) return null
  return `pods that came later have ${percent(share)} of a fair share: connections stay where they are, and nothing ends them`
}

/** clients come back as soon as theirs is gone, and to those that are there by then */
const replacedInTurn: Rule = ({ scenario, policy, outcome }) => {
  if (!scenario.events.some(({ kind }) => kind === 'rolling-update')) return null
  if (policy.maxAgeSeconds !== null || policy.maxRequests !== null || isL7(policy)) return null
  const there = outcome.pods.filter(({ end }) => end.highest > 0)
  const first = there[0]?.end.mean ?? 0
  const last = there.at(-1)?.end.mean ?? 0
  return there.length > 1 && first > 1.5 * last
    ? `clients come back while pods are being replaced: the pod that started first ends with ${percent(first)} of all, the one that started last with ${percent(last)}`
    : null
}

/** nodes that do not know yet, and probes that have not noticed yet */
const refused: Rule = ({ scenario: { events, nodes }, outcome }) => {
  const share = outcome.refused.mean / Math.max(1, outcome.opened.mean + outcome.refused.mean)
  if (share < 0.01) return null
  const who = events.some(({ kind }) => kind === 'node-stall')
    ? 'a node that takes no changes goes on sending to pods that are gone'
    : nodes.some(({ lag }) => lag.kind !== 'fixed' || lag.seconds > 0)
      ? 'nodes that do not know of a change yet send to pods that are gone'
      : 'connections come to pods that do not answer'
  return `${percent(share)} of the attempts are refused: ${who}`
}

const newcomersServed: Rule = ({ scenario, policy, outcome, facts }) => {
  const share = outcome.newcomers?.median.at(-1) ?? null
  if (share === null) return null
  const { maxAgeSeconds, maxRequests } = policy
  const how =
    maxAgeSeconds !== null
      ? `connections end after about ${formatSeconds(maxAgeSeconds)}`
      : maxRequests !== null
        ? `clients come anew after ${maxRequests} requests`
        : Number.isFinite(facts.life)
          ? `connections end by themselves after ${formatSeconds(Number(facts.life.toPrecision(3)))} on average`
          : null
  // where connections are short, how they are spread says more
  if (how === null || Math.min(facts.life, maxAgeSeconds ?? Infinity) < scenario.seconds / 30) return null
  const steered = isLeast(policy)
    ? ', and the next ones go where the fewest are'
    : ', and the next ones are spread anew'
  return `${how}${steered}: pods that came later have ${percent(share)} of a fair share at the end`
}

const perRequest: Rule = ({ policy, scenario }) => {
  if (!isL7(policy)) return null
  const open = scenario.measure === 'open' ? '; open are requests under way (measure: requests counts all)' : ''
  return `each request is spread by itself, whatever connection it came by${open}`
}

const perTarget: Rule = ({ policy, outcome, facts }) =>
  policy.scheduler === 'ipvs-dh' && policy.affinitySeconds === null
    ? `the address dialled decides, not the connection: ${about(outcome.idle.end.median)} of ${facts.podsAtEnd} pods have nothing`
    : null

const perAddress: Rule = ({ policy, facts }) => {
  if ((!hashes(policy) || policy.scheduler === 'maglev') && policy.affinitySeconds === null) return null
  const what = `${count(facts.addresses, 'source address', 'source addresses')} ${facts.addresses === 1 ? 'is' : 'are'} drawn, not ${about(facts.connections)} connections`
  return `${what}: on ${facts.podsAtEnd} pods luck alone leaves a CV of ${percent(luckCv(facts.podsAtEnd, facts.addresses))}`
}

const fewCarryAll: Rule = ({ scenario, policy, outcome, facts }) => {
  if (isL7(policy) || !['requests', 'bytes', 'work'].includes(scenario.measure) || outcome.maxOverMean.end.mean < 1.3)
    return null
  if (facts.heaviest > 3)
    return 'the connections are even, what they carry is not: one of them asks far more than the others, and a connection has one pod'
  if (facts.http2)
    return `${count(facts.connections, 'connection carries', 'connections carry')} all requests: ${facts.podsAtEnd} pods cannot be even, whoever picks`
  return null
}

const inStep: Rule = ({ policy, facts, outcome }) =>
  facts.cycle !== null && policy.scheduler.endsWith('rr') && outcome.maxOverMean.end.mean > 1.5
    ? `pods take turns and so do lives, ${facts.cycle} of them: the long connections fall on the same pods again and again`
    : null

const sameBeginning: Rule = ({ policy, facts, outcome }) => {
  const fixedOrder =
    policy.scheduler.startsWith('ipvs-') && policy.order === 'fixed' && policy.counts === 'node' && !hashes(policy)
  if (!fixedOrder || facts.choosers < 2 || outcome.maxOverMean.end.mean < 1.3) return null
  const each = Math.round(facts.connections / facts.choosers)
  return `each of ${facts.choosers} nodes counts for itself, has about ${count(each, 'connection', 'connections')} and begins with the same pods of the list`
}

const placement: Rule = ({ scenario, policy, outcome }) => {
  if (outcome.maxOverMean.end.mean < 1.2) return null
  const { loadBalancer } = policy
  if (loadBalancer?.mode === 'instance' && loadBalancer.externalTrafficPolicy === 'Local')
    return 'each node that has a pod gets the same, and its own pods share that: where nodes have unequal numbers, pods do not get the same'
  if (policy.internalTrafficPolicy === 'Local')
    return 'clients reach pods of their own node only, and nodes have unequal numbers of them for their clients'
  if (policy.trafficDistribution !== null && scenario.nodes.length > 1)
    return `clients reach pods of their own ${policy.trafficDistribution === 'PreferSameZone' ? 'zone' : 'node'}, and these have unequal numbers of them for their clients`
  return null
}

const leastIsEven: Rule = ({ policy, facts }) => {
  if (!isLeast(policy)) return null
  if (policy.counts === 'shared' || facts.choosers === 1)
    return 'each connection goes where the fewest are, and all of them are counted'
  return `each connection goes where the fewest are, but each of ${facts.choosers} nodes sees only its own`
}

const turnsAreEven: Rule = ({ policy, facts }) => {
  if (!policy.scheduler.endsWith('rr')) return null
  if (policy.counts === 'shared' || facts.choosers === 1)
    return 'pods take turns: connections that are opened are exact, those that stay need not be'
  return `pods take turns at each of ${facts.choosers} nodes by itself: what is opened is uneven by at most one connection a node`
}

const straight: Rule = ({ policy: { loadBalancer } }) => {
  if (loadBalancer?.mode !== 'ip') return null
  switch (loadBalancer.scheduler) {
    case 'least-connections':
      return 'the balancer sends each connection straight to the pod with the fewest'
    case 'rr':
      return 'the balancer takes pods in turn and goes straight to them: what is open differs as lives do'
    case 'source':
      return 'the address of the client decides, so few clients are never even'
    case 'random':
      return null
  }
}

const twoDrawn: Rule = ({ policy }) =>
  policy.scheduler === 'p2c'
    ? 'each connection goes to the less loaded of two pods that are drawn: far better than one draw, not exact'
    : null

const rules: readonly Rule[] = [
  perRequest,
  straight,
  perTarget,
  perAddress,
  fewCarryAll,
  refused,
  replacedInTurn,
  newcomersIdle,
  newcomersServed,
  inStep,
  sameBeginning,
  placement,
  twoDrawn,
  leastIsEven,
  turnsAreEven,
]

const luck = ({ connections, podsAtEnd }: ScenarioFacts): string =>
  `each of about ${about(connections)} connections is drawn by itself: on ${podsAtEnd} pods luck alone leaves a CV of ${percent(luckCv(podsAtEnd, connections))}`

const isLeast = ({ scheduler }: Policy): boolean =>
  ['lc', 'p2c', 'ipvs-lc', 'ipvs-wlc', 'ipvs-sed', 'ipvs-nq', 'l7-least-request'].includes(scheduler)

/** √((k−1)/n) */
const luckCv = (k: number, n: number): number => Math.sqrt((k - 1) / Math.max(1, n))

const percent = (share: number): string => `${Math.round(share * 100)}%`
const about = (value: number): string =>
  value >= 10 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(2)))
const count = (value: number, one: string, many: string): string => `${about(value)} ${value === 1 ? one : many}`
