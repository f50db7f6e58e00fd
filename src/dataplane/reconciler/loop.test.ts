import { expect, test } from 'vitest'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { Loop } from './loop.ts'

/** A loop over so many steps, each `ms` long; `due`: when something is due again. */
const loopOf = (work: { left: number; readonly ms: number; due: number | null }) => {
  const clock = new ManualClock()
  const told: string[] = []
  const loop = new Loop(clock, {
    step: async () => {
      if (work.left === 0) return false
      work.left--
      told.push('begun')
      await new Promise<void>((resolve) => clock.after(work.ms, resolve))
      told.push('done')
      return true
    },
    nextDue: () => work.due,
    idle: () => void told.push('idle'),
  })
  return { clock, loop, told }
}

test('steps come one after another; being woken meanwhile begins none beside', async () => {
  const { clock, loop, told } = loopOf({ left: 2, ms: 10, due: null })
  loop.wake()
  await clock.advance(5)
  loop.wake()
  await clock.advance(100)
  expect(told).toEqual(['begun', 'done', 'begun', 'done', 'idle'])
})

test('it sleeps until something is due, or until it is woken', async () => {
  const work = { left: 0, ms: 1, due: 50 as number | null }
  const { clock, loop, told } = loopOf(work)
  loop.wake()
  await clock.advance(49)
  expect(told).toEqual(['idle'])
  work.due = 90
  await clock.advance(1)
  expect(told).toEqual(['idle', 'idle'])
  work.due = null
  loop.wake()
  await clock.advance(1_000)
  expect(told).toEqual(['idle', 'idle', 'idle'])
})

test('disposed, it ends the step that it is at, begins no other and stays asleep', async () => {
  const { clock, loop, told } = loopOf({ left: 3, ms: 10, due: 20 })
  loop.wake()
  await clock.advance(5)
  const disposed = loop[Symbol.asyncDispose]()
  loop.wake()
  await clock.advance(1_000)
  await disposed
  expect(told).toEqual(['begun', 'done'])
  expect(loop.stopped).toBe(true)
})
