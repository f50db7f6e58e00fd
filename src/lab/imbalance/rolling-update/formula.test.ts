import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shareAfterRollout } from './formula.ts'

/** Step by step: what the old pod held goes to all that are there. */
const replaced = (pods: number): readonly number[] => {
  const held = Array.from({ length: 2 * pods }, (_, i): number => (i < pods ? 1 : 0))
  for (let i = 0; i < pods; i++) {
    const moved = held[i] ?? 0
    held[i] = 0
    for (let there = i + 1; there <= i + pods; there++) held[there] = (held[there] ?? 0) + moved / pods
  }
  return held.slice(pods)
}

test('is what the steps come to', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), (pods) => {
      const formula = shareAfterRollout(pods)
      for (const [j, share] of replaced(pods).entries()) expect(formula[j]).toBeCloseTo(share, 9)
      expect(formula.reduce((sum, share) => sum + share, 0)).toBeCloseTo(pods, 9)
    }),
  )
})

test('of six pods the first gets half as much again, the last a third', () => {
  const shares = shareAfterRollout(6)
  expect(shares[0]).toBeCloseTo(1.52, 2)
  expect(shares[5]).toBeCloseTo(0.36, 2)
})
