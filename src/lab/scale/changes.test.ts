import { expect, test } from 'vitest'
import { ChangeGenerator } from './changes.ts'

const names = (generator: ChangeGenerator, count: number): ReadonlySet<string> =>
  new Set(Array.from(generator.events(count), ({ slice }) => (slice['metadata'] as { name: string }).name))

test('every Service changes but the spared ones', () => {
  const shape = { services: 12, endpoints: 3 }
  expect(names(new ChangeGenerator(shape), 400).size).toBe(12)
  const spared = names(new ChangeGenerator(shape, new Set([0, 5, 11])), 400)
  expect(spared.size).toBe(9)
  expect([...spared]).not.toContain('service-11-a')
})

test('few endpoints never run out', () => {
  const generator = new ChangeGenerator({ services: 2, endpoints: 1 })
  expect([...generator.events(400)]).toHaveLength(400)
})
