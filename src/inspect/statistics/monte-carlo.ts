import { seededRandom } from '../../util/random.ts'
import type { Random } from './draw.ts'
import { below } from './numbers.ts'
import { type Tails, tieMargin } from './pearson.ts'

export interface NullDraws {
  /** one draw of the statistic under the null */
  readonly draw: (random: Random) => number
  /** of one draw, in draws of one cell: about 5 ns each */
  readonly cost: number
  readonly seed: string
  /** of each tail; near it the p is drawn more closely */
  readonly level: number
  /** tests that are judged together, so that a p must be known down to level / family */
  readonly family: number
}

export interface SampledTails extends Tails {
  /** no p can be smaller: no draw reached what was seen */
  readonly least: number
}

/** A p of .05 is then known to ±.0007. */
const enough = 99_999
const quickEnough = 19_999
const fewest = 999
/** in draws of one cell: a tenth of a second, and half a second */
const quickly = 2e7
const patiently = 1e8
/** the same for all tests of a family together: some seconds */
const togetherQuickly = 1e9
const togetherPatiently = 2e9
/** a p this many times the level or a part of it is on its side for sure */
const sure = 3

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

/** (hits + 1) / (draws + 1), which a fair draw keeps at or below any level with at most this probability. */
const tailsAmong = (statistics: Float64Array, statistic: number): SampledTails => {
  const draws = statistics.length
  const margin = tieMargin(statistic)
  const upper = draws - below(statistics, statistic - margin)
  const lower = below(statistics, statistic + margin)
  return { upper: (upper + 1) / (draws + 1), lower: (lower + 1) / (draws + 1), least: 1 / (draws + 1) }
}

/**
 * The tails from seeded draws, never 0. The draws are made once and kept, so that many outcomes of one null cost little more
 * than one. A p that is clearly on one side of the level is drawn roughly, one near it closely; in a family every small p; and an
 * upper tail that no draw reached with as many draws as the level and the family need and time allows. A later stage can only take back a
 * rejection, or make smaller a p that was rejected already, so false alarms stay at the level.
 */
export const sampledTails = (nullDraws: NullDraws): ((statistic: number) => SampledTails) => {
  const { cost, level, family } = nullDraws
  const within = (budget: number, least: number, most: number): number =>
    between(least, Math.floor(budget / cost), most)
  const quick = within(Math.min(quickly, togetherQuickly / family), fewest, quickEnough)
  const full = within(Math.min(patiently, togetherPatiently / family), quick, enough)
  const finest = within(patiently, full, Math.ceil((10 * family) / level))
  const first = sorted(nullDraws, 'quick', quick)
  const second = full === quick ? first : sorted(nullDraws, 'full', full)
  const third = sorted(nullDraws, 'finest', finest)
  const near = (p: number): boolean => p <= level * sure && (family > 1 || p >= level / sure)
  return (statistic) => {
    const rough = tailsAmong(first(), statistic)
    const close = near(rough.upper) || near(rough.lower) ? tailsAmong(second(), statistic) : rough
    if (finest === full || close.upper > close.least) return close
    const fine = tailsAmong(third(), statistic)
    return { ...fine, upper: Math.min(close.upper, fine.upper), lower: close.lower }
  }
}

/** Whether there is time for so many draws that their p is better than a good approximation's. */
export const drawsAreWorthIt = (cost: number): boolean => patiently / cost >= quickEnough / 2
