import { sum } from '../../statistics/index.ts'
import type { Observation, ServiceFacts } from '../observation.ts'
import { flowsBehind, knownFlows, tally } from './counted-flows.ts'
import { prepared } from './prepared.ts'

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
  if (observation.nodes === undefined) return prepared(sample)
  const sent = Map.groupBy(flows, ({ node }) => node)
  return prepared({
    ...sample,
    nodes: observation.nodes.map((node) => ({ ...node, counts: tally(sample, sent.get(node.node) ?? [], () => 1) })),
  })
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
