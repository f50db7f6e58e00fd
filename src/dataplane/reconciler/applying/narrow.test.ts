import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { narrow } from './narrow.ts'

/** Applies to a list; a part with one of the bad items fails as a whole. */
const kernel = (bad: ReadonlySet<number>) => {
  const applied: number[] = []
  const calls = { count: 0 }
  const apply = async (items: readonly number[]): Promise<void> => {
    calls.count++
    const culprit = items.find((item) => bad.has(item))
    if (culprit !== undefined) throw new Error(`no ${culprit}`)
    applied.push(...items)
  }
  return { applied, calls, apply }
}

const items = (count: number): number[] => Array.from({ length: count }, (_, index) => index)
const never = (): boolean => false

describe('narrowing', () => {
  test('finds one in a thousand in about twenty attempts', async () => {
    const { applied, calls, apply } = kernel(new Set([333]))
    const result = await narrow(items(1_000), apply, { ends: never })
    expect(result.failed.map(({ item }) => item)).toEqual([333])
    expect(result.putOff).toEqual([])
    expect(applied.length).toBe(999)
    expect(calls.count).toBeLessThan(25)
  })

  test('what the others need is tried by itself at once, wherever it stands', async () => {
    for (const leader of [0, 7]) {
      const { calls, apply } = kernel(new Set([leader]))
      const result = await narrow(items(16), apply, { ends: never, first: (item) => item === leader })
      expect(result.failed.map(({ item }) => item)).toEqual([leader])
      expect(result.putOff.length).toBe(15)
      expect(calls.count).toBe(2)
    }
  })

  test('every item is applied, failed or put off, and none twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(60),
        fc.uniqueArray(fc.nat(60)),
        fc.integer({ min: 1, max: 40 }),
        async (count, bad, budget) => {
          const { applied, calls, apply } = kernel(new Set(bad))
          const { failed, putOff } = await narrow(items(count), apply, { ends: never, budget })
          const all = [...applied, ...failed.map(({ item }) => item), ...putOff]
          expect(all.sort((a, b) => a - b)).toEqual(items(count))
          for (const { item } of failed) expect(bad).toContain(item)
          expect(calls.count).toBeLessThanOrEqual(2 * budget + 1)
        },
      ),
    )
  })

  test('ends at a failure that is about none of them', async () => {
    const { applied, calls, apply } = kernel(new Set([7]))
    const result = await narrow(items(10), apply, { ends: () => true })
    expect(result).toMatchObject({ failed: [], putOff: items(10), ended: true })
    expect(applied).toEqual([])
    expect(calls.count).toBe(1)
  })

  test('what the others need goes first, and they wait when it fails', async () => {
    const good = kernel(new Set([3]))
    await narrow(items(6), good.apply, { ends: never, first: (item) => item === 5 })
    expect(good.applied[0]).toBe(5)
    const bad = kernel(new Set([5]))
    const result = await narrow(items(6), bad.apply, { ends: never, first: (item) => item === 5 })
    expect(result.failed.map(({ item }) => item)).toEqual([5])
    expect(result.putOff).toEqual([0, 1, 2, 3, 4])
    expect(bad.applied).toEqual([])
  })
})
