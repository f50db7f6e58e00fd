import { type Block, emptyBlock, filled, sameOdds } from './even-blocks.ts'
import { evidenceOf, extended, logSumExp, type Look, newStretch, type Stretch } from './e-process.ts'
import { neededFor } from './needed.ts'
import { sum } from './numbers.ts'
import { checkCounts, checkLevel, sharesOf } from './skew-test.ts'
import { type SkewVerdict, verdictOf } from './verdict.ts'

/** Watching for ever: a verdict at every look whose false alarms stay at or below the level over all looks together. */
export interface Watch {
  /** of each tail */
  readonly level: number
  /** connections since the watch began */
  readonly n: number
  /** of all backends ever seen, by name: what came, and what the odds of each look gave */
  readonly backends: ReadonlyMap<string, { readonly count: number; readonly expected: number }>
  /** against the odds: some backend gets more or less than them */
  readonly skewed: Evidence
  /** against chance: more even than it */
  readonly tooEven: Evidence
  /** once SKEWED or TOO-EVEN, so for ever: begin a new watch to ask again */
  readonly verdict: SkewVerdict
  /** as `SkewTest.needed`, by the odds of the last look */
  readonly needed: number
  /** what the next look builds on */
  readonly stretches: readonly Stretch[]
  /** stretches that were begun */
  readonly starts: number
  readonly block: Block
}

export interface Evidence {
  /** natural logarithm of the e-value now; at 1/level it rejects */
  readonly logE: number
  /** p valid at any time: 1 over the greatest e-value so far */
  readonly p: number
  /** connections that had come before the stretch that speaks loudest */
  readonly from: number
}

/** What came of one backend since the last look. */
export interface Arrivals {
  readonly name: string
  readonly count: number
  /** in proportion, of the rules while these came */
  readonly odds: number
}

const none: Evidence = { logE: 0, p: 1, from: 0 }

/** Throws RangeError unless the level, of each tail, is between 0 and 1. */
export const startWatch = (level = 0.05): Watch => {
  checkLevel(level)
  return { ...nothing, level }
}

const nothing: Omit<Watch, 'level'> = {
  n: 0,
  backends: new Map(),
  skewed: none,
  tooEven: none,
  verdict: 'NOT-ENOUGH-DATA',
  needed: 0,
  stretches: [newStretch(0, 0)],
  starts: 1,
  block: emptyBlock,
}

/**
 * The watch with what came since the last look; backends may come and go, and odds change, from look to look. How often one looks
 * is free, as long as it does not depend on who was chosen since the last time.
 * Throws RangeError as `testCounts`, and where a name is given twice.
 */
export const look = (watch: Watch, arrivals: readonly Arrivals[]): Watch => {
  if (arrivals.every(({ count }) => count === 0)) return watch
  const seen = lookOf(arrivals)
  const arrived = sum(seen.counts)
  const n = watch.n + arrived
  const choices = seen.odds.filter((p) => p > 0)
  const needed = sameOdds(watch.block.open, seen) ? watch.needed : neededFor(choices, watch.level)
  const extendedStretches = watch.stretches.map((stretch) => extended(stretch, seen))
  const skewed = evidenceFrom(watch, extendedStretches)
  const block = filled(watch.block, seen)
  const tooEven = { logE: block.logE, p: Math.min(watch.tooEven.p, Math.exp(-block.logE)), from: 0 }
  const rejected = { upper: skewed.p <= watch.level, lower: tooEven.p <= watch.level }
  return {
    level: watch.level,
    n,
    backends: tallied(watch.backends, seen),
    skewed,
    tooEven,
    verdict: verdictOf(rejected, { n, k: choices.length, needed }),
    needed,
    ...begun(watch.starts, extendedStretches, { n, needed }),
    block,
  }
}

const lookOf = (arrivals: readonly Arrivals[]): Look => {
  const names = arrivals.map(({ name }) => name)
  const known = new Set<string>()
  for (const name of names) {
    if (known.has(name)) throw new RangeError(`backend ${name} is given twice`)
    known.add(name)
  }
  const counts = arrivals.map(({ count }) => count)
  checkCounts(counts)
  return { names, counts, odds: sharesOf(arrivals.map(({ odds }) => odds)) }
}

const tallied = (backends: Watch['backends'], { names, counts, odds }: Look): Watch['backends'] => {
  const arrived = sum(counts)
  const after = new Map(backends)
  names.forEach((name, i) => {
    const { count, expected } = after.get(name) ?? { count: 0, expected: 0 }
    after.set(name, { count: count + (counts[i] ?? 0), expected: expected + arrived * (odds[i] ?? 0) })
  })
  return after
}

/** Part of the stake: 1/((j + 1)(j + 2)) for the j-th start, which sum to 1. */
const logStake = ({ order }: Stretch): number => -Math.log((order + 1) * (order + 2))

const stakedEvidence = (stretch: Stretch): number => logStake(stretch) + evidenceOf(stretch)

/** What is not staked yet, 1/(starts + 1), is worth itself. */
const evidenceFrom = ({ skewed, starts }: Watch, stretches: readonly Stretch[]): Evidence => {
  const parts = stretches.map(stakedEvidence)
  const logE = logSumExp([...parts, -Math.log(starts + 1)])
  const loudest = stretches[parts.indexOf(parts.reduce((a, b) => Math.max(a, b), -Infinity))]
  return { logE, p: Math.min(skewed.p, Math.exp(-logE)), from: loudest?.from ?? 0 }
}

/** Stakes in so many stretches at once; of more the least is let go, which only lowers the evidence. */
const mostStretches = 8

/**
 * A fair past would hide a later skew for as long as it lasted. So a part of the stake is kept for a start now and again: whenever half
 * the connections came that a verdict takes.
 */
const begun = (
  starts: number,
  stretches: readonly Stretch[],
  { n, needed }: { readonly n: number; readonly needed: number },
): Pick<Watch, 'starts' | 'stretches'> => {
  const last = stretches.reduce((latest, { from }) => Math.max(latest, from), 0)
  if (n - last < needed / 2) return { starts, stretches }
  const loudest = stretches.toSorted((a, b) => stakedEvidence(b) - stakedEvidence(a)).slice(0, mostStretches - 1)
  return { starts: starts + 1, stretches: [...loudest, newStretch(starts, n)] }
}
