import { sum } from '../../statistics/index.ts'
import type { Flow, NodeObservation, Observation } from '../observation.ts'
import { flowsBehind, tally } from './counted-flows.ts'

/**
 * Nodes that only connections tell of are nodes as well: what each sent is counted from its connections, its rules are not known. Where
 * some connections have no node nothing is added, since a node would then have sent more than is counted here.
 */
export const withNodesOfFlows = (given: Observation): Observation => {
  const observation = withFlowsOfNodes(given)
  const { flows = [], nodes = [], backends } = observation
  const through = flows.filter(({ bypassed }) => bypassed !== true)
  const byNode = Map.groupBy(through, ({ node }) => node ?? '')
  const known = new Set(nodes.map(({ node }) => node))
  const others = [...byNode.keys()].filter((node) => !known.has(node)).sort()
  if (byNode.has('') || others.length === 0 || (nodes.length === 0 && others.length < 2)) return observation
  if (!areAll(observation)) return observation
  const zones = zonesOf(backends)
  const added = others.map((node): NodeObservation => {
    const zone = zones.get(node)
    return {
      node,
      ...(zone === undefined ? {} : { zone }),
      counts: tally(observation, byNode.get(node) as readonly Flow[], () => 1),
      odds: null,
    }
  })
  return { ...observation, nodes: [...nodes, ...added] }
}

/** Of a sample nobody knows what its nodes sent. */
const areAll = (observation: Observation): boolean =>
  observation.unit !== 'connections' ||
  flowsBehind(
    observation,
    observation.backends.map(({ count }) => count),
  ) !== null

/** The zone of each node that has pods. */
const zonesOf = (backends: Observation['backends']): ReadonlyMap<string, string> => {
  const placed = backends.flatMap(({ node, zone }) =>
    node === undefined || zone === undefined ? [] : [{ node, zone }],
  )
  const zones = new Map(placed.map(({ node, zone }) => [node, zone]))
  for (const { node, zone } of placed) if (zones.get(node) !== zone) zones.delete(node)
  return zones
}

/** Connections to a backend that one node only sent to came from this one, or from one of those that use the same backends as it. */
const withFlowsOfNodes = (observation: Observation): Observation => {
  const { flows, nodes = [], backends, unit } = observation
  if (flows === undefined || nodes.length < 2 || flows.every(({ node }) => node !== undefined)) return observation
  const had = tally(observation, flows, () => 1)
  const usedBy = ({ counts }: NodeObservation): string => counts.map((count) => Number(count > 0)).join('')
  const senders = new Map(
    backends.map(({ name, count }, i) => {
      const sending = nodes.filter(({ counts }) => (counts[i] ?? 0) > 0)
      const sent = sum(sending.map(({ counts }) => counts[i] ?? 0))
      const alike = new Set(sending.map(usedBy)).size === 1 && sent >= (unit === 'connections' ? count : (had[i] ?? 0))
      return [name, alike ? sending[0]?.node : undefined]
    }),
  )
  const placed = flows.map((flow): Flow => {
    const node = flow.node ?? senders.get(flow.backend)
    return node === undefined ? flow : { ...flow, node }
  })
  // where every node uses every backend that says nothing
  return new Set(nodes.map(usedBy)).size > 1 ? { ...observation, flows: placed } : observation
}
