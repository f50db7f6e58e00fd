import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../util/random.ts'
import { cells, type Random, sampler } from './draw.ts'
import { evidenceOf, extended, newStretch } from './e-process.ts'
import { logGamma } from './gamma.ts'
import { sum } from './numbers.ts'
import { type Arrivals, look, startWatch, type Watch } from './watch.ts'

/** Many seconds on a busy machine. */
const patience = 120_000

const arrivals = (counts: ArrayLike<number>, odds: readonly number[]): readonly Arrivals[] =>
  odds.map((p, i) => ({ name: `pod-${i}`, count: counts[i] ?? 0, odds: p }))

const drawn = (random: Random, n: number, odds: readonly number[]): Float64Array => {
  const counts = new Float64Array(odds.length)
  sampler(n, cells(odds))(random, counts)
  return counts
}

const fair = (k: number): readonly number[] => Array.from({ length: k }, () => 1 / k)

/** As Lindon and Malek write it, with plain logarithms of Γ. */
const published = (counts: readonly number[], odds: readonly number[], prior: number): number => {
  const n = sum(counts)
  const each = counts.map((count, i) => {
    const a = prior * (odds[i] ?? 0)
    return logGamma(a + count) - logGamma(a) - count * Math.log(odds[i] ?? 1)
  })
  return logGamma(prior) - logGamma(prior + n) + sum(each)
}

describe('the e-process', () => {
  it('is the Dirichlet-multinomial mixture, whatever the looks', () => {
    const odds = [0.5, 0.3, 0.2]
    const names = ['a', 'b', 'c']
    const looks = [
      [3, 0, 1],
      [10, 20, 2],
      [0, 0, 1],
      [400, 300, 250],
    ]
    const stretch = looks.reduce((before, counts) => extended(before, { names, counts, odds }), newStretch(0, 0))
    const totals = names.map((_, i) => sum(looks.map((counts) => counts[i] ?? 0)))
    for (const [j, each] of [1, 10, 100, 1000].entries())
      expect(stretch.logEs[j]).toBeCloseTo(published(totals, odds, each * 3), 8)
    const once = extended(newStretch(0, 0), { names, counts: totals, odds })
    expect(evidenceOf(stretch)).toBeCloseTo(evidenceOf(once), 8)
  })

  it('is on average 1 when the odds are right, also where they change and backends come and go', () => {
    // every outcome of three looks of two connections each, weighed by its probability
    const looks: readonly (readonly [readonly string[], readonly number[]])[] = [
      [
        ['a', 'b'],
        [0.6, 0.4],
      ],
      [
        ['a', 'b', 'c'],
        [0.2, 0.3, 0.5],
      ],
      [
        ['c', 'b'],
        [0.9, 0.1],
      ],
    ]
    const outcomesOf = (odds: readonly number[]): readonly (readonly [readonly number[], number])[] =>
      odds.flatMap((p, i) =>
        odds.map((q, j): [readonly number[], number] => [odds.map((_, l) => Number(l === i) + Number(l === j)), p * q]),
      )
    let states: readonly (readonly [ReturnType<typeof newStretch>, number])[] = [[newStretch(0, 0), 1]]
    for (const [names, odds] of looks)
      states = states.flatMap(([stretch, weight]) =>
        outcomesOf(odds).map(([counts, p]) => [extended(stretch, { names, counts, odds }), weight * p] as const),
      )
    expect(sum(states.map(([, weight]) => weight))).toBeCloseTo(1, 12)
    expect(sum(states.map(([stretch, weight]) => weight * Math.exp(evidenceOf(stretch))))).toBeCloseTo(1, 9)
  })

  it('keeps its digits at 2^52 connections', () => {
    const half = 2 ** 51
    const names = ['a', 'b']
    const even = extended(newStretch(0, 0), { names, counts: [half, half], odds: [0.5, 0.5] })
    // against a perfect fit each doubling of n costs half a ln 2
    expect(evidenceOf(even)).toBeLessThan(-13)
    expect(evidenceOf(even)).toBeGreaterThan(-18)
    const off = extended(newStretch(0, 0), { names, counts: [half + 2 ** 29, half - 2 ** 29], odds: [0.5, 0.5] })
    expect(evidenceOf(off)).toBeGreaterThan(100)
  })
})

describe('false alarms over looks without end', () => {
  const watched = (random: Random, looks: number, sizeOf: (i: number) => number, k: number): Watch => {
    let watch = startWatch()
    for (let i = 0; i < looks && watch.verdict !== 'SKEWED' && watch.verdict !== 'TOO-EVEN'; i++) {
      // now and again the rules change: a pod gets twice its share, or one goes
      const odds = i % 80 < 60 ? fair(k) : [2 / (k + 1), ...Array.from({ length: k - 1 }, () => 1 / (k + 1))]
      watch = look(watch, arrivals(drawn(random, sizeOf(i), odds), odds))
    }
    return watch
  }

  it.each([
    ['after every few connections', 300, 150, () => 6, 3],
    ['after every twenty', 150, 100, () => 20, 6],
    ['ever more rarely, to a hundred million', 150, 60, (i: number) => Math.ceil(1.35 ** i), 4],
  ] as const)('%s', { timeout: patience }, (_, runs, looks, sizeOf, k) => {
    const random = seededRandom(`watch ${k}`)
    const ends = Array.from({ length: runs }, () => watched(random, looks, sizeOf, k).verdict)
    const share = (verdict: string): number => ends.filter((end) => end === verdict).length / runs
    // three standard errors above the level
    const bound = 0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs)
    expect(share('SKEWED')).toBeLessThanOrEqual(bound)
    expect(share('TOO-EVEN')).toBeLessThanOrEqual(bound)
  })
})

describe('what a watch finds', () => {
  const skewedOdds = (k: number, skew: number): readonly number[] =>
    fair(k).map((p, i) => (i === 0 ? p * (1 + skew) : p * (1 - skew / (k - 1))))

  it('a pod off by half, within a few times what one look at the right moment takes', () => {
    const random = seededRandom('found')
    let watch = startWatch()
    while (watch.verdict !== 'SKEWED' && watch.n < 5000)
      watch = look(watch, arrivals(drawn(random, 25, skewedOdds(10, 0.5)), fair(10)))
    expect(watch).toMatchObject({ verdict: 'SKEWED', needed: 570 })
    expect(watch.skewed.p).toBeLessThanOrEqual(0.05)
  })

  it('a skew that began after a hundred thousand fair connections, and since when', { timeout: patience }, () => {
    const random = seededRandom('late')
    let watch = startWatch()
    while (watch.n < 100_000) watch = look(watch, arrivals(drawn(random, 1000, fair(10)), fair(10)))
    expect(watch.verdict).toBe('FAIR')
    while (watch.verdict !== 'SKEWED' && watch.n < 110_000)
      watch = look(watch, arrivals(drawn(random, 100, skewedOdds(10, 0.5)), fair(10)))
    expect(watch.verdict).toBe('SKEWED')
    expect(watch.skewed.from).toBeGreaterThan(95_000)
  })

  it.each([
    [2, 10_000],
    [3, 1000],
    [10, 500],
    [100, 2000],
  ])('rotation over %d pods within %d connections', (k, most) => {
    let watch = startWatch()
    let next = 0
    while (watch.verdict !== 'TOO-EVEN' && watch.n < most) {
      const counts = Array.from({ length: k }, () => 0)
      for (let i = 0; i < 7; i++, next++) counts[next % k] = (counts[next % k] ?? 0) + 1
      watch = look(watch, arrivals(counts, fair(k)))
    }
    expect(watch.verdict).toBe('TOO-EVEN')
  })

  it('keeps its verdict', () => {
    let watch = look(startWatch(), arrivals([1000, 10], fair(2)))
    expect(watch.verdict).toBe('SKEWED')
    for (let i = 0; i < 20; i++) watch = look(watch, arrivals([500, 501], fair(2)))
    expect(watch.verdict).toBe('SKEWED')
  })

  it('says when it cannot know yet', () => {
    expect(startWatch().verdict).toBe('NOT-ENOUGH-DATA')
    expect(look(startWatch(), arrivals([2, 1], fair(2)))).toMatchObject({ n: 3, verdict: 'NOT-ENOUGH-DATA' })
    expect(look(startWatch(), arrivals([9], [1])).verdict).toBe('NOT-ENOUGH-DATA')
  })

  it('connections that the rules never allow are proof', () => {
    expect(look(startWatch(), arrivals([50, 1], [1, 0]))).toMatchObject({ verdict: 'SKEWED', skewed: { p: 0 } })
  })
})

describe('what a watch is told', () => {
  it('keeps count of backends that come and go', () => {
    let watch = look(startWatch(), arrivals([6, 4], fair(2)))
    watch = look(watch, [{ name: 'pod-9', count: 5, odds: 1 }])
    expect([...watch.backends]).toEqual([
      ['pod-0', { count: 6, expected: 5 }],
      ['pod-1', { count: 4, expected: 5 }],
      ['pod-9', { count: 5, expected: 5 }],
    ])
  })

  it('a look without connections changes nothing', () => {
    const watch = look(startWatch(), arrivals([6, 4], fair(2)))
    expect(look(watch, arrivals([0, 0], fair(2)))).toBe(watch)
    expect(look(watch, [])).toBe(watch)
  })

  it.each<readonly [readonly Arrivals[], string]>([
    [[{ name: 'a', count: -1, odds: 1 }], 'counts[0] is -1'],
    [[{ name: 'a', count: 1, odds: 0 }], 'odds sum to 0'],
    [
      [
        { name: 'a', count: 1, odds: 1 },
        { name: 'a', count: 1, odds: 1 },
      ],
      'backend a is given twice',
    ],
  ])('refuses %j: %s', (given, message) => {
    expect(() => look(startWatch(), given)).toThrow(message)
  })
})
