import { expect, test } from 'vitest'
import { lifeVariants, staying } from './variants.ts'

const [byChance, inTurn] = lifeVariants(4, { app: 'server' })

test('in turn, every fourth stays', () => {
  if (inTurn === undefined) throw new Error('no variant')
  expect(inTurn.lifetimes(8, 'a').map(({ kind }) => kind)).toEqual(['forever', 'fixed', 'fixed', 'fixed'])
  expect([1, 4, 5, 160].map((count) => staying(inTurn, count, 'a'))).toEqual([1, 1, 2, 40])
})

test('by chance, about a fourth stays, and the seed says which', () => {
  if (byChance === undefined) throw new Error('no variant')
  expect(byChance.lifetimes(100, 'a')).toEqual(byChance.lifetimes(100, 'a'))
  expect(byChance.lifetimes(100, 'a')).not.toEqual(byChance.lifetimes(100, 'b'))
  // 1,000 ± 27 of 4,000; six times that is once in a billion
  expect(Math.abs(staying(byChance, 4000, 'a') - 1000)).toBeLessThan(6 * 27.4)
})
