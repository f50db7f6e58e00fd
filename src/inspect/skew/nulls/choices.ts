import { sum } from '../../statistics/index.ts'
import type { Flow, LoadUnit, NodeObservation, Observation, ServiceFacts } from '../observation.ts'
import { sharesIn } from './client-shares.ts'
import { clientRuns, keepsClients, type Run } from './clients.ts'
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

/** Flows whose sums differ from the counts by a larger share are another set of connections. */
const sameWithin = 0.05

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

/** Only what the flows say, where they are another set of connections than the counts. null: there are none. */
export const sampleOf = (observation: Observation): Observation | null => {
  const flows = knownFlows(observation)
  if (
    flows.length === 0 ||
    flowsBehind(
      observation,
      observation.backends.map(({ count }) => count),
    ) !== null
  )
    return null
  const counts = tally(observation, flows, () => 1)
  const backends = observation.backends.map((backend, i) => {
    const count = counts[i] ?? 0
    return { ...backend, count, opened: count, connections: count }
  })
  const facts: ServiceFacts = { ...observation.facts, counted: 'opened' }
  const sample: Observation = { ...observation, unit: 'connections', backends, flows, facts }
  if (observation.nodes === undefined) return sample
  const sent = Map.groupBy(flows, ({ node }) => node)
  return {
    ...sample,
    nodes: observation.nodes.map((node) => ({ ...node, counts: tally(sample, sent.get(node.node) ?? [], () => 1) })),
  }
}

/** Load is uneven because the numbers of connections are where all but so much of its unevenness is theirs. */
const mostOwn = 0.5

/** Only the connections of each backend, where load whose connections nobody knows one by one follows their number. null: it does not. */
export const numbersOf = (observation: Observation): Observation | null => {
  const { backends, unit } = observation
  if (unit === 'connections' || (observation.flows ?? []).length > 0) return null
  const known = backends.flatMap(({ connections }) => connections ?? [])
  const [n, load] = [sum(known), sum(backends.map(({ count }) => count))]
  if (known.length < backends.length || n === 0 || load === 0) return null
  const unevenness = (shares: readonly number[]): number =>
    sum(backends.map(({ count }, i) => (count / load - (shares[i] ?? 0)) ** 2))
  const even = backends.map(() => 1 / backends.length)
  if (unevenness(known.map((each) => each / n)) > mostOwn * unevenness(even)) return null
  return {
    ...observation,
    unit: 'connections',
    backends: backends.map((backend, i) => ({ ...backend, count: known[i] ?? 0 })),
  }
}

const hashesSource: ReadonlySet<string> = new Set(['sh', 'dh'])
/** of the source or of the flow */
const hashes: ReadonlySet<string> = new Set(['sh', 'dh', 'mh', 'maglev'])

/** Affinity or a hash of the source is configured. */
export const drawnByClients = ({ facts }: Observation): boolean =>
  facts.affinity === 'ClientIP' || hashesSource.has(facts.scheduler ?? '')

/** Where affinity is off and the scheduler chooses for each connection, clients that seem kept are not. */
const mayKeep = ({ facts }: Observation): boolean =>
  facts.affinity !== 'None' || facts.scheduler === undefined || hashes.has(facts.scheduler)

const knownFlows = ({ flows = [], backends }: Observation): readonly Flow[] => {
  const names = new Set(backends.map(({ name }) => name))
  return flows.filter(({ backend }) => names.has(backend))
}

export const tally = (
  { backends }: Observation,
  flows: readonly Flow[],
  weightOf: (flow: Flow) => number,
): readonly number[] => {
  const totals = new Map(backends.map(({ name }) => [name, 0]))
  for (const flow of flows) totals.set(flow.backend, (totals.get(flow.backend) ?? 0) + weightOf(flow))
  return backends.map(({ name }) => totals.get(name) ?? 0)
}

/** What a flow carries; of CPU time the next best that is known. */
export const weightIn =
  (unit: LoadUnit) =>
  (flow: Flow): number => {
    switch (unit) {
      case 'connections':
        return 1
      case 'bytes':
        return flow.bytes ?? 0
      case 'requests':
        return flow.requests ?? 0
      case 'cpu':
        return flow.cpu ?? flow.requests ?? flow.bytes ?? 1
    }
  }

const isOpen = ({ closedAt }: Flow): boolean => closedAt === null || closedAt === undefined

/** The flows that the counts are made of; null: none are given, or they are others. */
export const flowsBehind = (observation: Observation, counts: readonly number[]): readonly Flow[] | null => {
  const { unit, facts } = observation
  const flows = knownFlows(observation)
  if (flows.length === 0) return null
  if (unit === 'cpu') return flows
  const open = flows.filter(isOpen)
  const candidates =
    unit !== 'connections' || facts.counted === 'opened' ? [flows] : facts.counted === 'open' ? [open] : [flows, open]
  return candidates.find((some) => agree(tally(observation, some, weightIn(unit)), counts)) ?? null
}

const agree = (ours: readonly number[], counts: readonly number[]): boolean =>
  sum(ours.map((total, i) => Math.abs(total - (counts[i] ?? 0)))) <= sameWithin * sum(counts)

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

/** Nodes have rules or places of their own, and of the connections one by one nobody knows through which they came. */
const nodesTellMore = ({ observation, drawn, choices }: Case, counts: readonly number[]): boolean => {
  const { nodes = [], unit } = observation
  const alone = new Set(nodes.map(({ odds }) => odds?.map((p) => p > 0).join()))
  if (unit !== 'connections' || drawn === 'clients' || choices.some(({ node }) => node !== null)) return false
  return nodes.length > 1 && (alone.size > 1 || placesDecide(observation)) && agree(together(nodes, counts), counts)
}

const together = (nodes: readonly NodeObservation[], counts: readonly number[]): readonly number[] =>
  counts.map((_, i) => sum(nodes.map((node) => node.counts[i] ?? 0)))

/** What each node chose where their counts are those of the Service, else all in one. */
const caseOfCounts = (observation: Observation, counts: readonly number[]): Case => {
  const { nodes = [] } = observation
  const sent = together(nodes, counts)
  const strata = nodes.length > 0 && agree(sent, counts)
  const chosen = (of: readonly number[], node: number | null): readonly Choice[] =>
    of.flatMap((count, backend) => (count === 0 ? [] : [{ count, weight: 1, node, openedAt: null, backend }]))
  const choices = strata ? nodes.flatMap((node, i) => chosen(node.counts, i)) : chosen(counts, null)
  const totals = strata ? sent : counts
  return { observation, totals, choices, drawn: 'connections', flows: null, runs: null, weightsAssumed: false }
}
