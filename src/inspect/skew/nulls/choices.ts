import { sum } from '../../statistics/index.ts'
import type { Flow, NodeObservation, Observation } from '../observation.ts'
import { sharesIn } from './client-shares.ts'
import { clientRuns, keepsClients, type Run } from './clients.ts'
import { agree, flowsBehind, knownFlows, tally, weightIn } from './counted-flows.ts'
import { placesDecide } from './odds.ts'

/** Independent choices of a backend that were made alike, as far as that is known. */
export interface Choice {
  readonly count: number
  /** what each carries, in the observation's unit */
  readonly weight: number
  /** index into the observation's nodes; null: not known */
  readonly node: number | null
  /** seconds; null: not known */
  readonly openedAt: number | null
  /** which was chosen: index into the observation's backends; null: only the totals are known */
  readonly backend: number | null
}

/** What was chosen among, how often, and what came of it: all that a null is tested on. */
export interface Case {
  readonly observation: Observation
  /** per backend, in the observation's unit; what `choices` carried */
  readonly totals: readonly number[]
  readonly choices: readonly Choice[]
  /** what is drawn: connections, or a client's pod for all its connections */
  readonly drawn: 'connections' | 'clients'
  /** the flows behind the choices; null where they were made of counts */
  readonly flows: readonly Flow[] | null
  /** connections of a client that stayed on one backend, where clients are drawn */
  readonly runs: readonly Run[] | null
  /** the weights of the choices are not known, and taken as equal */
  readonly weightsAssumed: boolean
}

/** Equal choices that vary as much: (Σw)²/Σw². */
export const effectiveChoices = ({ choices }: Pick<Case, 'choices'>): number => {
  const squares = sum(choices.map(({ count, weight }) => count * weight ** 2))
  return squares === 0 ? 0 : sum(choices.map(({ count, weight }) => count * weight)) ** 2 / squares
}

/** null: nobody knows how many choices are behind the counts. */
export const readCase = (observation: Observation): Case | null => {
  const counts = observation.backends.map(({ count }) => count)
  const flows = flowsBehind(observation, counts)
  if (flows !== null) {
    const ofFlows = caseOfFlows(observation, flows)
    return nodesTellMore(ofFlows, counts) ? caseOfCounts(observation, counts) : ofFlows
  }
  if (drawnByClients(observation)) return null
  if (observation.unit === 'connections') return caseOfCounts(observation, counts)
  const connections = sum(observation.backends.map((backend) => backend.connections ?? 0))
  if (connections === 0) return null
  const choices = [{ count: connections, weight: sum(counts) / connections, node: null, openedAt: null, backend: null }]
  return { observation, totals: counts, choices, drawn: 'connections', flows: null, runs: null, weightsAssumed: true }
}

const hashesSource: ReadonlySet<string> = new Set(['sh', 'dh', 'mh'])
/** of the source or of the flow */
const hashes: ReadonlySet<string> = new Set(['sh', 'dh', 'mh', 'maglev'])

/** Affinity or a hash of the source is configured. */
export const drawnByClients = ({ facts }: Observation): boolean =>
  facts.affinity === 'ClientIP' || hashesSource.has(facts.scheduler ?? '')

/** Where affinity is off and the scheduler chooses for each connection, clients that seem kept are not. */
const mayKeep = ({ facts }: Observation): boolean =>
  facts.affinity !== 'None' || facts.scheduler === undefined || hashes.has(facts.scheduler)

const caseOfFlows = (observation: Observation, flows: readonly Flow[]): Case => {
  const nodes = new Map(observation.nodes?.map(({ node }, i) => [node, i]))
  const backends = new Map(observation.backends.map(({ name }, i) => [name, i]))
  const weighed = scaled(observation, flows)
  const all = knownFlows(observation)
  const byClient = mayKeep(observation) && keepsClients(all, drawnByClients(observation), sharesIn(observation, all))
  const runs = byClient ? runsOf(observation, flows) : null
  const choiceOf = (flow: Flow, weight: number): Choice => ({
    count: 1,
    weight,
    node: nodes.get(flow.node ?? '') ?? null,
    openedAt: flow.openedAt ?? null,
    backend: backends.get(flow.backend) ?? null,
  })
  return {
    observation,
    totals: tally(observation, flows, weighed),
    choices:
      runs === null
        ? flows.map((flow) => choiceOf(flow, weighed(flow)))
        : runs.map(({ chosen, run }) => choiceOf(chosen, sum(run.map(weighed)))),
    drawn: runs === null ? 'connections' : 'clients',
    flows,
    runs: runs?.map(({ run }) => run) ?? null,
    weightsAssumed: observation.unit === 'cpu' && flows.every(({ cpu }) => cpu === undefined),
  }
}

/** A client chose with the first connection of a stay, which may be closed and not counted any more. */
const runsOf = (
  observation: Observation,
  counted: readonly Flow[],
): readonly { readonly chosen: Flow; readonly run: Run }[] => {
  const counts = new Set(counted)
  return clientRuns(knownFlows(observation), observation.facts).flatMap((run) => {
    const [first, ...others] = run.filter((flow) => counts.has(flow))
    return first === undefined ? [] : [{ chosen: run[0], run: [first, ...others] }]
  })
}

/** CPU time of which the flows do not say their part: by requests or bytes, per backend in proportion. */
const scaled = (observation: Observation, flows: readonly Flow[]): ((flow: Flow) => number) => {
  const weigh = weightIn(observation.unit)
  if (observation.unit !== 'cpu') return weigh
  const seen = tally(observation, flows, weigh)
  const ratios = new Map(observation.backends.map(({ name, count }, i) => [name, count / (seen[i] || 1)]))
  return (flow) => weigh(flow) * (ratios.get(flow.backend) ?? 1)
}

/**
 * Of some connections nobody knows through which node they came, while the nodes have counted them: that tells more than when they were
 * opened, unless pods differ in age and nodes in nothing.
 */
const nodesTellMore = ({ observation, drawn, choices }: Case, counts: readonly number[]): boolean => {
  const { nodes = [], unit, backends } = observation
  if (unit !== 'connections' || drawn === 'clients' || choices.every(({ node }) => node !== null)) return false
  const kinds = new Set(nodes.flatMap(({ odds }) => odds?.map((p) => p > 0).join() ?? []))
  const alike = kinds.size < 2 && !placesDecide(observation)
  const aged = new Set(backends.map(({ startedAt }) => startedAt)).size > 1
  return nodes.length > 1 && !(alike && aged) && agree(together(nodes, counts), counts)
}

const together = (nodes: readonly NodeObservation[], counts: readonly number[]): readonly number[] =>
  counts.map((_, i) => sum(nodes.map((node) => node.counts[i] ?? 0)))

/**
 * What each node chose, and what none of those known chose besides; all in one where the nodes have more than the Service and are about
 * other connections.
 */
const caseOfCounts = (observation: Observation, counts: readonly number[]): Case => {
  const { nodes = [] } = observation
  const sent = together(nodes, counts)
  const more = counts.map((count, i) => count - (sent[i] ?? 0))
  const within = sum(sent) > 0 && more.every((rest) => rest >= 0)
  const strata = within || agree(sent, counts)
  const chosen = (of: readonly number[], node: number | null): readonly Choice[] =>
    of.flatMap((count, backend) => (count === 0 ? [] : [{ count, weight: 1, node, openedAt: null, backend }]))
  const choices = strata
    ? [...nodes.flatMap((node, i) => chosen(node.counts, i)), ...(within ? chosen(more, null) : [])]
    : chosen(counts, null)
  const totals = strata && !within ? sent : counts
  return { observation, totals, choices, drawn: 'connections', flows: null, runs: null, weightsAssumed: false }
}
