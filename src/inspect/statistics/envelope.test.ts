import { describe, expect, it } from 'vitest'
import { randomBelow, seededRandom } from '../../util/random.ts'
import { jointBand, rankEnvelope } from './envelope.ts'

/** 200 connections dealt at random to so many pods. */
const dealt = (pods: number, seed: string): readonly number[] => {
  const random = seededRandom(seed)
  const counts = Array.from({ length: pods }, () => 0)
  for (let i = 0; i < 200; i++) {
    const pod = randomBelow(random, pods)
    counts[pod] = (counts[pod] ?? 0) + 1
  }
  return counts
}

const simulated = (pods: number, runs: number): readonly (readonly number[])[] =>
  Array.from({ length: runs }, (_, i) => dealt(pods, `simulated ${i}`))

describe('the band of all quantities together', () => {
  it('is left by about one run in twenty, however many quantities there are', () => {
    for (const pods of [2, 4, 10]) {
      const bands = rankEnvelope(simulated(pods, 1000))
      const outside = Array.from({ length: 1000 }, (_, i) => dealt(pods, `measured ${i}`)).filter((counts) =>
        counts.some((count, i) => count < (bands[i]?.low ?? 0) || count > (bands[i]?.high ?? 0)),
      )
      expect(outside.length).toBeGreaterThan(15)
      expect(outside.length).toBeLessThan(75)
    }
  })

  it('is the plain 95 % where there is one quantity', () => {
    const runs = Array.from({ length: 1000 }, (_, i) => [i + 1])
    expect(rankEnvelope(runs)).toEqual([{ low: 26, median: 500, high: 975 }])
    expect(jointBand(runs, [26])).toMatchObject({ inside: true })
    expect(jointBand(runs, [25])).toMatchObject({ inside: false })
    expect(jointBand(runs, [500.5]).p).toBe(1)
    expect(jointBand(runs, [5000]).p).toBeCloseTo(2 / 1001, 9)
    expect(jointBand(runs, [5000]).farther).toBe(0)
    expect(jointBand(runs, [10.5]).farther).toBeCloseTo(20 / 1001, 9)
  })

  it('says how many it holds: more than asked where many are alike', () => {
    const oneToHundred = Array.from({ length: 100 }, (_, i) => [i + 1])
    expect(jointBand(oneToHundred, [50]).holds).toBeCloseTo(1 - 5 / 101, 9)
    const fewValues = Array.from({ length: 100 }, (_, i) => [i === 0 ? 0 : 1])
    expect(jointBand(fewValues, [1])).toMatchObject({ bands: [{ low: 1, high: 1 }], holds: 1 - 2 / 101 })
  })

  it('has no width where every run comes to the same', () => {
    const runs = Array.from({ length: 200 }, () => [250, 250])
    expect(jointBand(runs, [250, 250])).toEqual({
      bands: [
        { low: 250, median: 250, high: 250 },
        { low: 250, median: 250, high: 250 },
      ],
      inside: true,
      p: 1,
      farther: 0,
      holds: 1 - 1 / 201,
    })
    expect(jointBand(runs, [251, 249])).toMatchObject({ inside: false, p: 1 / 201 })
  })

  it('refuses runs that cannot be compared', () => {
    expect(() => rankEnvelope([])).toThrow('a band needs simulated runs')
    expect(() => jointBand([[1, 2]], [1])).toThrow('run 1 has not a number for each of 2 quantities')
    expect(() => jointBand([[1, NaN]], [1, 2])).toThrow(RangeError)
  })
})
