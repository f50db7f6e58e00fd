import { sum } from '../../statistics/index.ts'
import type { NodeObservation, Observation } from '../observation.ts'
import type { Explanation } from './explanation.ts'
import { rulesOdds } from './odds.ts'

/**
 * What the facts say that rules do, where no rules are given: weights, traffic policy Local and topology hints as odds.
 * With rules there is nothing to infer.
 */
export const inferredRules = (observation: Observation): readonly Explanation[] =>
  rulesOdds(observation) === null
    ? [...localPolicy(observation), ...topologyHints(observation), ...configuredWeights(observation)]
    : []

const configuredWeights = ({ backends }: Observation): readonly Explanation[] => {
  const weights = backends.map(({ weight }) => weight ?? 1)
  if (new Set(weights).size < 2) return []
  return [{ code: 'weights', certainty: 'likely', kind: 'odds', mask: () => weights }]
}

const everywhere = (places: readonly (string | undefined)[]): places is readonly string[] =>
  places.every((place) => place !== undefined) && new Set(places).size > 1

const localPolicy = (observation: Observation): readonly Explanation[] => {
  const { backends, facts } = observation
  const places = backends.map(({ node }) => node)
  if (!everywhere(places)) return []
  const told =
    facts.internalTrafficPolicy !== undefined ||
    facts.externalTrafficPolicy !== undefined ||
    facts.topologyHints === true
  const local = facts.internalTrafficPolicy === 'Local' || facts.externalTrafficPolicy === 'Local'
  if (told ? !local : !keepTo(observation, places, ({ node }) => node) || zonesAsWell(observation)) return []
  // where it is not known which node dealt: a balancer in front deals evenly to the nodes that have pods
  const alone = places.map((place) => 1 / places.filter((other) => other === place).length)
  const mask = ({ node }: { readonly node: { readonly node: string } | null }): readonly number[] =>
    node === null ? alone : places.map((place) => (place === node.node ? 1 : 0))
  return [{ code: 'local-traffic-policy', certainty: 'likely', kind: 'odds', mask }]
}

/** Every node that sent anything sent to pods of its own place only, and there are two places that did. */
const keepTo = (
  { nodes = [] }: Observation,
  places: readonly string[],
  placeOf: (node: NodeObservation) => string | undefined,
): boolean => {
  const sending = nodes.filter(({ counts }) => sum(counts) > 0)
  const own = sending.every((node) => node.counts.every((count, i) => count === 0 || places[i] === placeOf(node)))
  return own && new Set(sending.map(placeOf)).size > 1
}

/** Each node is a zone of its own: nobody knows which of the two keeps it to its pods. */
export const zonesAsWell = ({ backends, facts }: Observation): boolean => {
  const places = new Map(backends.map(({ node, zone }) => [node, zone]))
  const zones = new Set(places.values())
  return facts.topologyHints === undefined && !zones.has(undefined) && zones.size === places.size
}

const topologyHints = (observation: Observation): readonly Explanation[] => {
  const { backends, nodes = [], facts } = observation
  const places = backends.map(({ zone }) => zone)
  if (!everywhere(places)) return []
  const unsaid = facts.topologyHints === undefined && localPolicy(observation).length === 0 && !zonesAsWell(observation)
  if (facts.topologyHints !== true && !(unsaid && keepTo(observation, places, ({ zone }) => zone))) return []
  const known = nodes.length > 0 && nodes.every(({ zone }) => zone !== undefined)
  // zones get hints in proportion to their CPUs, which are not known here; alike is the best guess
  const alone = places.map((place) => 1 / places.filter((other) => other === place).length)
  const mask = ({ node }: { readonly node: { readonly zone?: string } | null }): readonly number[] =>
    node === null || !known ? alone : places.map((place) => (place === node.zone ? 1 : 0))
  return [{ code: 'topology-hints', certainty: 'likely', kind: 'odds', mask }]
}
