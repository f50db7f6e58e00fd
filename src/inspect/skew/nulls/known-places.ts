import { sum } from '../../statistics/index.ts'
import type { NodeObservation, Observation } from '../observation.ts'

/** Connections of a node that all went to one of two places, from which on it is no chance: once in 128 cases. */
const fewest = 8

/** Places that nobody told and that follow from where connections went: see below, each. What is told stays. */
export const withKnownPlaces = (observation: Observation): Observation =>
  withZones(withZonesOfPods(withOwnPods(observation)))

const keepsLocal = ({ facts }: Observation): boolean =>
  facts.internalTrafficPolicy === 'Local' || facts.externalTrafficPolicy === 'Local'

/** A node that has no pods, and whose zone nobody told, is of the zone that all its connections went to. */
const withZones = (observation: Observation): Observation => {
  const { nodes = [], backends, facts } = observation
  const zones = backends.map(({ zone }) => zone)
  if (zones.includes(undefined) || new Set(zones).size < 2 || facts.topologyHints === false) return observation
  const needed = facts.topologyHints === true ? 1 : fewest
  const placed = nodes.map((node): NodeObservation => {
    const [zone, another] = new Set(zones.filter((_, i) => (node.counts[i] ?? 0) > 0))
    const told = node.zone !== undefined || zone === undefined || another !== undefined || sum(node.counts) < needed
    return told ? node : { ...node, zone }
  })
  return placed.every((node, i) => node === nodes[i]) ? observation : { ...observation, nodes: placed }
}

/** By policy Local a pod is on the node that sends to it: where each has one, and nobody told where pods are. */
const withOwnPods = (observation: Observation): Observation => {
  const { nodes = [], backends } = observation
  if (!keepsLocal(observation) || backends.some(({ node }) => node !== undefined)) return observation
  const senders = backends.map((_, i) => nodes.filter(({ counts }) => (counts[i] ?? 0) > 0).map(({ node }) => node))
  const [known, several] = [senders.every(({ length }) => length === 1), new Set(senders.flat()).size > 1]
  if (!known || !several) return observation
  return { ...observation, backends: backends.map((backend, i) => ({ ...backend, node: senders[i]?.[0] ?? '' })) }
}

/** By topology hints pods that the same nodes use are of one zone: where nobody told the zones, and nodes use one of several sets each. */
const withZonesOfPods = (observation: Observation): Observation => {
  const { nodes = [], backends, facts } = observation
  const told = backends.some(({ zone }) => zone !== undefined)
  const busy = nodes.filter(({ counts }) => sum(counts) > 0)
  if (facts.topologyHints !== true || keepsLocal(observation) || told) return observation
  if (nodes.some(({ zone }) => zone !== undefined)) return withZonesOfSenders(observation)
  if (busy.length < 2 || busy.some(({ counts }) => sum(counts) < fewest)) return observation
  const groups = groupsOf(busy, backends.length)
  const sizes = Map.groupBy(groups, (group) => group)
  // clients that are kept use one pod each
  if (sizes.size < 2 || [...sizes.values()].every(({ length }) => length < 2)) return observation
  const zoneOf = (pod: number): string => `the zone of ${backends[groups[pod] ?? pod]?.name}`
  return {
    ...observation,
    backends: backends.map((backend, i) => ({ ...backend, zone: zoneOf(i) })),
    nodes: nodes.map((node) => {
      const used = node.counts.findIndex((count) => count > 0)
      return used < 0 ? node : { ...node, zone: zoneOf(used) }
    }),
  }
}

/** A pod that nodes of one zone only send to is of this. */
const withZonesOfSenders = (observation: Observation): Observation => {
  const { nodes = [], backends } = observation
  const zones = backends.map((_, i) => [
    ...new Set(nodes.filter(({ counts }) => (counts[i] ?? 0) > 0).map(({ zone }) => zone)),
  ])
  const known = zones.every(([zone, another]) => zone !== undefined && another === undefined)
  if (!known || new Set(zones.flat()).size < 2) return observation
  return { ...observation, backends: backends.map((backend, i) => ({ ...backend, zone: zones[i]?.[0] ?? '' })) }
}

/** Of each backend the first of those that are used together with it by some node, or by nodes that share another one. */
const groupsOf = (nodes: readonly NodeObservation[], k: number): readonly number[] => {
  const group = Array.from({ length: k }, (_, i) => i)
  for (const { counts } of nodes) {
    const used = counts.flatMap((count, i) => (count > 0 ? [group[i] ?? i] : []))
    const first = Math.min(...used)
    for (let i = 0; i < k; i++) if (used.includes(group[i] ?? i)) group[i] = first
  }
  return group
}
