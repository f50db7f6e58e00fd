import { readCase } from './choices.ts'
import type { Observation } from '../observation.ts'
import type { Explanation } from './explanation.ts'

/** Connections that a pod should have had before its first one (or after its last one): of so many chance misses none in a thousand cases. */
export const surelyMissed = Math.log(1000)

/** Of each backend what its connections say of when it was in the rules; times are those of openings. */
export interface Span {
  /** Infinity and -Infinity: it has none */
  readonly first: number
  readonly last: number
  /** connections that it should have had before and after, at the rate that it had between, or in equal shares if that is less */
  readonly missedBefore: number
  readonly missedAfter: number
}

/** Of connections through the Service. null: nobody knows when they were opened. */
export const spansOf = ({ backends, flows: all = [] }: Observation): readonly Span[] | null => {
  const flows = all.filter(({ bypassed }) => bypassed !== true)
  if (flows.length === 0 || flows.some(({ openedAt }) => openedAt === undefined)) return null
  const openings = flows.map(({ openedAt = 0 }) => openedAt).sort((a, b) => a - b)
  const mine = Map.groupBy(flows, ({ backend }) => backend)
  return backends.map(({ name }) => {
    const own = (mine.get(name) ?? []).map(({ openedAt = 0 }) => openedAt)
    const [first, last] = [
      own.reduce((a, b) => Math.min(a, b), Infinity),
      own.reduce((a, b) => Math.max(a, b), -Infinity),
    ]
    const before = openings.filter((at) => at < first).length
    const after = openings.filter((at) => at > last).length
    const share = (rest: number): number => Math.min(1 / backends.length, own.length === 0 ? 1 : own.length / rest)
    return {
      first,
      last,
      missedBefore: before * share(openings.length - before),
      missedAfter: after * share(openings.length - after),
    }
  })
}

/** Of those that are open, each pod's oldest says how long its connections live, too. */
export const survivorsOnly = ({ facts, flows = [] }: Observation): boolean =>
  facts.counted === 'open' && flows.every(({ closedAt }) => closedAt === null || closedAt === undefined)

/**
 * Nobody told how old pods are, but some got their first connection long after the others did: they were not there before, or not ready. What
 * the moments of these could gain from luck is paid for by how many connections they must have missed.
 */
export const firstSeen = (observation: Observation): readonly Explanation[] => {
  const { backends, facts } = observation
  if (facts.headless === true || survivorsOnly(observation)) return []
  if (backends.some(({ startedAt }) => startedAt !== undefined)) return []
  const spans = spansOf(observation)
  const needed = surelyMissed + Math.log(backends.length)
  const late = spans?.map(({ first, missedBefore }) => first < Infinity && missedBefore >= needed) ?? []
  // where clients are kept, a pod waits for one that chooses it
  if (spans === null || !late.includes(true) || readCase(observation)?.drawn !== 'connections') return []
  const moments = spans.flatMap(({ first }, i) => (late[i] === true ? [first] : []))
  const all = backends.map(() => 1)
  return [
    {
      code: 'young-pods',
      certainty: 'likely',
      kind: 'odds',
      mask: ({ openedAt }) =>
        openedAt === null ? all : spans.map(({ first }, i) => (late[i] === true && openedAt < first ? 0 : 1)),
      moments,
    },
  ]
}
