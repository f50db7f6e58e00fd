import { expect, test } from 'vitest'
import { jointBand } from '../../../inspect/statistics/index.ts'
import { normalOf, uniformOf } from '../../../simulate/random.ts'
import { seededRandom } from '../../../util/random.ts'
import { costShares, drawLaw, fitCost } from './cost.ts'

const points = (factor: number, exponent: number) =>
  [2, 4, 8, 10].map((connections) => ({ connections, cpu: factor * connections ** exponent }))

test('finds the exponent, whatever the factors', () => {
  const { exponent, sigma } = fitCost([points(3, 0.9), points(5, 0.9)])
  expect(exponent).toBeCloseTo(0.9, 9)
  // nothing is trusted to be exact
  expect(sigma).toBe(0.02)
})

test('finds how far the meter is off', () => {
  const off = [1.2, 0.8, 1.2, 0.8]
  const noisy = points(3, 1).map((point, i) => ({ ...point, cpu: point.cpu * (off[i] ?? 1) }))
  const { sigma } = fitCost([noisy, noisy])
  expect(sigma).toBeGreaterThan(0.15)
  expect(sigma).toBeLessThan(0.3)
})

test('shares follow connections; a pod without any uses nothing', () => {
  expect(costShares([1, 3, 0], { exponent: 1, sigma: 0 }, () => 1)).toEqual([0.25, 0.75, 0])
  expect(costShares([0, 0], { exponent: 1, sigma: 0.1 }, () => 1)).toEqual([0, 0])
})

/** Of many labs, each with a calibration and a run of its own: how many runs are inside of their 95 % band. */
const inside = (labs: number, law: typeof drawLaw): number => {
  const truth = { exponent: 0.8, sigma: 0.05 }
  const counts = [4, 6, 9, 5]
  return Array.from({ length: labs }, (_, lab) => {
    const normal = normalOf(uniformOf(seededRandom(`lab ${lab}`)))
    const series = [
      [3, 5, 7, 9],
      [9, 7, 5, 3],
    ].map((known) => costShares(known, truth, normal).map((cpu, i) => ({ connections: known[i] ?? 0, cpu })))
    const model = fitCost(series)
    const rows = Array.from({ length: 200 }, () => costShares(counts, law(model, normal), normal))
    return jointBand(rows, costShares(counts, truth, normal)).inside
  }).filter(Boolean).length
}

test('a band knows how little a few measurements tell: one run in twenty is outside, not one in six', () => {
  const labs = 400
  expect(inside(labs, drawLaw) / labs).toBeGreaterThan(0.91)
  expect(inside(labs, (model) => model) / labs).toBeLessThan(0.86)
})

test('refuses what tells nothing', () => {
  expect(() => fitCost([[{ connections: 2, cpu: 1 }]])).toThrow(RangeError)
  expect(() => fitCost([points(3, 1), [{ connections: 1, cpu: 0 }]])).toThrow(RangeError)
})
