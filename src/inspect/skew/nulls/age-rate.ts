import { sum } from '../../statistics/index.ts'
import type { Observation } from '../observation.ts'
import type { Explanation } from './explanation.ts'
import { rulesOdds, uniformOdds } from './odds.ts'

/** Connections that are still there opened at a steady rate since `from`, and of the older ones part is gone: by e in `life` seconds. */
interface Arrivals {
  readonly from: number
  readonly life: number
}

/** Lives that are tried, of the time since the first of the young pods came. */
const lives = [0.3, 1, 3, 10]

/**
 * Without the times of connections: had they come at a steady rate, a pod would have its part of those since it came. Of a few steady
 * rates the likeliest is taken, which costs as many; it has no order to go by, and so two pods are enough.
 */
export const byRate = (observation: Observation, starts: readonly number[]): readonly Explanation[] => {
  const { facts, backends } = observation
  const { at, since } = facts
  const young = starts.filter((start) => start > Math.min(...starts))
  if (at === undefined || young.length === 0 || !Number.isFinite(at)) return []
  const first = since !== undefined && since > Math.min(...starts) ? since : Math.min(...young)
  const span = at - first
  if (span <= 0) return []
  const memories = lives.map((part): Arrivals => ({ from: -Infinity, life: part * span }))
  const steady: readonly Arrivals[] =
    since === undefined
      ? []
      : [{ from: since, life: Infinity }, ...lives.map((part) => ({ from: since, life: part * span }))]
  const candidates = facts.counted === 'opened' ? steady.slice(0, 1) : [...steady, ...memories]
  const odds = rulesOdds(observation) ?? uniformOdds(observation)
  const fits = candidates.map((arrivals) => {
    const factors = shareOfEach(starts, arrivals, at)
    const expected = normal(factors.map((factor, i) => factor * (odds[i] ?? 0)))
    const gain = sum(backends.map(({ count }, i) => (count === 0 ? 0 : count * Math.log((expected[i] ?? 0) + 1e-9))))
    return { factors, gain }
  })
  const best = fits.toSorted((a, b) => b.gain - a.gain)[0]
  if (best === undefined) return []
  const cost = Math.log(candidates.length)
  return [{ code: 'young-pods', certainty: 'likely', kind: 'odds', mask: () => best.factors, cost }]
}

const normal = (odds: readonly number[]): readonly number[] => {
  const total = sum(odds)
  return total > 0 ? odds.map((p) => p / total) : odds
}

/** Of all connections that are still there, the part that each pod has if those that were there share alike. */
const shareOfEach = (starts: readonly number[], { from, life }: Arrivals, at: number): readonly number[] => {
  const bounds = [...new Set([from, ...starts.filter((start) => start > from && start < at), at])].sort((a, b) => a - b)
  const left = (time: number): number => (time === -Infinity ? 0 : Math.exp((time - at) / life))
  const totals = starts.map(() => 0)
  for (let e = 1; e < bounds.length; e++) {
    const [begin = 0, end = 0] = [bounds[e - 1], bounds[e]]
    const weight = life === Infinity ? end - begin : left(end) - left(begin)
    const there = starts.map((start) => start <= begin)
    const k = there.filter(Boolean).length
    for (const [i, is] of there.entries()) if (is) totals[i] = (totals[i] ?? 0) + weight / k
  }
  return totals
}
