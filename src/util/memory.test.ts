import { expect, test } from 'vitest'
import { releaseMemory } from './memory.ts'

test('what nobody holds any more is given back', () => {
  let burst: object[] | null = Array.from({ length: 200_000 }, (_, index) => ({ index }))
  const before = process.memoryUsage().heapUsed
  expect(burst.length).toBe(200_000)
  burst = null
  releaseMemory()
  expect(before - process.memoryUsage().heapUsed).toBeGreaterThan(4 << 20)
})
