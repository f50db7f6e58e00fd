import { sum } from '../../statistics/index.ts'
import type { NodeObservation, Observation } from '../observation.ts'
import { drawnByClients, readCase } from './choices.ts'
import type { Explanation } from './explanation.ts'
import { drawsOf, type Mask, placesDecide, rulesOfNodes } from './odds.ts'
import { inferredRules } from './places.ts'
import { logChoose } from './turns.ts'

/** A node that never chose a backend in so many choices does not have it, but once in a thousand … */
const enough = Math.log(1000)
/** A node that uses less than this is another matter: its clients are few, or kept. */
const leastUsed = 0.05

/**
 * Nodes whose rules are not known: one that never chose a backend which it should have and others use, in more choices than luck allows,
 * is behind them. Where every node leaves a backend out, the rules may be right; and rules of most nodes are not behind.
 */
export const leftOut = (observation: Observation): readonly Explanation[] => {
  const { backends, nodes = [] } = observation
  const silent = nodes.flatMap((node, j) => (node.odds === null && placeKnown(observation, node) ? [j] : []))
  const counts = silent.length === 0 || nodes.length < 2 ? null : choicesOfNodes(observation)
  if (counts === null) return []
  const odds = oddsOfNodes(observation)
  // … of all the nodes, and of all sets of so many backends that could have been empty
  const chances = (missing: number): number => Math.log(nodes.length) + logChoose(backends.length, missing)
  const gaps = new Map<string, readonly number[]>()
  for (const j of silent) {
    const usual = usualShares(counts, odds, j)
    const mine = counts[j] ?? []
    const absent = usual.map((share, i) => share > 0 && mine[i] === 0)
    const missing = absent.filter(Boolean).length
    const without = sum(usual.filter((_, i) => absent[i]))
    if (missing === 0 || without > 1 - leastUsed) continue
    if (-sum(mine) * Math.log(1 - without) - chances(missing) < enough) continue
    gaps.set(
      (nodes[j] as NodeObservation).node,
      absent.map((gone) => (gone ? 0 : 1)),
    )
  }
  if (gaps.size === 0 || gaps.size * 2 > nodes.length) return []
  const all = backends.map(() => 1)
  const mask: Mask = ({ node }) => (node === null ? undefined : gaps.get(node.node)) ?? all
  return [{ code: 'stale-rules', certainty: 'likely', kind: 'odds', mask }]
}

/** Where a policy decides by places, nobody knows what a node should have unless it is known where it is and where the pods are. */
const placeKnown = (observation: Observation, { zone }: NodeObservation): boolean => {
  const { facts, backends } = observation
  if (!placesDecide(observation)) return !keptApart([...rulesOfNodes(observation).values()])
  if (facts.topologyHints === true && (zone === undefined || backends.some((backend) => backend.zone === undefined)))
    return false
  return backends.every(({ node }) => node !== undefined)
}

/** Each kind of node has backends of its own, as with a policy that goes by places. */
const keptApart = (rules: readonly (readonly number[])[]): boolean => {
  const kinds = new Set(rules.map((odds) => odds.map((p) => Number(p > 0)).join('')))
  const owners = (rules[0] ?? []).map((_, i) => [...kinds].filter((kind) => kind[i] === '1').length)
  return kinds.size > 1 && owners.every((count) => count <= 1)
}

/** How often each node chose each backend; null: clients are kept, and nobody knows how many there are. */
const choicesOfNodes = (observation: Observation): readonly (readonly number[])[] | null => {
  const { nodes = [], backends } = observation
  const situation = readCase(observation)
  const known = situation?.choices.some(({ node, backend }) => node !== null && backend !== null) ?? false
  if (situation === null || !known) return drawnByClients(observation) ? null : nodes.map(({ counts }) => counts)
  const chosen = nodes.map(() => backends.map(() => 0))
  for (const { node, backend, count } of situation.choices) {
    const row = chosen[node ?? -1]
    if (row !== undefined && backend !== null) row[backend] = (row[backend] ?? 0) + count
  }
  return chosen
}

/** Of each backend that the node should have, the smaller of what its odds say and what the other nodes that have it gave it. */
const usualShares = (
  counts: readonly (readonly number[])[],
  odds: readonly (readonly number[])[],
  node: number,
): readonly number[] =>
  (odds[node] ?? []).map((p, i) => {
    const others = counts.filter((_, j) => j !== node && (odds[j]?.[i] ?? 0) > 0)
    const all = sum(others.map((each) => sum(each)))
    return all === 0 ? 0 : Math.min(p, sum(others.map((each) => each[i] ?? 0)) / all)
  })

/** By the rules of the others, and by what policies say. */
const oddsOfNodes = (observation: Observation): readonly (readonly number[])[] => {
  const places = inferredRules(observation).flatMap((part) =>
    part.kind === 'odds' && part.code !== 'weights' ? [part.mask] : [],
  )
  const once = (_: NodeObservation, node: number) => ({ count: 1, weight: 1, node, openedAt: null, backend: null })
  return drawsOf({ observation, choices: (observation.nodes ?? []).map(once) }, places).map(({ odds }) => odds)
}
