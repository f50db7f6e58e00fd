import type { Flow, Observation } from '../observation.ts'
import { placesDecide, rulesOfNodes } from './odds.ts'

/** How often chance sends a connection from where this one came to the backend that it has. */
export type Shares = (flow: Flow) => number

/** Among all flows of its node: what rules a node has nobody knows. */
export const sharesOf = (
  flows: readonly Flow[],
  placeOf: (flow: Flow) => string = ({ node }) => node ?? '',
): Shares => {
  const totals = new Map<string, number>()
  const chosen = new Map<string, number>()
  for (const flow of flows) {
    const place = placeOf(flow)
    const key = `${place} ${flow.backend}`
    totals.set(place, (totals.get(place) ?? 0) + 1)
    chosen.set(key, (chosen.get(key) ?? 0) + 1)
  }
  return (flow) => (chosen.get(`${placeOf(flow)} ${flow.backend}`) ?? 0) / (totals.get(placeOf(flow)) ?? 1)
}

/**
 * Of a connection to another node's pod, which no policy Local made: what it may have been chosen among, all pods of the zone that it went to or
 * all there are. null: it went to a pod of its own node, or nobody knows where pods are.
 */
const poolsOf = ({ backends }: Observation): ((flow: Flow) => string | null) => {
  const nodes = new Map(backends.map(({ name, node }) => [name, node]))
  const zones = new Map(backends.map(({ name, zone }) => [name, zone ?? '']))
  const several = new Set(nodes.values()).size > 1 && backends.every(({ node }) => node !== undefined)
  return ({ node, backend }) =>
    !several || node === undefined || nodes.get(backend) === node ? null : `zone ${zones.get(backend) ?? ''}`
}

/**
 * By the rules of the client's node where they are known, at least the backend's share of all flows; where a policy keeps nodes to their
 * own pods and the node is not known, among the flows to the place of the backend.
 */
export const sharesIn = (observation: Observation, flows: readonly Flow[]): Shares => {
  const { backends } = observation
  const places = new Map(
    backends.map(({ name, node, zone }) => [name, observation.facts.topologyHints === true ? (zone ?? node) : node]),
  )
  const placed = placesDecide(observation)
  const poolOf = poolsOf(observation)
  const byPlace = sharesOf(
    flows,
    (flow) => poolOf(flow) ?? flow.node ?? (placed ? (places.get(flow.backend) ?? flow.backend) : ''),
  )
  const overall = sharesOf(flows, () => '')
  const rules = rulesOfNodes(observation)
  const index = new Map(backends.map(({ name }, i) => [name, i]))
  return (flow) => {
    const odds = rules.get(flow.node ?? '')
    return odds === undefined ? byPlace(flow) : Math.max(odds[index.get(flow.backend) ?? -1] ?? 0, overall(flow))
  }
}
