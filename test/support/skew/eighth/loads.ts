import { exponential, lognormal } from '../dice.ts'
import type { Situation } from '../third.ts'
import { addressIn, drawn } from './draws.ts'
import { count, observed, see, tallyOf, type Tally } from './tally.ts'

const carryOver = (tally: Tally, pod: number, load: number): void => {
  count(tally, pod, undefined, load)
  const chosen = tally.pods[pod]
  if (chosen !== undefined) chosen.connections = (chosen.connections ?? 0) + 1
}

const maxToMean = ({ pods }: Tally): number => {
  const counts = pods.map((pod) => pod.count)
  return (Math.max(...counts) * counts.length) / counts.reduce((sum, each) => sum + each, 0)
}

const withConnections = (tally: Tally): Tally => {
  for (const pod of tally.pods) pod.connections = 0
  return tally
}

/** Connections carry unlike much. */
export const loads: readonly Situation[] = [
  {
    causes: ['connection-reuse'],
    why: 'Some twenty HTTP/2 connections carry nine requests of ten, those of HTTP/1 the rest; the connections themselves are even.',
    make: drawn((dice) => {
      const k = dice.between(5, 10)
      const tally = withConnections(tallyOf(dice, k))
      for (let i = dice.between(14, 24); i > 0; i--) {
        const pod = dice.between(0, k - 1)
        const requests = dice.between(4000, 9000)
        carryOver(tally, pod, requests)
        const openedAt = tally.at - dice.between(4000, 9000)
        see(tally, { client: addressIn(dice), pod, openedAt }, { requests, http2: true })
      }
      for (let i = dice.between(600, 1200); i > 0; i--) {
        const pod = dice.between(0, k - 1)
        const requests = dice.between(1, 20)
        carryOver(tally, pod, requests)
        const openedAt = tally.at - dice.random() * 3600
        const life = exponential(dice.random, 30)
        see(tally, { client: addressIn(dice), pod, openedAt, life }, { requests, http2: false })
      }
      return maxToMean(tally) < 1.7 ? null : observed(tally, { scheduler: 'random' }, 'requests')
    }),
  },
  {
    causes: ['few-connections'],
    why: 'Thirty to fifty connections of three days, of different clients and unlike many bytes; none of them stands out.',
    make: drawn((dice) => {
      const k = dice.between(3, 6)
      const tally = withConnections(tallyOf(dice, k))
      for (let i = dice.between(30, 50); i > 0; i--) {
        const pod = dice.between(0, k - 1)
        const bytes = Math.floor(2e8 * lognormal(dice.random, 0.7))
        carryOver(tally, pod, bytes)
        const openedAt = tally.at - dice.between(3 * 86_400, 4 * 86_400)
        see(tally, { client: addressIn(dice), pod, openedAt }, { bytes, http2: false })
      }
      const squares = tally.flows.map(({ bytes = 0 }) => bytes ** 2)
      const standsOut = Math.max(...squares) > 0.3 * squares.reduce((sum, each) => sum + each, 0)
      return standsOut || maxToMean(tally) < 1.4 ? null : observed(tally, { scheduler: 'random' }, 'bytes')
    }),
  },
]
