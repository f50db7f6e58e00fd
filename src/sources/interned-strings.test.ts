import { expect, test } from 'vitest'
import { InternedStrings } from './interned-strings.ts'

test('names that come once and never again do not add up', () => {
  const strings = new InternedStrings(() => 100)
  for (let i = 0; i < 10_000; i++) strings.one(`shop/web-${i}`)
  expect(strings.size).toBeLessThanOrEqual(200)
})

test('a name that is asked for again and again outlives the others', () => {
  const strings = new InternedStrings(() => 10)
  const seen = new Set<number>()
  for (let i = 0; i < 1_000; i++) {
    strings.one('node-0')
    strings.one(`shop/web-${i}`)
    seen.add(strings.size)
  }
  expect(strings.one('node-0')).toBe('node-0')
  expect(Math.max(...seen)).toBeLessThanOrEqual(20)
})
