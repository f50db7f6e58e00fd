import type { SkewVerdict, TestMethod } from '../statistics/index.ts'
import type { CauseCode } from './causes/codes.ts'
import type { LoadUnit } from './observation.ts'

/** EXPLAINED: an even split is rejected and the named cause accounts for what was seen. */
export type Judgement = SkewVerdict | 'EXPLAINED'

/** What `evenkeel skew -o json` prints of a Service (docs/json.md). */
export interface SkewReport {
  /** `namespace/name`, null when only counts were given */
  readonly service: string | null
  readonly unit: LoadUnit
  /** sum of the counts */
  readonly n: number
  /** backends that the rules can choose */
  readonly k: number
  /** of each tail */
  readonly level: number
  /**
   * Independent choices behind the counts: n for connections, clients with affinity or a hash, (Σw)²/Σw² for load; rounded.
   * null: not known, and then nothing can be tested (`statistic`, `p`, `pLower`, `cvLuck` and each `low` and `high` are null).
   */
  readonly draws: number | null
  readonly test: TestMethod
  readonly statistic: number | null
  /** how often luck alone is at least this uneven, by the odds of the rules */
  readonly p: number | null
  /** how often luck alone is at least this even */
  readonly pLower: number | null
  readonly verdict: Judgement
  /** null: nothing to explain (FAIR, NOT-ENOUGH-DATA) */
  readonly cause: Cause | null
  /** in the order they were tried; the first that fits is the cause's */
  readonly nulls: readonly TriedNull[]
  readonly maxOverMean: number
  /** population coefficient of variation of the counts */
  readonly cv: number
  /** what luck alone gives: √(E[cv²]) */
  readonly cvLuck: number | null
  /** draws at which a backend off by half is found with power 0.8 */
  readonly needed: number
  readonly backends: readonly JudgedBackend[]
  /** what the reader must know about the data: parts left out, what could not be told; sentences */
  readonly notes: readonly string[]
}

export interface JudgedBackend {
  readonly name: string
  readonly count: number
  readonly expected: number
  /** the counts that luck allows this backend, each at the level: one in twenty is outside by luck; null with `draws` */
  readonly low: number | null
  readonly high: number | null
}

export interface TriedNull {
  /** codes of causes joined by `+`, or `uniform`, `rules` */
  readonly name: string
  /** upper tail under this null; the first that is above the level fits */
  readonly p: number
}

/**
 * certain: the mechanism is in the data (flows, rules, facts) and accounts for the counts. likely: it accounts for them, but part of the
 * mechanism is inferred. none: unexplained.
 */
export type Certainty = 'certain' | 'likely' | 'none'

export interface Cause {
  readonly code: CauseCode
  /** one sentence with this case's numbers */
  readonly evidence: string
  /** one sentence: what to do; for `unexplained`: what data would tell */
  readonly cure: string
  /** `docs/causes/CODE.md` */
  readonly page: string
  readonly certainty: Certainty
  /** other causes without which the counts are not accounted for, gravest first */
  readonly also: readonly Omit<Cause, 'also'>[]
}
