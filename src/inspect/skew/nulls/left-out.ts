import { sum } from '../../statistics/index.ts'
import type { Observation } from '../observation.ts'
import type { Explanation } from './explanation.ts'
import { rulesOdds } from './odds.ts'

/** A node that never chose a backend in so many connections does not have it, but once in a thousand … */
const enough = Math.log(1000)

/**
 * Rules that are not known: a node that never chose a backend which other nodes use, in more connections than luck allows, is
 * behind them. Where every node leaves a backend out, the rules may be right; that says nothing.
 */
export const leftOut = (observation: Observation): readonly Explanation[] => {
  const { backends, nodes = [], facts, unit } = observation
  const k = backends.length
  const places =
    facts.topologyHints === true || facts.internalTrafficPolicy === 'Local' || facts.externalTrafficPolicy === 'Local'
  if (unit !== 'connections' || places || nodes.length < 2 || rulesOdds(observation) !== null) return []
  const used = backends.map((_, i) => nodes.some(({ counts }) => (counts[i] ?? 0) > 0))
  const absent = nodes.map(({ counts }) => backends.map((_, i) => used[i] === true && (counts[i] ?? 0) === 0))
  // … for each of all the pairs that could have been empty
  const chances = Math.log(k * nodes.length)
  const empty = nodes.flatMap(({ counts }, j) => {
    const missing = absent[j]?.filter(Boolean).length ?? 0
    if (missing === 0) return []
    const n = sum(counts)
    return [n * Math.log(k / (k - missing)) - missing * chances >= enough ? j : -1]
  })
  const behind = new Set(empty.filter((j) => j >= 0))
  if (behind.size === 0 || behind.size === nodes.length) return []
  const names = new Map(nodes.map(({ node }, j) => [node, j]))
  const all = backends.map(() => 1)
  return [
    {
      code: 'stale-rules',
      certainty: 'likely',
      kind: 'odds',
      mask: ({ node }) => {
        const j = node === null ? -1 : (names.get(node.node) ?? -1)
        return behind.has(j) ? backends.map((_, i) => (absent[j]?.[i] === true ? 0 : 1)) : all
      },
    },
  ]
}
