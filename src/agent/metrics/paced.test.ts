import { expect, test } from 'vitest'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { paced } from './paced.ts'

test('many who ask at once cost one reading, and a dear one serves longer', async () => {
  const clock = new ManualClock()
  let reads = 0
  const read = paced(
    async () => {
      await clock.advance(100)
      return ++reads
    },
    { clock, least: 500, timesCost: 20 },
  )
  expect(await Promise.all([read(), read(), read()])).toEqual([1, 1, 1])
  await clock.advance(1_999)
  expect(await read()).toBe(1)
  await clock.advance(1)
  expect(await read()).toBe(2)
})

test('a slow reading does not serve for ever', async () => {
  const clock = new ManualClock()
  let reads = 0
  const read = paced(
    async () => {
      await clock.advance(10_000)
      return ++reads
    },
    { clock, least: 500 },
  )
  expect(await read()).toBe(1)
  await clock.advance(30_000)
  expect(await read()).toBe(2)
})

test('a failure is told to those who asked and not kept', async () => {
  const clock = new ManualClock()
  let fails = true
  const read = paced(
    async () => {
      if (fails) throw new Error('not now')
      return 1
    },
    { clock, least: 500 },
  )
  await expect(Promise.all([read(), read()])).rejects.toThrow('not now')
  fails = false
  expect(await read()).toBe(1)
})
