import { expect, test } from 'vitest'
import { Worker } from 'node:worker_threads'
import { busy } from '../../test/support/scenarios.ts'
import { policyOf } from './defaults.ts'
import type { Scenario } from './model.ts'
import { simulate, simulateIn } from './simulate.ts'
import { threadPool } from './threads.ts'

/** A pool whose threads are counted. */
const counted = (): { readonly pool: ReturnType<typeof threadPool>; readonly started: readonly Worker[] } => {
  const started: Worker[] = []
  const pool = threadPool(() => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url))
    started.push(worker)
    return worker
  })
  return { pool, started }
}

const scenarios: readonly Scenario[] = (['nft-random', 'ipvs-lc', 'p2c'] as const).map((name) => busy(policyOf(name)))
const options = { runs: 24, seed: 'x', threads: 2 }

test('one pool serves all: no more threads than were wanted, and the outcomes of each alone', async () => {
  const { pool, started } = counted()
  await using _pool = pool
  for (const scenario of scenarios)
    expect(await simulateIn(pool, scenario, options)).toEqual(await simulate(scenario, { ...options, threads: 0 }))
  expect(started).toHaveLength(2)
})

test('after a failure new threads serve, and none answers for the work before', async () => {
  const { pool, started } = counted()
  await using _pool = pool
  const [first = busy(), second = busy()] = scenarios
  const enough = new Error('enough')
  const controller = new AbortController()
  const onProgress = (done: number): void => (done > 1 ? controller.abort(enough) : undefined)
  await expect(
    simulateIn(pool, first, { ...options, runs: 5000, signal: controller.signal, onProgress }),
  ).rejects.toThrow('enough')
  expect(await simulateIn(pool, second, options)).toEqual(await simulate(second, { ...options, threads: 0 }))
  expect(started).toHaveLength(4)
})

test('its threads end with it', async () => {
  const { pool, started } = counted()
  await simulateIn(pool, busy(), options)
  const ends = started.map((worker) => new Promise((resolve) => worker.once('exit', resolve)))
  await pool[Symbol.asyncDispose]()
  await Promise.all(ends)
  expect(started).toHaveLength(2)
})
