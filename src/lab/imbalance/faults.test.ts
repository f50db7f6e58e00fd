import { describe, expect, it } from 'vitest'
import { bandSeries, ranksWords, seriesWords } from './band-series.ts'
import { bandFaults } from './faults.ts'

interface Run {
  readonly name: string
  readonly insideBand: boolean
  readonly bandP: number
  readonly bandHolds: number
  readonly bandRank: number
}

const run = (bandP: number, name = 'random', bandHolds = 0.95): Run => ({
  name,
  insideBand: bandP > 0.05,
  bandP,
  bandHolds,
  bandRank: bandP,
})

const runs = (count: number, bandP: number, name?: string, bandHolds?: number): readonly Run[] =>
  Array.from({ length: count }, (_, i) => run(bandP, name ?? `run ${i}`, bandHolds))

const nameOf = ({ name }: Run): string => name

describe('is it luck that runs are outside of the band?', () => {
  it('one of twenty is', () => {
    expect(bandFaults([run(0.03), ...runs(19, 0.5)], nameOf)).toEqual([])
    expect(bandFaults([], nameOf)).toEqual([])
  })

  it('one that is too far out for so many runs is not', () => {
    expect(bandFaults([run(0.0005), run(0.5)], nameOf)).toEqual([
      'random: not what the simulator predicts (p = 0.00050)',
    ])
    expect(bandFaults([run(0.0005), ...runs(29, 0.5)], nameOf)).toEqual([])
  })

  it('several of few are not', () => {
    expect(bandFaults([...runs(3, 0.02), run(0.9)], nameOf)).toEqual([
      '1 of 4 runs are inside the band; luck leaves 2 or more inside in 99.95 % of such series',
    ])
  })

  it('all repetitions of one among many others that are inside are not', () => {
    const others = ['rr', 'sh', 'maglev', 'lc', 'dh'].flatMap((name) => runs(20, 0.5, name))
    expect(bandFaults([...runs(4, 0.02, 'random'), ...others], nameOf)).toEqual([
      'random: 0 of 4 runs are inside the band; luck leaves 2 or more inside in 99.95 % of such series',
    ])
  })

  it('what cannot be otherwise counts as that: of runs without luck not one in twenty is outside', () => {
    const exact = runs(20, 1, 'rr', 1 - 1 / 2001)
    expect(bandSeries(exact)).toMatchObject({ inside: 20, least: 20 })
    expect(bandSeries(exact).chance).toBeCloseTo(0.99, 3)
    const oneOff = [...exact.slice(1), run(0.04, 'rr', 1 - 1 / 2001)]
    expect(bandFaults(oneOff, nameOf)).toHaveLength(2)
  })
})

describe('a series of runs', () => {
  const ranked = (place: (i: number) => number): string | null => {
    const ranks = Array.from({ length: 20 }, (_, i) => place((i + 0.5) / 20))
    return ranksWords(bandSeries(ranks.map((bandRank) => ({ ...run(0.5), bandRank }))), ranks)
  }

  it('says whether the ranks of its runs are as luck has them', () => {
    expect(ranked((x) => x)).toBe('their ranks among simulated runs are as luck has them (p = 1.0)')
    expect(ranked((x) => 0.5 + x / 2)).toMatch(
      /^they keep closer to the middle than simulated runs do \(p = .*\): the band is wider than it need be$/,
    )
    expect(ranked((x) => x / 2)).toMatch(/^they are farther out than simulated runs are \(p = /)
    expect(ranksWords(bandSeries(runs(9, 0.5)), [])).toBeNull()
  })

  it('says how many luck leaves inside', () => {
    const series = bandSeries([...runs(2, 0.02), ...runs(18, 0.6)])
    expect(series).toMatchObject({ runs: 20, inside: 18, least: 16 })
    expect(seriesWords(series)).toBe(
      '18 of 20 runs are inside the band; luck leaves 16 or more inside in 99.7 % of such series',
    )
    expect(seriesWords(bandSeries(runs(3, 1, 'rr', 0.9999)))).toBe(
      '3 of 3 runs are inside the band; luck leaves all 3 inside in 99.97 % of such series',
    )
  })
})
