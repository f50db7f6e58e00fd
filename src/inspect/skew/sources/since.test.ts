import { describe, expect, test } from 'vitest'
import type { NodeObservation, Observation } from '../observation.ts'
import type { Observed } from './observed.ts'
import { between } from './since.ts'

const observed = (observation: Partial<Observation>, measure: 'opened' | 'open' = 'opened'): Observed => ({
  observation: { service: 'shop/web', unit: 'connections', backends: [], facts: {}, ...observation },
  measure,
  frontends: [],
  endpoints: new Map(),
  notes: [],
})
const backends = (...counts: readonly number[]): Observation['backends'] =>
  counts.map((count, i) => ({ name: `web-${i}`, count }))

describe('what was counted between two moments', () => {
  test('counts less earlier ones; a backend that is new has all of its own', () => {
    const [one] = between([observed({ backends: backends(30, 20, 5) })], [observed({ backends: backends(10, 20) })])
    expect(one?.observation.backends.map(({ count }) => count)).toEqual([20, 0, 5])
    expect(one?.notes).toEqual([])
  })

  test('nodes, and the odds of the nodes by what each of them counted in between', () => {
    const nodes = (a: readonly number[], b: readonly number[]): readonly NodeObservation[] => [
      { node: 'a', counts: a, odds: [1, 0] },
      { node: 'b', counts: b, odds: [0, 1] },
    ]
    const [one] = between(
      [observed({ backends: backends(130, 40), nodes: nodes([130, 0], [0, 40]) })],
      [observed({ backends: backends(100, 30), nodes: nodes([100, 0], [0, 30]) })],
    )
    expect(one?.observation.backends).toMatchObject([
      { count: 30, expectedOdds: 0.75 },
      { count: 10, expectedOdds: 0.25 },
    ])
    expect(one?.observation.nodes?.map(({ counts }) => counts)).toEqual([
      [30, 0],
      [0, 10],
    ])
  })

  test('a counter that went back began anew', () => {
    const [one] = between([observed({ backends: backends(7, 20) })], [observed({ backends: backends(100, 15) })])
    expect(one?.observation.backends.map(({ count }) => count)).toEqual([7, 5])
    expect(one?.notes[0]).toContain('counters went back since then (web-0)')
  })

  test('a Service that was not there', () => {
    const [one] = between([observed({ backends: backends(7) })], [])
    expect(one?.observation.backends[0]?.count).toBe(7)
    expect(one?.notes[0]).toContain('was not there')
  })

  test('open connections have no difference', () => {
    expect(() => between([observed({ backends: backends(7) }, 'open')], [])).toThrow('--since needs counters')
  })
})
