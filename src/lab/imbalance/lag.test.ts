import { expect, test } from 'vitest'
import { nodesOf, podsOf, policyOf, scenarioOf } from '../../simulate/defaults.ts'
import { uniformOf } from '../../simulate/random.ts'
import { seededRandom } from '../../util/random.ts'
import { drawLag, evidenceOf, lagOfComing, lagOfGoing, type Witness, withLags } from './lag.ts'

const miss = (at: number): Witness => ({ at, met: false })
const meet = (at: number): Witness => ({ at, met: true })

test('pods came before the first connection that met one, likeliest just before it', () => {
  const question = { changedAt: 100, scheduler: 'random', pods: 5, others: 5 } as const
  expect(lagOfComing([miss(99), miss(101), meet(104), miss(105), miss(102)], question)).toEqual({
    gaps: [
      { low: 2, high: 4, weight: 1 / 2 },
      { low: 1, high: 2, weight: 1 / 4 },
      { low: 0, high: 1, weight: 1 / 8 },
    ],
  })
  expect(lagOfComing([miss(101)], question)).toBeNull()
  // a clock that is a little off
  expect(lagOfComing([meet(99)], question)?.gaps).toEqual([{ low: 0, high: 0, weight: 1 / 2 }])
})

test('a pod that serves on went after the last connection that met it', () => {
  const question = { changedAt: 100, scheduler: 'sh', pods: 1, others: 3, until: 103 } as const
  expect(lagOfGoing([meet(99.5), meet(101), miss(100.5), miss(102), miss(104)], question)?.gaps).toEqual([
    { low: 1, high: 2, weight: 1 },
    { low: 2, high: 3, weight: 0 },
  ])
  expect(lagOfGoing([miss(102)], question)?.gaps[0]).toEqual({ low: 0, high: 2, weight: 1 })
  expect(lagOfGoing([miss(104)], question)).toBeNull()
})

test('turns meet each pod once in a round', () => {
  const witnesses = [meet(1000), ...Array.from({ length: 6 }, (_, i) => miss(900 + i))]
  const evidence = lagOfComing(witnesses, { changedAt: 100, scheduler: 'rr', pods: 1, others: 3 })
  expect(evidence?.gaps.map(({ weight }) => weight)).toEqual([1 / 4, 1 / 4, 1 / 4, 1 / 4, 0, 0, 0])
})

test('what a lane does not tell, the others do', () => {
  const [one, other] = [{ gaps: [{ low: 0, high: 1, weight: 1 }] }, { gaps: [] }]
  expect(
    evidenceOf(
      [
        [one, null],
        [null, null],
        [other, null],
      ],
      1,
    ),
  ).toEqual([[one, other], []])
  expect(evidenceOf([[one], [other]], 1)).toEqual([[other]])
})

test('a lag is drawn as likely as the connections make it', () => {
  const uniform = uniformOf(seededRandom('lags'))
  const drawn = Array.from({ length: 20_000 }, () => {
    // the rules come at a moment that nobody knows, and every second connection meets a new pod
    const lag = uniform()
    const witnesses = Array.from({ length: 60 }, (_, i) => ({ at: i / 20, met: i / 20 >= lag && uniform() < 0.5 }))
    const evidence = lagOfComing(witnesses, { changedAt: 0, scheduler: 'random', pods: 1, others: 1 })
    return evidence === null ? 0 : drawLag(evidence, uniform) - lag
  })
  const mean = drawn.reduce((sum, one) => sum + one, 0) / drawn.length
  // the evidence does not know that lags end at 1
  expect(Math.abs(mean)).toBeLessThan(0.01)
  expect(drawLag({ gaps: [] }, uniform)).toBe(0)
  expect(drawLag({ gaps: [{ low: 0, high: 0, weight: 1 }] }, uniform)).toBe(0)
})

test('each run has lags of its own, the same for all pods of a change', () => {
  const scenario = scenarioOf({
    name: 'lags',
    seconds: 1,
    sampleSeconds: 1,
    nodes: nodesOf(2),
    pods: podsOf(1, 2),
    clients: [],
    events: [],
    policy: policyOf('nft-random'),
  })
  const lags = [[{ gaps: [{ low: 2, high: 3, weight: 1 }] }], []]
  const lagsOf = (seed: string): readonly number[] =>
    withLags(scenario, lags, seed, 10).nodes.map(({ lag }) => (lag.kind === 'fixed' ? lag.seconds : Number.NaN))
  const [known = 0, unknown = 0] = lagsOf('1')
  expect(known).toBeGreaterThanOrEqual(12)
  expect(known).toBeLessThan(13)
  expect(unknown).toBeGreaterThanOrEqual(10)
  expect(unknown).toBeLessThan(11)
  expect(lagsOf('1')).toEqual([known, unknown])
  expect(lagsOf('2')).not.toEqual([known, unknown])
})
