import type { NodeObservation, Observation } from '../observation.ts'
import { mixture } from './mixture.ts'
import type { Observed } from './observed.ts'

/**
 * What was counted between two readings of the same sources: later counts less earlier ones, by Service, node and backend. A counter that went
 * back began anew (rules were written again): then all it says is new, and a note tells.
 */
export const between = (later: readonly Observed[], earlier: readonly Observed[]): readonly Observed[] => {
  const before = new Map(earlier.map((one) => [one.observation.service, one]))
  return later.map((one) => {
    if (one.measure === 'open')
      throw new Error(
        `${one.observation.service ?? 'counts'}: open connections of two moments have no difference: --since needs counters`,
      )
    const past = before.get(one.observation.service)
    return past === undefined
      ? { ...one, notes: [...one.notes, 'it was not there at the earlier moment: all its counts are taken'] }
      : lessPast(one, past.observation)
  })
}

const lessPast = (one: Observed, past: Observation): Observed => {
  const { observation } = one
  const restarted: string[] = []
  const less = (now: number, then: number, what: string): number => {
    if (now >= then) return now - then
    restarted.push(what)
    return now
  }
  const pastNodes = new Map((past.nodes ?? []).map((node) => [node.node, node]))
  const names = observation.backends.map(({ name }) => name)
  const pastNames = past.backends.map(({ name }) => name)
  const nodes = observation.nodes?.map((node): NodeObservation => {
    const then = pastNodes.get(node.node)
    const counts = node.counts.map((count, i) => {
      const at = pastNames.indexOf(names[i] ?? '')
      return less(count, then?.counts[at] ?? 0, `${names[i]} on ${node.node}`)
    })
    return { ...node, counts }
  })
  const pastBackends = new Map(past.backends.map((backend) => [backend.name, backend]))
  const sums = names.map((_, i) => (nodes ?? []).reduce((sum, { counts }) => sum + (counts[i] ?? 0), 0))
  const counted = nodes !== undefined && nodes.length > 0 && observation.unit === 'connections'
  const backends = observation.backends.map((backend, i) => ({
    ...backend,
    count: counted ? (sums[i] ?? 0) : less(backend.count, pastBackends.get(backend.name)?.count ?? 0, backend.name),
  }))
  const odds =
    nodes === undefined
      ? null
      : mixture(
          nodes.map((node) => ({ odds: node.odds, weight: node.counts.reduce((sum, count) => sum + count, 0) })),
          names.length,
        )
  return {
    ...one,
    observation: {
      ...observation,
      backends: odds === null ? backends : backends.map((backend, i) => ({ ...backend, expectedOdds: odds[i] ?? 0 })),
      ...(nodes === undefined ? {} : { nodes }),
    },
    notes: restarted.length === 0 ? one.notes : [...one.notes, restartNote(restarted)],
  }
}

const restartNote = (restarted: readonly string[]): string => {
  const named = restarted.slice(0, 3).join(', ') + (restarted.length > 3 ? ` and ${restarted.length - 3} more` : '')
  return `counters went back since then (${named}): their rules were written anew, and what they say now is taken`
}
