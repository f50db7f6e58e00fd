import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import type { Backend, SchedulerName } from '../model/frontend.ts'
import type { SlotName, SlotTable } from './slots.ts'
import { maglevSize } from './maglev.ts'
import { keepsPlaces, REORDERED_SLOTS, slotName } from './stable.ts'
import { buildSlots } from './table.ts'

const CAP = 16_384

const backends = (weights: readonly number[], first = 0): Backend[] =>
  weights.map((weight, i) => {
    const n = first + i
    return { address: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`, port: 8080, weight, pod: '', node: '' }
  })

const equal = (count: number, first = 0): Backend[] =>
  backends(
    Array.from({ length: count }, () => 1),
    first,
  )

interface Options {
  readonly scheduler?: SchedulerName
  readonly seed?: string
  readonly cap?: number
  readonly before?: readonly SlotName[]
}

const build = (set: readonly Backend[], { scheduler = 'rr', seed = 'node-1', cap = CAP, before = [] }: Options = {}) =>
  buildSlots({ scheduler, set: { backends: set }, seed, cap, before })

const tableOf = (set: readonly Backend[], options?: Options): SlotTable => {
  const result = build(set, options)
  if (!result.ok) throw new Error(result.reason)
  return result.table
}

const names = (table: SlotTable): SlotName[] => table.slots.map(slotName)

const countsOf = (table: SlotTable): Map<SlotName, number> => {
  const counts = new Map<SlotName, number>()
  for (const name of names(table)) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

const sharesOf = (table: SlotTable, set: readonly Backend[]): number[] => {
  const counts = countsOf(table)
  return set.map((backend) => counts.get(slotName(backend)) ?? 0)
}

/** Slots that a kernel must rewrite, slots that fall away or come new included. */
const changes = (before: readonly SlotName[], after: readonly SlotName[]): number =>
  Array.from({ length: Math.max(before.length, after.length) }, (_, i) => i).filter((i) => before[i] !== after[i])
    .length

describe('shares', () => {
  test.each<[string, number[], number[]]>([
    ['equal backends get one slot each', [1, 1, 1, 1], [1, 1, 1, 1]],
    ['equal weights of any size are equal backends', [7, 7, 7], [1, 1, 1]],
    ['weights are reduced', [10, 20, 30], [1, 2, 3]],
    ['weight 0 gets nothing', [0, 2, 3], [0, 2, 3]],
    ['the heaviest Kubernetes could write beside the lightest', [65535, 1], [1023, 1]],
    ['weights that fit are exact', [1000, 24], [125, 3]],
    ['weights that do not are scaled, by largest remainder', [1000, 1000, 999], [342, 341, 341]],
    ['backends lighter than a slot get one, the others share the rest', [1, 1, 4000, 4000], [1, 1, 511, 511]],
  ])('%s', (_, weights, slots) => {
    const set = backends(weights)
    for (const scheduler of ['rr', 'random'] as const) expect(sharesOf(tableOf(set, { scheduler }), set)).toEqual(slots)
  })

  it('is exact where weights fit, and within one slot of exact where they do not', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 65535 }), { minLength: 1, maxLength: 300, size: 'max' }),
        (weights) => {
          const set = backends(weights)
          const table = tableOf(set)
          const total = weights.reduce((sum, weight) => sum + weight, 0)
          expect(table.slots.length).toBeLessThanOrEqual(Math.max(1024, 4 * set.length))
          const exact = weights.map((weight) => (weight / total) * table.slots.length)
          const light = exact.filter((slots) => slots < 1).length
          const shares = sharesOf(table, set)
          expect(Math.min(...shares)).toBeGreaterThanOrEqual(1)
          // slots given to the lightest are taken from the others in proportion
          const tolerance = exact.map((slots) => 1 + (light * Math.max(slots, 1)) / (table.slots.length - light || 1))
          expect(shares.filter((slots, i) => Math.abs(slots - (exact[i] ?? 0)) > (tolerance[i] ?? 0))).toEqual([])
        },
      ),
    )
  })

  it('starts elsewhere on every node, so that not all begin with one backend', () => {
    const set = equal(10)
    const first = new Set(
      Array.from({ length: 200 }, (_, n) => slotName(tableOf(set, { seed: `node-${n}` }).slots[0] as Backend)),
    )
    expect(first.size).toBe(10)
  })

  it('is the same on every node for the hash schedulers', () => {
    for (const scheduler of ['sh', 'maglev'] as const) {
      const [here, there] = ['node-1', 'node-2'].map((seed) => tableOf(equal(9), { scheduler, seed }))
      expect(here).toEqual(there)
    }
  })

  it('moves the start with every change of a small table', () => {
    const starts = new Map<SlotName, number>()
    let before: SlotName[] = []
    for (let i = 0; i < 400; i++) {
      const table = tableOf(i % 2 === 0 ? equal(4) : equal(5, i % 7), { before })
      before = names(table)
      if (i % 2 === 1) starts.set(before[0] as string, (starts.get(before[0] as string) ?? 0) + 1)
    }
    expect(Math.max(...starts.values())).toBeLessThan(100)
  })
})

describe('stability', () => {
  const weighted = fc
    .array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 600 })
    .filter((all) => all.some((one) => one > 0))

  it('answers its own table again: a restart writes nothing', () => {
    fc.assert(
      fc.property(
        weighted,
        weighted,
        fc.constantFrom<SchedulerName>('rr', 'random', 'sh'),
        (first, second, scheduler) => {
          const before = names(tableOf(backends(first), { scheduler }))
          const table = tableOf(backends(second, 3), { scheduler, before })
          expect(names(tableOf(backends(second, 3), { scheduler, before: names(table) }))).toEqual(names(table))
        },
      ),
    )
  })

  it('holds exactly the backends of the set, whatever was there before', () => {
    fc.assert(
      fc.property(weighted, fc.array(fc.string(), { maxLength: 700 }), (weights, before) => {
        const set = backends(weights)
        expect(countsOf(tableOf(set, { before }))).toEqual(countsOf(tableOf(set)))
      }),
    )
  })

  test('of 5,000 one removed: its slot and the last one change', () => {
    const before = names(tableOf(equal(5000)))
    const left = equal(5000).filter((_, i) => i !== 2500)
    expect(changes(before, names(tableOf(left, { before })))).toBeLessThanOrEqual(2)
  })

  test('to 5,000 one added: one slot is new', () => {
    const before = names(tableOf(equal(5000)))
    expect(changes(before, names(tableOf(equal(5001), { before })))).toBe(1)
  })

  test('of 5,000 one replaced: one slot changes', () => {
    const before = names(tableOf(equal(5000)))
    const set = [...equal(5000).filter((_, i) => i !== 7), ...equal(1, 70_000)]
    expect(changes(before, names(tableOf(set, { before })))).toBe(1)
  })

  test('in a small table a replaced backend changes its slot only', () => {
    const before = names(tableOf(equal(10)))
    expect(changes(before, names(tableOf([...equal(9), ...equal(1, 50)], { before })))).toBe(1)
  })

  it('changes no more slots than backends came or went, where places are kept', () => {
    const size = fc.integer({ min: REORDERED_SLOTS + 1, max: 400 })
    fc.assert(
      fc.property(size, size, fc.integer({ min: 0, max: 100 }), (count, next, shift) => {
        const before = names(tableOf(equal(count)))
        const after = tableOf(equal(next, shift), { before })
        const now = new Set(names(after))
        const gone = before.filter((name) => !now.has(name)).length
        const old = new Set(before)
        const come = names(after).filter((name) => !old.has(name)).length
        expect(changes(before, names(after))).toBeLessThanOrEqual(2 * Math.max(gone, come))
      }),
    )
  })
})

describe('limits', () => {
  it('refuses by name the endpoints beyond the cap', () => {
    const result = build(equal(20), { cap: 16 })
    expect(result).toMatchObject({ ok: true, note: '20 backends, this plane has 16 slots: 4 get no connections' })
    if (!result.ok) return
    expect(result.table.slots).toHaveLength(16)
    expect(result.left.map(slotName)).toEqual(['10.0.0.16:8080', '10.0.0.17:8080', '10.0.0.18:8080', '10.0.0.19:8080'])
  })

  it('never passes the cap, whatever the weights', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 65535 }), { minLength: 1, maxLength: 100 }),
        fc.integer({ min: 1, max: 64 }),
        (weights, cap) => {
          expect(tableOf(backends(weights), { cap }).slots.length).toBeLessThanOrEqual(cap)
        },
      ),
    )
  })

  test.each<[SchedulerName, string]>([
    ['dh', 'dh: a frontend has one destination address, so hashing it would always pick one backend'],
    ['lc', 'lc: needs live connection counts, which a slot table has not'],
    ['sed', 'sed: needs live connection counts, which a slot table has not'],
    ['nq', 'nq: needs live connection counts, which a slot table has not'],
  ])('%s is refused with the reason', (scheduler, reason) => {
    expect(build(equal(3), { scheduler })).toEqual({ ok: false, reason })
  })

  it('refuses a set in which nobody may get connections', () => {
    expect(build(backends([0, 0]))).toEqual({ ok: false, reason: 'every backend has weight 0' })
  })
})

describe('sh', () => {
  it('has one slot for each backend in the set’s order', () => {
    expect(tableOf(equal(3), { scheduler: 'sh' })).toEqual({
      pick: 'hash-source',
      slots: equal(3),
      hashSeed: expect.any(Number),
    })
  })

  it('says that weights are not honoured', () => {
    expect(build(backends([1, 2]), { scheduler: 'sh' })).toMatchObject({ note: 'sh does not honour weights (but 0)' })
    expect(build(backends([2, 2, 0]), { scheduler: 'sh' })).toMatchObject({ note: '' })
  })
})

test.each([
  [256, 256, true],
  [256, 257, false],
  [257, 256, false],
  [257, 258, true],
])('a table of %i slots that becomes one of %i keeps its places: %s', (before, after, keeps) =>
  expect(keepsPlaces(before, after)).toBe(keeps),
)

describe('maglev', () => {
  const maglev = (set: readonly Backend[]) => tableOf(set, { scheduler: 'maglev' })

  test.each([
    [2, 251],
    [5, 509],
    [10, 1021],
    [81, 8191],
    [163, 16381],
  ])('%i backends get the prime %i', (count, size) => expect(maglev(equal(count)).slots).toHaveLength(size))

  it('refuses what does not fit, with the numbers', () => {
    const refusal = (count: number) => build(equal(count), { scheduler: 'maglev' })
    expect(refusal(164)).toEqual({ ok: false, reason: 'maglev: 164 backends need 32749 slots, this plane has 16384' })
    expect(refusal(90_000)).toEqual({
      ok: false,
      reason: 'maglev: 90000 backends need 9000000 slots, this plane has 16384',
    })
  })

  it('takes a table that just fits, and the largest there is for very many', () => {
    expect(tableOf(equal(163), { scheduler: 'maglev', cap: 16_381 }).slots).toHaveLength(16_381)
    expect(build(equal(163), { scheduler: 'maglev', cap: 16_380 }).ok).toBe(false)
    expect(maglevSize(10_486)).toBe(1_048_573)
  })

  it('is even within 2 % of a fair share', () => {
    for (const count of [3, 10, 50, 150]) {
      const table = maglev(equal(count))
      const fair = table.slots.length / count
      for (const slots of countsOf(table).values())
        expect(Math.abs(slots - fair)).toBeLessThanOrEqual(Math.max(1, 0.02 * fair))
    }
  })

  it('moves few flows of the others when one backend goes', () => {
    const before = maglev(equal(50))
    const left = equal(50).filter((_, i) => i !== 20)
    const after = maglev(left)
    const gone = slotName(equal(50)[20] as Backend)
    const moved = before.slots.filter(
      (one, i) => slotName(one) !== gone && slotName(one) !== slotName(after.slots[i] as Backend),
    )
    expect(moved.length / before.slots.length).toBeLessThan(0.05)
  })
})
