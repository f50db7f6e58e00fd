import { sum } from '../../statistics/index.ts'
import type { Observation } from '../observation.ts'
import type { Explanation, Less } from './explanation.ts'
import { uniformOdds } from './odds.ts'

/**
 * Pods that are not ready or are terminating: new connections go to the others. What they still have is older, and among the
 * others every connection was chosen as if they had not been there, whenever it was opened.
 */
export const gonePods = ({ backends }: Observation): readonly Explanation[] => {
  const stays = backends.map(({ ready, terminating }) => ready !== false && terminating !== true)
  if (stays.every(Boolean) || !stays.some(Boolean)) return []
  return [{ code: 'unready-pods', certainty: 'certain', kind: 'less', take: (given) => takeGone(given, stays) }]
}

const takeGone = (observation: Observation, stays: readonly boolean[]): Less | null => {
  const counts = observation.backends.map(({ count }) => count)
  const n = sum(counts)
  const gone = sum(counts.filter((_, i) => stays[i] !== true))
  const share = sum(uniformOdds(observation).filter((_, i) => stays[i] !== true))
  if (n === 0 || gone / n >= share) return null
  const gain = gone * log(gone / n / share) + (n - gone) * log((1 - gone / n) / (1 - share)) - Math.log(n) / 2
  return { observation: without(observation, stays), mask: () => stays.map(Number), gain }
}

const log = (x: number): number => (x === 0 ? 0 : Math.log(x))

const without = (observation: Observation, stays: readonly boolean[]): Observation => {
  const names = new Set(observation.backends.filter((_, i) => stays[i]).map(({ name }) => name))
  const kept = (counts: readonly number[]): readonly number[] =>
    counts.map((count, i) => (stays[i] === true ? count : 0))
  return {
    ...observation,
    backends: observation.backends.map((backend, i) =>
      stays[i] === true ? backend : { ...backend, count: 0, opened: 0, connections: 0 },
    ),
    ...(observation.nodes === undefined
      ? {}
      : { nodes: observation.nodes.map((node) => ({ ...node, counts: kept(node.counts) })) }),
    ...(observation.flows === undefined
      ? {}
      : { flows: observation.flows.filter(({ backend }) => names.has(backend)) }),
  }
}
