import { describe, expect, test } from 'vitest'
import { indexes, total, busy } from '../../test/support/scenarios.ts'
import { clientsOf, defaultTemplate, exponential, fixed, nodesOf, podsOf, policyOf, scenarioOf } from './defaults.ts'
import type { Policy } from './model.ts'
import { simulate, simulateOnce } from './simulate.ts'

describe('many runs', () => {
  test.each(['nft-random', 'ipvs-wlc', 'p2c'] as const)(
    '%s: the same bytes on 0, 1 and 2 threads, and twice',
    async (name) => {
      const texts = []
      for (const threads of [0, 1, 2, 2])
        texts.push(JSON.stringify(await simulate(busy(policyOf(name)), { runs: 24, seed: 'x', threads })))
      expect(new Set(texts).size).toBe(1)
    },
  )

  test('another seed is another outcome, and each run differs', async () => {
    const once = async (seed: string): Promise<string> =>
      JSON.stringify(await simulate(busy(), { runs: 5, seed, threads: 0 }))
    expect(await once('a')).not.toBe(await once('b'))
    const runs = indexes(10).map((run) => [...simulateOnce(busy(), 'a', run).totals.opened].join(' '))
    expect(new Set(runs).size).toBe(10)
  })

  test('policies meet the same clients: arrivals do not depend on the scheduler', () => {
    const arrivals = (name: Policy['scheduler']): number => {
      const { clients, ...rest } = busy(policyOf(name))
      return simulateOnce({ ...rest, events: [], clients: clients.slice(1) }, 'a').opened
    }
    expect(arrivals('nft-random')).toBe(arrivals('ipvs-lc'))
  })

  test('the outcome is plain JSON, with bands in order', async () => {
    const outcome = await simulate(busy(), { runs: 40, threads: 0 })
    expect(JSON.parse(JSON.stringify(outcome))).toEqual(outcome)
    expect(outcome.times[0]).toBe(0)
    expect(outcome.times.at(-1)).toBe(60)
    for (const { end, envelope, share } of outcome.pods) {
      expect([end.lowest, end.low, end.median, end.high, end.highest]).toEqual(
        [end.lowest, end.low, end.median, end.high, end.highest].toSorted((a, b) => a - b),
      )
      expect(envelope.low).toBeLessThanOrEqual(end.low)
      expect(envelope.high).toBeGreaterThanOrEqual(end.high)
      expect(share.median).toHaveLength(outcome.times.length)
    }
    expect(outcome.pods.map(({ name }) => name)).toEqual([
      ...indexes(4).map((i) => `pod-${i}`),
      ...indexes(4).map((i) => `new-${i}`),
    ])
    expect(total(outcome.ranked.map(({ mean }) => mean))).toBeGreaterThan(0.5)
  })

  test('the envelope holds 95 % of runs whole', async () => {
    const runs = 1000
    const even = { ...busy(), events: [] }
    const { pods } = await simulate(even, { runs, threads: 0, seed: 'e' })
    const inside = indexes(runs).filter((run) => {
      const { amounts } = simulateOnce(even, 'fresh', run)
      const last = amounts.slice(-pods.length)
      const all = total(last)
      return pods.every(({ envelope }, i) => {
        const share = (last[i] ?? 0) / all
        return share >= envelope.low && share <= envelope.high
      })
    })
    expect(inside.length / runs).toBeGreaterThan(0.93)
  })

  test('time to even: from the last event to the first sample from which it stays so', async () => {
    const steered = scenarioOf({
      seconds: 200,
      sampleSeconds: 1,
      nodes: nodesOf(1),
      pods: podsOf(5, 1),
      policy: policyOf('lc', { counts: 'shared' }),
      evenLimit: 1.02,
      events: [{ kind: 'scale', at: 20, replicas: 10, template: defaultTemplate }],
      clients: [
        clientsOf('c', 10, [0], { kind: 'pool', connections: 1000, life: exponential(100), reconnect: fixed(0) }),
      ],
    })
    const { timeToEven } = await simulate(steered, { runs: 3, threads: 0 })
    expect(timeToEven.reached).toBe(1)
    expect(Math.abs((timeToEven.seconds?.median ?? 0) - 100 * Math.log(2))).toBeLessThan(4)
    const random = { ...steered, policy: policyOf('nft-random'), seconds: 30 }
    expect((await simulate(random, { runs: 3, threads: 0 })).timeToEven).toEqual({ reached: 0, seconds: null })
  })

  test('tells how far it is', async () => {
    const told: number[] = []
    await simulate(busy(), { runs: 10, threads: 0, onProgress: (done) => told.push(done) })
    expect(told).toEqual(indexes(10).map((i) => i + 1))
  })

  test.each([0, 1])('ends when it is told to (threads: %i)', async (threads) => {
    const controller = new AbortController()
    const running = simulate(busy(), {
      runs: 100_000,
      threads,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    })
    await expect(running).rejects.toThrow('enough')
  })

  test.each([0, 1])('a run that takes too long says which one and where it was (threads: %i)', async (threads) => {
    await expect(simulate(busy(), { runs: 20, threads, maxEvents: 100 })).rejects.toThrow(
      /^run 0: more than 100 events by second -?\d/,
    )
    // just enough for the first run
    const enough = async (maxEvents: number): Promise<boolean> =>
      simulate(busy(), { runs: 1, maxEvents }).then(
        () => true,
        () => false,
      )
    let [low, high] = [100, 10_000]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (await enough(middle)) high = middle
      else low = middle
    }
    await expect(simulate(busy(), { runs: 200, threads, maxEvents: high })).rejects.toThrow(/^run [1-9]\d*: more than/)
  })

  test('more values than fit: what to take fewer of', async () => {
    const wide = { ...busy(), sampleSeconds: 0.001 }
    await expect(simulate(wide, { runs: 1000 })).rejects.toThrow(/runs × 60001 samples × 8 pods are more than/)
  })

  test.each([
    [{ runs: 0 }, 'runs'],
    [{ runs: 1.5 }, 'runs'],
    [{ threads: -1 }, 'threads'],
    [{ maxEvents: Number.NaN }, 'maxEvents'],
  ])('%o is refused', async (options, name) => {
    await expect(simulate(busy(), options)).rejects.toThrow(name)
  })
})
