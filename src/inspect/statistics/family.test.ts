import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../util/random.ts'
import { uniform } from './draw.ts'
import { benjaminiHochberg, benjaminiHochbergOfEValues, familyVerdicts, holm } from './family.ts'
import { testCounts } from './skew-test.ts'

const fair = testCounts([346, 336, 318])
const odd = testCounts([13, 2, 12])
const skewed = testCounts([60, 10, 7, 3, 6, 4, 10])

describe('verdicts of a family', () => {
  it('is the verdict of one alone', () => {
    expect(familyVerdicts([odd], 0.05)).toEqual(['SKEWED'])
    expect(familyVerdicts([], 0.05)).toEqual([])
  })

  it('takes more to be skewed among many', () => {
    // p .0164 is below .05 / 3 and above .05 / 4
    expect(familyVerdicts([fair, odd, fair], 0.05)).toEqual(['FAIR', 'SKEWED', 'FAIR'])
    expect(familyVerdicts([fair, fair, odd, fair], 0.05)[2]).not.toBe('SKEWED')
  })

  it('steps down: each rejection leaves more of the level for the next', () => {
    expect(familyVerdicts([odd, skewed, skewed, fair], 0.05)).toEqual(['SKEWED', 'SKEWED', 'SKEWED', 'FAIR'])
  })

  it('lets more through when the share of false discoveries is what counts', () => {
    const tests = [skewed, skewed, odd, odd, fair, fair]
    expect(familyVerdicts(tests, 0.05).filter((verdict) => verdict === 'SKEWED')).toHaveLength(2)
    expect(familyVerdicts(tests, 0.05, 'benjamini-hochberg').filter((verdict) => verdict === 'SKEWED')).toHaveLength(4)
  })
})

describe('adjusted p', () => {
  // R: p.adjust(c(.01, .04, .03, .005), "holm") and "BH"
  it('as R adjusts it', () => {
    const ps = [0.01, 0.04, 0.03, 0.005]
    for (const [i, p] of [0.03, 0.06, 0.06, 0.02].entries()) expect(holm(ps)[i]).toBeCloseTo(p, 12)
    for (const [i, p] of [0.02, 0.04, 0.04, 0.02].entries()) expect(benjaminiHochberg(ps)[i]).toBeCloseTo(p, 12)
  })

  // the table in Benjamini and Hochberg 1995: at .05 four are rejected, by Hochberg's and Holm's procedures three
  it('as its authors did', () => {
    const ps = [
      0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1,
    ]
    expect(benjaminiHochberg(ps).filter((q) => q <= 0.05)).toHaveLength(4)
    expect(holm(ps).filter((p) => p <= 0.05)).toHaveLength(3)
  })

  it('keeps the order, is no smaller than p and at most 1', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 }), (ps) => {
        for (const adjusted of [holm(ps), benjaminiHochberg(ps)]) {
          expect(adjusted).toHaveLength(ps.length)
          ps.forEach((p, i) => {
            expect(adjusted[i]).toBeGreaterThanOrEqual(p)
            expect(adjusted[i]).toBeLessThanOrEqual(1)
            ps.forEach((other, j) => {
              if (p < other) expect(adjusted[i]).toBeLessThanOrEqual(adjusted[j] ?? 0)
            })
          })
        }
      }),
    )
  })

  it('keeps false discoveries below the level', () => {
    // 90 fair ones and 10 that are not
    const random = seededRandom('family')
    const families = 2000
    let false_ = 0
    for (let i = 0; i < families; i++) {
      const ps = Array.from({ length: 100 }, (_, j) => uniform(random) ** (j < 10 ? 12 : 1))
      const found = benjaminiHochberg(ps).flatMap((q, j) => (q <= 0.05 ? [j] : []))
      false_ += found.length === 0 ? 0 : found.filter((j) => j >= 10).length / found.length
    }
    expect(false_ / families).toBeLessThan(0.05)
    expect(false_ / families).toBeGreaterThan(0.035)
  })

  it('of e-values: the k greatest, each at least m/(k·level)', () => {
    const q = benjaminiHochbergOfEValues([Math.log(50), Math.log(30), 0, -5])
    expect(q.map((x) => x <= 0.08)).toEqual([true, true, false, false])
    expect(q[0]).toBeCloseTo(4 / 2 / 30, 12)
  })
})
