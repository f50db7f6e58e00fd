import { describe, expect, test } from 'vitest'
import { addressNumber } from '../../address.ts'
import { policyOf } from '../../defaults.ts'
import type { Policy, Scheduler } from '../../model.ts'
import { type Counts, type Picker, countsOf } from '../picker.ts'
import { pickerOf } from '../picker-of.ts'
import { hsiphashOf } from './hsiphash.ts'

interface Service {
  readonly picker: Picker
  readonly counts: Counts
  readonly weights: Float64Array
}

const serviceOf = (scheduler: Scheduler, weights: readonly number[], policy: Partial<Policy> = {}): Service => {
  const counts = countsOf(weights.length)
  const weightOf = Float64Array.from(weights)
  const picker = pickerOf({
    policy: policyOf(scheduler, policy),
    backends: weights.map((weight, i) => ({ address: `10.0.0.${i + 1}`, port: 80, weight, pod: `p${i}`, node: 'n' })),
    weights: weightOf,
    counts,
    turn: { next: 0 },
    random: () => 0,
    seed: 'n',
    ramp: () => 1,
  })
  return { picker, counts, weights: weightOf }
}

const letters = 'ABCDEFGHIJ'

/** The next picks as letters, A for pod 0; with `opening` each stays open. */
const picks = ({ picker, counts }: Service, times: number, opening = false): string =>
  Array.from({ length: times }, () => {
    const pod = picker.pick(addressNumber('10.1.0.1'))
    if (pod < 0) return '-'
    if (opening) counts.active[pod] = (counts.active[pod] ?? 0) + 1
    return letters[pod]
  }).join('')

const allOf = (weights: readonly number[]): number[] => [...weights.keys()]

describe('the list', () => {
  test('a new destination goes to the head: the last added comes first', () => {
    const service = serviceOf('ipvs-rr', [1, 1, 1])
    service.picker.update([0, 1, 2])
    expect(picks(service, 4)).toBe('CBAC')
  })

  test('who comes to the head while it is another’s turn waits for the next round', () => {
    const service = serviceOf('ipvs-rr', [1, 1, 1, 1])
    service.picker.update([0, 1, 2])
    expect(picks(service, 1)).toBe('C')
    service.picker.update([0, 1, 2, 3])
    expect(picks(service, 5)).toBe('BADCB')
  })

  test('when the one whose turn it was goes, its next one follows', () => {
    const service = serviceOf('ipvs-rr', [1, 1, 1])
    service.picker.update([0, 1, 2])
    expect(picks(service, 2)).toBe('CB')
    service.picker.update([0, 2])
    expect(picks(service, 3)).toBe('ACA')
  })

  test('one that goes while it has connections is quiesced, and removed when it is idle', () => {
    const service = serviceOf('ipvs-sh', [1, 1])
    service.picker.update([0, 1])
    service.counts.active[1] = 1
    service.picker.update([0])
    expect(service.counts.leaving[1]).toBe(1)
    const dropped = Array.from({ length: 256 }, (_, i) => service.picker.pick(i)).filter((pod) => pod < 0)
    expect(dropped).toHaveLength(128)
    service.counts.active[1] = 0
    service.picker.idle(1)
    expect(Array.from({ length: 256 }, (_, i) => service.picker.pick(i))).toEqual(Array(256).fill(0))
  })

  test('one that comes back before it is idle gets its weight again', () => {
    const service = serviceOf('ipvs-rr', [1, 1])
    service.picker.update([0, 1])
    service.counts.active[1] = 1
    service.picker.update([0])
    expect(picks(service, 2)).toBe('AA')
    service.picker.update([0, 1])
    expect(service.counts.leaving[1]).toBe(0)
    expect(picks(service, 4)).toBe('BABA')
  })

  test('shuffled orders differ by what is drawn, and hold the same pods', () => {
    const random = (() => {
      let state = 7
      return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0)
    })()
    const orders = Array.from({ length: 20 }, () => {
      const context = serviceOf('ipvs-rr', [1, 1, 1, 1])
      const picker = pickerOf({
        policy: policyOf('ipvs-rr', { order: 'shuffled' }),
        backends: [],
        weights: context.weights,
        counts: context.counts,
        turn: { next: 0 },
        random,
        seed: 'n',
        ramp: () => 1,
      })
      picker.update([0, 1, 2, 3])
      return picks({ ...context, picker }, 4)
    })
    expect(new Set(orders).size).toBeGreaterThan(5)
    expect(new Set(orders.map((order) => order.split('').sort().join('')))).toEqual(new Set(['ABCD']))
  })
})

/** Pods are added in order, so the list is the letters backwards. */
const sequences: [name: string, scheduler: Scheduler, weights: number[], opening: boolean, expected: string][] = [
  ['rr ignores weights', 'ipvs-rr', [5, 1, 1], false, 'CBACBA'],
  ['rr passes over weight 0', 'ipvs-rr', [1, 0, 1], false, 'CACA'],
  ['rr finds nobody when all have weight 0', 'ipvs-rr', [0, 0], false, '--'],
  // while destinations were added, the current weight stayed at what the first one made it, 1: a round of everybody, then 4 3 2 1
  ['wrr goes down from the greatest weight', 'ipvs-wrr', [2, 3, 4], false, 'CBACCBCBACBACCBCBACBA'],
  ['wrr steps by the greatest common divisor', 'ipvs-wrr', [2, 4], false, 'BABBABBA'],
  ['wrr with equal weights is rr', 'ipvs-wrr', [3, 3, 3], false, 'CBACBA'],
  ['wrr never picks weight 0', 'ipvs-wrr', [0, 1], false, 'BBB'],
  ['wrr finds nobody when all have weight 0', 'ipvs-wrr', [0, 0], false, '--'],
  ['lc: ties go to the head of the list', 'ipvs-lc', [1, 1, 1], true, 'CBACBA'],
  ['lc ignores weights', 'ipvs-lc', [9, 1, 1], true, 'CBACBA'],
  ['lc passes over weight 0', 'ipvs-lc', [1, 0, 1], true, 'CACA'],
  ['wlc: 0 conns tie at the head, then by weight', 'ipvs-wlc', [3, 1], true, 'BAAABAAA'],
  ['wlc passes over weight 0', 'ipvs-wlc', [1, 0, 1], true, 'CACA'],
  ['sed counts the connection that comes', 'ipvs-sed', [3, 1], true, 'AABAAAB'],
  ['sed: ties go to the head', 'ipvs-sed', [1, 1], true, 'BABA'],
  ['nq: idle ones first, from the head, then as sed', 'ipvs-nq', [3, 1], true, 'BAAAAABA'],
  ['nq passes over weight 0', 'ipvs-nq', [1, 0], true, 'AAA'],
  ['dh: one destination address, one pod', 'ipvs-dh', [1, 1, 1], true, 'XXXX'],
]

describe('sequences', () => {
  test.each(sequences)('%s', (_, scheduler, weights, opening, expected) => {
    const service = serviceOf(scheduler, weights)
    service.picker.update(allOf(weights))
    const seen = picks(service, expected.length, opening)
    if (expected.startsWith('X')) expect(new Set(seen).size).toBe(1)
    else expect(seen).toBe(expected)
  })

  test('lc: an active connection weighs as much as 256 that have ended', () => {
    const service = serviceOf('ipvs-lc', [1, 1])
    service.picker.update([0, 1])
    service.counts.active[0] = 1
    service.counts.inactive[1] = 255
    expect(picks(service, 1)).toBe('B')
    service.counts.inactive[1] = 256
    expect(picks(service, 1)).toBe('B')
    service.counts.inactive[1] = 257
    expect(picks(service, 1)).toBe('A')
  })
})

describe('sh', () => {
  test.each([[3], [7], [10], [100]])('%i pods have ⌊256/k⌋ or ⌈256/k⌉ of 256 buckets', (pods) => {
    const weights = Array<number>(pods).fill(1)
    const service = serviceOf('ipvs-sh', weights)
    service.picker.update(allOf(weights))
    // the multiplier of hash_32 is odd: 2²⁴ apart, addresses fall into each bucket once
    const counts = new Map<number, number>()
    for (let i = 0; i < 256; i++) {
      const pod = service.picker.pick(Math.imul(i, 0x01000000) >>> 0)
      counts.set(pod, (counts.get(pod) ?? 0) + 1)
    }
    const shares = [...counts.values()]
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(256)
    expect(counts.size).toBe(pods)
    expect(Math.min(...shares)).toBe(Math.floor(256 / pods))
    expect(Math.max(...shares)).toBe(Math.ceil(256 / pods))
  })

  test('buckets in a row by weight', () => {
    const service = serviceOf('ipvs-sh', [1, 3])
    service.picker.update([0, 1])
    const counts = [0, 0]
    for (let i = 0; i < 256; i++) {
      const pod = service.picker.pick(Math.imul(i, 0x01000000) >>> 0)
      counts[pod] = (counts[pod] ?? 0) + 1
    }
    expect(counts).toEqual([64, 192])
  })

  test('the bucket is the upper byte of address × 0x61c88647', () => {
    const pods = 256
    const weights = Array<number>(pods).fill(1)
    const service = serviceOf('ipvs-sh', weights)
    service.picker.update(allOf(weights))
    const bucket = Number(((0x0a010001n * 0x61c88647n) & 0xffffffffn) >> 24n)
    expect(service.picker.pick(addressNumber('10.1.0.1'))).toBe(pods - 1 - bucket)
  })
})

describe('mh', () => {
  test('hsiphash of lib/siphash_kunit.c’s fourth vector, 64 bits', () => {
    expect(hsiphashOf([0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c])(0x03020100)).toBe(0x88d38328)
  })

  test('agrees with SipHash-1-3 on 64-bit integers', () => {
    for (const word of [0, 1, 0x0a010001, 0xffffffff])
      expect(hsiphashOf([2654435761, 0, 2654435761, 0])(word)).toBe(sipHash13(BigInt(word), 2654435761n, 2654435761n))
  })

  test('slots follow weights, and every connection finds one', () => {
    const service = serviceOf('ipvs-mh', [1, 1, 2])
    service.picker.update([0, 1, 2])
    const counts = [0, 0, 0]
    for (let i = 0; i < 40_000; i++) {
      const pod = service.picker.pick(i)
      counts[pod] = (counts[pod] ?? 0) + 1
    }
    expect(counts.map((count) => Math.round(count / 1000))).toEqual([10, 10, 20])
  })

  test('a pod that goes moves only what it had', () => {
    const weights = [1, 1, 1, 1, 1]
    const service = serviceOf('ipvs-mh', weights)
    service.picker.update(allOf(weights))
    const before = Array.from({ length: 4000 }, (_, i) => service.picker.pick(i))
    service.picker.update([0, 1, 2, 3])
    const moved = before.filter((pod, i) => pod !== 4 && service.picker.pick(i) !== pod)
    expect(moved.length / before.length).toBeLessThan(0.05)
  })

  test('pods of weight 0 alone: nobody', () => {
    const service = serviceOf('ipvs-mh', [0])
    service.picker.update([0])
    expect(picks(service, 2)).toBe('--')
  })
})

/** Aumasson and Bernstein's SipHash-1-3 of four bytes, lower half. */
const sipHash13 = (word: bigint, k0: bigint, k1: bigint): number => {
  const mask = (1n << 64n) - 1n
  const rotate = (x: bigint, bits: bigint): bigint => ((x << bits) | (x >> (64n - bits))) & mask
  let [v0, v1, v2, v3] = [
    0x736f6d6570736575n ^ k0,
    0x646f72616e646f6dn ^ k1,
    0x6c7967656e657261n ^ k0,
    0x7465646279746573n ^ k1,
  ]
  const round = (): void => {
    v0 = (v0 + v1) & mask
    v1 = rotate(v1, 13n) ^ v0
    v0 = rotate(v0, 32n)
    v2 = (v2 + v3) & mask
    v3 = rotate(v3, 16n) ^ v2
    v0 = (v0 + v3) & mask
    v3 = rotate(v3, 21n) ^ v0
    v2 = (v2 + v1) & mask
    v1 = rotate(v1, 17n) ^ v2
    v2 = rotate(v2, 32n)
  }
  const block = (4n << 56n) | word
  v3 ^= block
  round()
  v0 ^= block
  v2 ^= 0xffn
  round()
  round()
  round()
  return Number((v0 ^ v1 ^ v2 ^ v3) & 0xffffffffn)
}
