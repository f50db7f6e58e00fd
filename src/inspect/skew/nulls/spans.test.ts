import { describe, expect, it } from 'vitest'
import type { Flow, Observation } from '../observation.ts'
import { gonePods } from './gone.ts'
import { firstSeen, spansOf } from './spans.ts'

/** In turn among the pods that `chosen` lets be chosen at a moment; a connection each second. */
const observationOf = (
  k: number,
  chosen: (pod: number, at: number) => boolean,
  more: Partial<Observation['backends'][number]> = {},
): Observation => {
  const flows: Flow[] = []
  for (let at = 0; at < 400; at++) {
    const pods = Array.from({ length: k }, (_, i) => i).filter((pod) => chosen(pod, at))
    flows.push({ client: `client-${at}`, backend: `pod-${pods[(at * 7) % pods.length]}`, openedAt: at })
  }
  const backends = Array.from({ length: k }, (_, i) => {
    const name = `pod-${i}`
    return { name, count: flows.filter(({ backend }) => backend === name).length, ...more }
  })
  return { service: null, unit: 'connections', backends, flows, facts: {} }
}

describe('when pods were in the rules, by their connections', () => {
  it('is from the first to the last, with what they missed', () => {
    const [span] = spansOf(observationOf(4, (pod, at) => pod > 0 || (at >= 100 && at < 300))) ?? []
    expect(span?.first).toBeGreaterThanOrEqual(100)
    expect(span?.last).toBeLessThan(300)
    expect(span?.missedBefore).toBeCloseTo(100 / 6, 0)
    expect(spansOf({ ...observationOf(2, () => true), flows: [] })).toBeNull()
  })
  it('tells young pods that nobody told the age of, but not those of which it is told', () => {
    const late = (pod: number, at: number): boolean => pod > 0 || at >= 200
    const [found] = firstSeen(observationOf(4, late))
    expect(found).toMatchObject({ code: 'young-pods', certainty: 'likely', kind: 'odds' })
    expect(found?.kind === 'odds' && found.mask({ node: null, openedAt: 100 })).toEqual([0, 1, 1, 1])
    expect(found?.kind === 'odds' && found.mask({ node: null, openedAt: 300 })).toEqual([1, 1, 1, 1])
    expect(firstSeen(observationOf(4, late, { startedAt: -1e6 }))).toEqual([])
    expect(firstSeen(observationOf(4, (pod, at) => pod > 0 || at >= 8))).toEqual([])
  })
  it('tells pods that get no more connections, but not those that are told to be ready', () => {
    const left = (pod: number, at: number): boolean => pod > 0 || at < 200
    expect(gonePods(observationOf(4, left))).toMatchObject([{ code: 'unready-pods', certainty: 'likely' }])
    expect(gonePods(observationOf(4, left, { ready: true }))).toEqual([])
    expect(gonePods(observationOf(4, () => true))).toEqual([])
  })
  it('of a pod that is told to be not ready, and had less already before, says that this is not why', () => {
    const observation = observationOf(3, (pod, at) => pod > 0 || (at % 5 === 0 && at < 391))
    const backends = observation.backends.map((backend, i) => ({ ...backend, ready: i > 0 }))
    expect(gonePods({ ...observation, backends })).toEqual([])
  })
})
