import type { CauseCode } from '../../../src/inspect/skew/causes/codes.ts'
import type { Cause } from '../../../src/inspect/skew/report.ts'

export interface Score {
  right: number
  unexplained: number
  /** what was named and is not at work */
  readonly wrong: string[]
  /** of them, those that `judge` was certain of */
  certain: number
}

const codesOf = (cause: Cause | null): readonly CauseCode[] =>
  cause === null || cause.code === 'unexplained' ? [] : [cause.code, ...cause.also.map(({ code }) => code)]

/** A cause that is not at work is wrong, wherever it is named and however sure; one of two that are at work is right. */
export const score = (found: readonly (Cause | null)[], expected: readonly CauseCode[]): Score => {
  const result: Score = { right: 0, unexplained: 0, wrong: [], certain: 0 }
  for (const cause of found) {
    const named = codesOf(cause)
    if (named.length === 0) result.unexplained++
    else if (named.every((code) => expected.includes(code))) result.right++
    else {
      result.wrong.push(named.join('+'))
      if (cause?.certainty === 'certain') result.certain++
    }
  }
  return result
}
