import { describe, expect, test } from 'vitest'
import { probability } from '../../dataplane/iptables/probability.ts'
import { fraction, multiply, nearestDouble, one, subtract } from '../../rules/fraction.ts'
import { oddsBetween, statisticOdds } from '../../rules/odds.ts'
import { fractionOf } from '../../rules/mass.ts'
import { seededRandom } from '../../util/random.ts'
import { policyOf } from '../defaults.ts'
import type { Policy, Scheduler } from '../model.ts'
import { chainOdds } from './iptables.ts'
import { type Picker, countsOf, scaleTo } from './picker.ts'
import { pickerOf } from './picker-of.ts'

const pickerFor = (
  scheduler: Scheduler,
  weights: readonly number[],
  random: () => number,
  policy: Partial<Policy> = {},
): Picker & { readonly active: Int32Array } => {
  const counts = countsOf(weights.length)
  const picker = pickerOf({
    policy: policyOf(scheduler, policy),
    backends: weights.map((weight, i) => ({ address: `10.0.0.${i + 1}`, port: 80, weight, pod: `p${i}`, node: 'n' })),
    weights: Float64Array.from(weights),
    counts,
    turn: { next: 0 },
    random,
    seed: 'n',
    ramp: (pod) => (pod === 0 ? 0.25 : 1),
  })
  picker.update([...weights.keys()])
  return { ...picker, active: counts.active }
}

const countOf = (picker: Picker, pods: number, times: number): number[] => {
  const counts = Array<number>(pods).fill(0)
  for (let i = 0; i < times; i++) {
    const pod = picker.pick(0x0a010001)
    counts[pod] = (counts[pod] ?? 0) + 1
  }
  return counts
}

describe('iptables-random', () => {
  test('three endpoints: the odds NUMBERS gives', () => {
    const [first = 0, second = 0] = chainOdds(3)
    expect([first, second - first, 1 - second].map((odds) => odds.toFixed(12))).toEqual([
      '0.333333333489',
      '0.333333333256',
      '0.333333333256',
    ])
  })

  test.each([[1], [2], [3], [10], [44], [71], [300]])(
    '%i endpoints: the exact chain of N/2³¹, to the last bit',
    (n) => {
      let left = one
      const exact = Array.from({ length: n }, (_, i) => {
        if (i === n - 1) return 1
        left = multiply(left, subtract(one, statisticOdds(Number(probability(1, n - i)))))
        return nearestDouble(subtract(one, left))
      })
      expect([...chainOdds(n)]).toEqual(exact)
    },
  )

  test('a draw falls to the rule whose interval it is in, also at its very ends', () => {
    const taken = chainOdds(5)
    for (const [rule, end] of taken.entries()) {
      const start = rule === 0 ? 0 : (taken[rule - 1] as number)
      for (const u of [start, (start + end) / 2, end - 2 ** -53]) {
        const bits = BigInt(Math.floor(u * 2 ** 53))
        const words = [Number((bits >> 26n) << 5n), Number((bits & 0x3ffffffn) << 6n)]
        let at = 0
        const picker = pickerFor('iptables-random', [1, 1, 1, 1, 1], () => words[at++ % 2] ?? 0)
        expect(picker.pick(0)).toBe(rule)
      }
    }
  })
})

describe('nft-random', () => {
  test.each([[3], [7], [10]])('modulus %i: each pod has its ⌈(i+1)·2³²/n⌉ − ⌈i·2³²/n⌉ of 2³² values', (n) => {
    for (let i = 0; i < n; i++) {
      const first = Math.ceil((i * 2 ** 32) / n)
      const end = Math.ceil(((i + 1) * 2 ** 32) / n)
      expect([scaleTo(first, n), scaleTo(end - 1, n)]).toEqual([i, i])
      expect(fraction(BigInt(end - first), 1n << 32n)).toEqual(fractionOf(oddsBetween('random', n, i, i)))
    }
  })

  test('weights are honoured', () => {
    const counts = countOf(pickerFor('nft-random', [1, 3], seededRandom('w')), 2, 40_000)
    expect(counts.map((count) => Math.round(count / 1000))).toEqual([10, 30])
  })

  test('slow start: a pod at a quarter of its weight', () => {
    const picker = pickerFor('nft-random', [1, 1], seededRandom('s'), { slowStartSeconds: 10 })
    const [slow = 0, other = 0] = countOf(picker, 2, 40_000)
    expect(slow / (slow + other)).toBeCloseTo(0.2, 2)
  })
})

describe('nft-rr', () => {
  test('every round has every pod once', () => {
    const picker = pickerFor('nft-rr', [1, 1, 1, 1, 1], seededRandom('r'))
    const round = Array.from({ length: 5 }, () => picker.pick(0))
    expect([...round].sort()).toEqual([0, 1, 2, 3, 4])
    expect(Array.from({ length: 5 }, () => picker.pick(0))).toEqual(round)
  })

  test('weights are slots', () => {
    expect(countOf(pickerFor('nft-rr', [1, 2, 5], seededRandom('r')), 3, 800)).toEqual([100, 200, 500])
  })

  test('without pods: nobody', () => {
    const picker = pickerFor('nft-rr', [1], seededRandom('r'))
    picker.update([])
    expect(picker.pick(0)).toBe(-1)
  })
})

describe('hashes', () => {
  test('nft-sh: a source address keeps its pod', () => {
    const picker = pickerFor('nft-sh', [1, 1, 1], seededRandom('h'))
    const first = Array.from({ length: 50 }, (_, i) => picker.pick(0x0a010000 + i))
    expect(Array.from({ length: 50 }, (_, i) => picker.pick(0x0a010000 + i))).toEqual(first)
    expect(new Set(first).size).toBe(3)
  })

  test('maglev: shares differ by about 1 %', () => {
    const counts = countOf(pickerFor('maglev', [1, 1, 1, 1], seededRandom('m')), 4, 200_000)
    for (const count of counts) expect(Math.abs(count / 50_000 - 1)).toBeLessThan(0.02)
  })
})

test('maglev: more pods than its table has room for are refused by name, as the plane does', () => {
  expect(() => pickerFor('maglev', Array<number>(200).fill(1), seededRandom('m'))).toThrow(
    'maglev: 200 backends need 32749 slots, this plane has 16384',
  )
  expect(pickerFor('maglev', [0, 0], seededRandom('m')).pick(1)).toBe(-1)
})

describe('by load', () => {
  test('lc: the least by weight, equals by chance', () => {
    const picker = pickerFor('lc', [1, 1, 2], seededRandom('l'))
    picker.active.set([2, 1, 3])
    expect(new Set(Array.from({ length: 50 }, () => picker.pick(0)))).toEqual(new Set([1, 2]))
    picker.active.set([0, 1, 4])
    expect(picker.pick(0)).toBe(0)
  })

  test('lc: never weight 0', () => {
    const picker = pickerFor('lc', [0, 1], seededRandom('l'))
    picker.active.set([0, 9])
    expect(picker.pick(0)).toBe(1)
  })

  test('p2c: the most loaded is never picked, the others as often as they are met', () => {
    const picker = pickerFor('p2c', [1, 1, 1], seededRandom('p'))
    picker.active.set([0, 5, 9])
    const [least = 0, middle = 0, most = 0] = countOf(picker, 3, 30_000)
    expect(most).toBe(0)
    expect(least / (least + middle)).toBeCloseTo(2 / 3, 2)
  })

  test('l7-least-request: the two may be the same, so the most loaded gets 1/n²', () => {
    const picker = pickerFor('l7-least-request', [1, 1, 1], seededRandom('p'))
    picker.active.set([0, 5, 9])
    const counts = countOf(picker, 3, 90_000)
    expect(counts.map((count) => Math.round(count / 1000))).toEqual([50, 30, 10])
  })

  test('l7-rr: exact turns, begun anywhere', () => {
    const begins = new Set<number>()
    for (let i = 0; i < 20; i++) {
      const picker = pickerFor('l7-rr', [1, 1, 1, 1], seededRandom(`begin ${i}`))
      const turns = Array.from({ length: 8 }, () => picker.pick(0))
      expect(turns.map((pod) => (pod - (turns[0] ?? 0) + 4) % 4)).toEqual([0, 1, 2, 3, 0, 1, 2, 3])
      begins.add(turns[0] ?? 0)
    }
    expect(begins.size).toBeGreaterThan(2)
  })
})
