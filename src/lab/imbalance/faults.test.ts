import { describe, expect, it } from 'vitest'
import { atLeast, bandFaults } from './faults.ts'

const run = (bandP: number) => ({ insideBand: bandP > 0.05, bandP })
const named = (i: number): string => `run ${i}`

describe('is it luck that runs are outside of the band?', () => {
  it('one of twenty is', () => {
    expect(bandFaults([run(0.03), ...Array.from({ length: 19 }, () => run(0.5))], named)).toEqual([])
    expect(bandFaults([], named)).toEqual([])
  })

  it('one that is too far out for so many runs is not', () => {
    expect(bandFaults([run(0.0005), run(0.5)], named)).toEqual(['run 0: not what the simulator predicts (p = 0.00050)'])
    expect(bandFaults([run(0.0005), ...Array.from({ length: 29 }, () => run(0.5))], named)).toEqual([])
  })

  it('several of few are not', () => {
    expect(bandFaults([run(0.02), run(0.02), run(0.02), run(0.9)], named)).toEqual([
      '3 of 4 runs are outside of the simulator’s band: luck takes one in twenty',
    ])
  })
})

describe('the binomial tail', () => {
  it.each([
    [0, 10, 0.05, 1],
    [1, 1, 0.05, 0.05],
    [1, 2, 0.5, 0.75],
    [10, 10, 0.5, 1 / 1024],
  ])('P(X ≥ %i of %i, each %d) = %d', (k, n, p, expected) => {
    expect(atLeast(k, n, p)).toBeCloseTo(expected, 12)
  })
})
