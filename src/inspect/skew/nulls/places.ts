import type { Observation } from '../observation.ts'
import type { Explanation } from './explanation.ts'
import { type Mask, rulesOdds } from './odds.ts'

/**
 * What the facts say that rules do, where no rules are given: weights, traffic policy Local and topology hints as odds.
 * With rules there is nothing to infer, but for the nodes whose rules are not among them.
 */
export const inferredRules = (observation: Observation): readonly Explanation[] => {
  if (rulesOdds(observation) === null)
    return [...localPolicy(observation), ...topologyHints(observation), ...configuredWeights(observation)]
  const silent = new Set(observation.nodes?.flatMap(({ node, odds }) => (odds === null ? [node] : [])))
  const all = observation.backends.map(() => 1)
  return [...localPolicy(observation), ...topologyHints(observation)].flatMap((part): readonly Explanation[] => {
    if (silent.size === 0 || part.kind !== 'odds') return []
    const mask: Mask = (where) => (where.node !== null && silent.has(where.node.node) ? part.mask(where) : all)
    return [{ ...part, mask }]
  })
}

const configuredWeights = ({ backends }: Observation): readonly Explanation[] => {
  const weights = backends.map(({ weight }) => weight ?? 1)
  if (new Set(weights).size < 2) return []
  return [{ code: 'weights', certainty: 'likely', kind: 'odds', mask: () => weights }]
}

const everywhere = (places: readonly (string | undefined)[]): places is readonly string[] =>
  places.every((place) => place !== undefined) && new Set(places).size > 1

const localPolicy = ({ backends, facts }: Observation): readonly Explanation[] => {
  if (facts.internalTrafficPolicy !== 'Local' && facts.externalTrafficPolicy !== 'Local') return []
  const places = backends.map(({ node }) => node)
  if (!everywhere(places)) return []
  // where it is not known which node dealt: a balancer in front deals evenly to the nodes that have pods
  const alone = places.map((place) => 1 / places.filter((other) => other === place).length)
  const mask = ({ node }: { readonly node: { readonly node: string } | null }): readonly number[] =>
    node === null ? alone : places.map((place) => (place === node.node ? 1 : 0))
  return [{ code: 'local-traffic-policy', certainty: 'likely', kind: 'odds', mask }]
}

const topologyHints = ({ backends, nodes = [], facts }: Observation): readonly Explanation[] => {
  if (facts.topologyHints !== true) return []
  const places = backends.map(({ zone }) => zone)
  if (!everywhere(places)) return []
  const known = nodes.length > 0 && nodes.every(({ zone }) => zone !== undefined)
  // zones get hints in proportion to their CPUs, which are not known here; alike is the best guess
  const alone = places.map((place) => 1 / places.filter((other) => other === place).length)
  const mask = ({ node }: { readonly node: { readonly zone?: string } | null }): readonly number[] =>
    node === null || !known ? alone : places.map((place) => (place === node.zone ? 1 : 0))
  return [{ code: 'topology-hints', certainty: 'likely', kind: 'odds', mask }]
}
