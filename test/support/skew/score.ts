import type { CauseCode } from '../../../src/inspect/skew/causes/codes.ts'
import type { Cause } from '../../../src/inspect/skew/report.ts'

export interface Score {
  right: number
  unexplained: number
  /** what was named and is not at work */
  readonly wrong: string[]
  /** of them, those where `judge` was certain of a cause that is not at work */
  certain: number
}

const codesOf = (cause: Cause | null): readonly CauseCode[] =>
  cause === null || cause.code === 'unexplained' ? [] : [cause.code, ...cause.also.map(({ code }) => code)]

/**
 * A cause that is not at work is wrong, wherever it is named and however sure; one of two that are at work is right. Those of `mayAlso` are
 * right beside one of `expected`. Where none is expected, right is to name none.
 */
export const score = (
  found: readonly (Cause | null)[],
  expected: readonly CauseCode[],
  mayAlso: readonly CauseCode[] = [],
): Score => {
  const result: Score = { right: 0, unexplained: 0, wrong: [], certain: 0 }
  for (const cause of found) {
    const [main, ...also] = codesOf(cause)
    if (main === undefined) result[expected.length === 0 ? 'right' : 'unexplained']++
    else if (expected.includes(main) && also.every((code) => expected.includes(code) || mayAlso.includes(code)))
      result.right++
    else {
      result.wrong.push([main, ...also].join('+'))
      if (cause && isSureOfAnother(cause, [...expected, ...mayAlso])) result.certain++
    }
  }
  return result
}

const isSureOfAnother = (cause: Cause, right: readonly CauseCode[]): boolean =>
  [cause, ...cause.also].some(({ code, certainty }) => certainty === 'certain' && !right.includes(code))
