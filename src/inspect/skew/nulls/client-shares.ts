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
 * By the rules of the client's node where they are known, at least the backend's share of all flows; where a policy keeps nodes to their
 * own pods and the node is not known, among the flows to the place of the backend.
 */
export const sharesIn = (observation: Observation, flows: readonly Flow[]): Shares => {
  const { backends } = observation
  const places = new Map(
    backends.map(({ name, node, zone }) => [name, observation.facts.topologyHints === true ? (zone ?? node) : node]),
  )
  const placed = placesDecide(observation)
  const byPlace = sharesOf(flows, ({ node, backend }) => node ?? (placed ? (places.get(backend) ?? backend) : ''))
  const overall = sharesOf(flows, () => '')
  const rules = rulesOfNodes(observation)
  const index = new Map(backends.map(({ name }, i) => [name, i]))
  return (flow) => {
    const odds = rules.get(flow.node ?? '')
    return odds === undefined ? byPlace(flow) : Math.max(odds[index.get(flow.backend) ?? -1] ?? 0, overall(flow))
  }
}
