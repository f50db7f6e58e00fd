import type { Fraction, PathStep } from '../model/packet.ts'
import type { Bytes } from './model.ts'

/** A share of the packets and what became of it. The odds of all ends of an outcome sum to exactly 1. */
export interface End {
  /** none: it went through without DNAT. accept: so it did, and a rule accepted it in so many words (only with `accepts`) */
  readonly verdict: 'dnat' | 'reject' | 'drop' | 'accept' | 'none'
  readonly odds: Fraction
  readonly daddr: Bytes
  readonly dport: number
  /** the source is replaced, by masquerade or by SNAT */
  readonly masquerade: boolean
  /** as it leaves; with masquerade '' where the rules do not name the new source */
  readonly saddr: Bytes
}

/** What would become of the packet if something that rules or packet do not say were otherwise than it was taken. */
export interface Possibility {
  /** what would be otherwise: questions as in `Outcome.unknown` */
  readonly unless: readonly string[]
  readonly ends: readonly End[]
}

export interface EvaluateOptions {
  /** ends are `accept` where a rule accepted the packet (dumps, CLI.md); default false: `none` */
  readonly accepts?: boolean
  /** at most so many rules that did not match are put on the path too, with the reason; default 0 */
  readonly misses?: number
}

export interface Outcome {
  readonly ends: readonly End[]
  /** rules that matched, in the order they were met */
  readonly path: readonly PathStep[]
  readonly conditions: readonly string[]
  /** what was not understood, and facts of the packet that were not given and make a difference; where there is any, the answer is partial */
  readonly unknown: readonly string[]
  /** other answers that are possible, because something is unknown */
  readonly possible: readonly Possibility[]
  /** rules that did not match and are not on the path, because there were more than `misses` */
  readonly unshown: number
}
