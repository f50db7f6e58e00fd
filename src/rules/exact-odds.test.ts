import { beforeAll, describe, expect, test } from 'vitest'
import { ask, chain, chance, jumpTo, prerouting, rule, table } from '../../test/support/rules.ts'
import { formatAddress } from '../model/address.ts'
import type { Fraction } from '../model/packet.ts'
import { u32 } from './bytes.ts'
import { nearestDouble, one, sum } from './fraction.ts'
import { bitLength } from './integers.ts'
import type { Chain, Rule } from './model.ts'
import { statisticOdds } from './odds.ts'
import { traceOf } from './trace.ts'

const STATISTIC = 2n ** 31n
/** Seconds of work when nobody else has any. */
const SLOW = { timeout: 120_000 }

/** 1/k as kube-proxy prints it, Go's %0.10f: exact, and halves to the even digit. JavaScript's toFixed(10) goes up. */
const printed = (k: number): string => {
  const digits = 10n ** 10n
  // the double nearest to 1/k, as a fraction of a power of two
  const scaled = BigInt((1 / k) * 2 ** 80) * digits
  const down = scaled >> 80n
  const over = scaled - (down << 80n)
  const half = 1n << 79n
  const up = over > half || (over === half && down % 2n === 1n)
  const number = up ? down + 1n : down
  return `${number / digits}.${String(number % digits).padStart(10, '0')}`
}

/** N of xt_statistic for each endpoint but the last, in kube-proxy's order. */
const kernelNumbers = (n: number): bigint[] =>
  Array.from({ length: n - 1 }, (_, i) => {
    const [whole = '0', decimals = '0'] = printed(n - i).split('.')
    const scaled = BigInt(`${whole}${decimals}`) * STATISTIC
    const divisor = 10n ** BigInt(decimals.length)
    return (2n * scaled + divisor) / (2n * divisor)
  })

/** kube-proxy's layout of a Service with n endpoints. */
const layout = (n: number): readonly Chain[] => {
  const leaf = (i: number): Chain =>
    chain(`KUBE-SEP-${i}`, rule({ kind: 'dnat', address: u32(0x0a000001 + i), port: 8080 }))
  const picks: Rule[] = Array.from({ length: n }, (_, i) =>
    i === n - 1 ? rule(jumpTo(`KUBE-SEP-${i}`)) : rule(chance(Number(printed(n - i))), jumpTo(`KUBE-SEP-${i}`)),
  )
  return [
    prerouting(rule(jumpTo('KUBE-SVC'))),
    chain('KUBE-SVC', ...picks),
    ...Array.from({ length: n }, (_, i) => leaf(i)),
  ]
}

/** Odds of each endpoint, in order. */
const odds = (n: number): Fraction[] => {
  const { ends } = ask(table(layout(n)))
  const found = new Map(ends.map((end) => [end.daddr, end.odds]))
  expect(found.size).toBe(n)
  return Array.from({ length: n }, (_, i) => found.get(u32(0x0a000001 + i)) as Fraction)
}

/** The product of the kernel's own integers: what is left after each, times N. */
const expectExact = (n: number): void => {
  const numbers = kernelNumbers(n)
  const found = odds(n)
  let left = 1n
  let power = 0n
  for (const [i, { numerator, denominator }] of found.entries()) {
    const chosen = numbers[i] ?? STATISTIC
    power += 31n
    const top = left * chosen
    if (numerator << power !== top * denominator) throw new Error(`n = ${n}: endpoint ${i} has other odds`)
    left *= STATISTIC - chosen
  }
  expect(sum(found)).toEqual(one)
}

test('printed probabilities are Go’s, ties included', () => {
  expect([2, 3, 7, 2048].map(printed)).toEqual(['0.5000000000', '0.3333333333', '0.1428571429', '0.0004882812'])
  expect((1 / 2048).toFixed(10)).toBe('0.0004882813')
})

test.each([
  [0.5, 2n ** 30n],
  [0.3333333333, 715827883n],
  [0.33333333349, 715827883n],
  [1, 2n ** 31n],
  [0, 0n],
  // half a step goes away from zero
  [0.5 / 2 ** 31, 1n],
  [0.4999999999999999 / 2 ** 31, 0n],
])('--probability %d is N = %d', (probability, n) => {
  const { numerator, denominator } = statisticOdds(probability)
  expect(numerator * (STATISTIC / denominator)).toBe(n)
})

test('of every k up to 5,000: 1/k as kube-proxy prints it is its N, and N comes back from what iptables-save prints', () => {
  for (const [i, n] of kernelNumbers(5000).entries()) {
    const { numerator, denominator } = statisticOdds(Number(printed(5000 - i)))
    if (numerator * (STATISTIC / denominator) !== n) throw new Error(`1/${5000 - i} is ${n}/2^31`)
    // libxt_statistic.c: %.11f of N/2^31, whose digits are all told by toFixed but for ties
    const saved = statisticOdds(Number((Number(n) / 2 ** 31).toFixed(11)))
    if (saved.numerator * (STATISTIC / saved.denominator) !== n) throw new Error(`${n}/2^31 does not come back`)
  }
})

test.each([1, 2, 3, 5, 10, 44, 51, 71, 100, 280, 500, 1000, 2000])(
  '%i endpoints: the kernel’s integers, and exactly 1 in all',
  SLOW,
  expectExact,
)

test('every number of endpoints up to 150', SLOW, () => {
  for (let n = 1; n <= 150; n++) expectExact(n)
})

/** p · 2^power as an integer, where p's denominator is a power of two that is not above it. */
const scaledBy = (power: number, { numerator, denominator }: Fraction): bigint => {
  const shift = power - (bitLength(denominator) - 1)
  expect(shift).toBeGreaterThanOrEqual(0)
  return numerator << BigInt(shift)
}

/**
 * The chain of n endpoints is the last n rules of the chain of 5,000, whose probabilities are 1/n, 1/(n−1) … So one walk tells the odds of
 * all: divided by what reaches the rule (`left`), those of its last n endpoints are those of a Service with n. Nothing is sampled.
 */
describe('every number of endpoints up to 5,000, from one walk of 155,000 bits', SLOW, () => {
  const most = 5_000
  const numbers = [...kernelNumbers(most), STATISTIC]
  /** what reaches rule i, times 2^31i */
  const left = numbers.slice(0, -1).reduce<bigint[]>(
    (before, number) => {
      before.push((before.at(-1) as bigint) * (STATISTIC - number))
      return before
    },
    [1n],
  )
  let found: readonly Fraction[]
  beforeAll(() => {
    found = odds(most)
  })

  test('a chain’s rules are the last of any longer one', () => {
    for (const n of [1, 2, 51, 280, 4_999]) expect(kernelNumbers(n)).toEqual(numbers.slice(most - n, -1))
  })

  test('each endpoint gets the kernel’s N/2³¹ of what reaches its rule', () => {
    for (const [i, one_] of found.entries())
      if (scaledBy(31 * (i + 1), one_) !== (left[i] as bigint) * (numbers[i] as bigint))
        throw new Error(`of ${most - i} endpoints the first has other odds`)
  })

  test('for every n, all n endpoints get what reaches the first of them: exactly 1', () => {
    const power = 31 * most
    let tail = 0n
    for (let n = 1; n <= most; n++) {
      tail += scaledBy(power, found[most - n] as Fraction)
      if (tail !== (left[most - n] as bigint) << BigInt(31 * n)) throw new Error(`${n} endpoints do not get all`)
    }
    expect(tail).toBe(1n << BigInt(power))
  })

  test('the shares that people are told', () => {
    expect(sum(found)).toEqual(one)
    for (const share of found.map(nearestDouble)) expect(Math.abs(share * most - 1)).toBeLessThan(1e-4)
  })
})

test('three endpoints as they are printed', () => {
  const { backends } = traceOf(ask(table(layout(3))))
  expect(backends.map(({ address, probability }) => [address, nearestDouble(probability)])).toEqual([
    [formatAddress(u32(0x0a000001)), 0.33333333348855376],
    [formatAddress(u32(0x0a000002)), 0.33333333325572312],
    [formatAddress(u32(0x0a000003)), 0.33333333325572312],
  ])
})
