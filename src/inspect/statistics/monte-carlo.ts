import { seededRandom } from '../../util/random.ts'
import type { Random } from './draw.ts'
import { type Tails, tieMargin } from './pearson.ts'

export interface NullDraws {
  /** one draw of the statistic under the null */
  readonly draw: (random: Random) => number
  /** of one draw, in draws of one cell: about 5 ns each */
  readonly cost: number
  readonly seed: string
  /** of each tail; near it the p is drawn more exactly */
  readonly level: number
  /** tests that are judged together, so that a p must be known down to level / family */
  readonly family: number
}

export interface SampledTails extends Tails {
  /** no p can be smaller: no draw reached what was seen */
  readonly least: number
}

/** With 19,999 draws a p of .05 is known to ±.0015. */
const enough = 19_999
const fewest = 999
/** in draws of one cell: a tenth of a second, and half a second */
const quickly = 2e7
const patiently = 1e8

const between = (low: number, x: number, high: number): number => Math.max(low, Math.min(x, high))

/** Sorted statistics of `count` draws, made when first asked for. */
const sorted = ({ draw, seed }: NullDraws, stage: string, count: number): (() => Float64Array) => {
  let statistics: Float64Array | undefined
  return () => {
    if (statistics === undefined) {
      const random = seededRandom(`${seed}/${stage}`)
      statistics = new Float64Array(count)
      for (let i = 0; i < count; i++) statistics[i] = draw(random)
      statistics.sort()
    }
    return statistics
  }
}

/** How many of the sorted statistics are less than x. */
const below = (statistics: Float64Array, x: number): number => {
  let low = 0
  let high = statistics.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((statistics[middle] ?? 0) < x) low = middle + 1
    else high = middle
  }
  return low
}

/** (hits + 1) / (draws + 1), which a fair draw keeps at or below any level with at most this probability. */
const tailsAmong = (statistics: Float64Array, statistic: number): SampledTails => {
  const draws = statistics.length
  const margin = tieMargin(statistic)
  const upper = draws - below(statistics, statistic - margin)
  const lower = below(statistics, statistic + margin)
  return { upper: (upper + 1) / (draws + 1), lower: (lower + 1) / (draws + 1), least: 1 / (draws + 1) }
}

const smaller = ({ upper, lower }: Tails): number => Math.min(upper, lower)

/**
 * The tails from seeded draws, never 0. The draws are made once and kept, so that many outcomes of one null cost little more
 * than one. A p far above the level is drawn roughly, one near it exactly, and one that no draw reached, in a family,
 * with as many draws as the family needs and time allows. Each stage can only take back a rejection, or make a p smaller that
 * was rejected already, so false alarms stay at or below the level.
 */
export const sampledTails = (nullDraws: NullDraws): ((statistic: number) => SampledTails) => {
  const { cost, level, family } = nullDraws
  const most = Math.floor(patiently / cost)
  const quick = between(fewest, Math.floor(quickly / cost), enough)
  const full = between(quick, most, enough)
  const finest = between(full, most, Math.ceil((10 * family) / level))
  const first = sorted(nullDraws, 'quick', quick)
  const second = full === quick ? first : sorted(nullDraws, 'full', full)
  const third = sorted(nullDraws, 'finest', finest)
  return (statistic) => {
    const rough = tailsAmong(first(), statistic)
    if (smaller(rough) > 3 * level) return rough
    const close = tailsAmong(second(), statistic)
    if (finest === full || smaller(close) > close.least) return close
    const fine = tailsAmong(third(), statistic)
    return { ...fine, upper: Math.min(close.upper, fine.upper), lower: Math.min(close.lower, fine.lower) }
  }
}

/** Whether there is time for so many draws that their p is better than a good approximation's. */
export const drawsAreWorthIt = (cost: number): boolean => patiently / cost >= enough / 2
