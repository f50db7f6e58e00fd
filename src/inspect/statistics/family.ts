import { type SkewVerdict, verdictOf } from './verdict.ts'

/** How tests that were asked together keep their level: over the chance of any false alarm, or over the share of them. */
export type FamilyMethod = 'holm' | 'benjamini-hochberg'

/** What `familyVerdicts` reads of a test. */
export interface FamilyMember {
  readonly n: number
  readonly k: number
  readonly needed: number
  readonly p: number
  readonly pLower: number
}

/** Indices in the order of their p, smallest first. */
const ranked = (ps: readonly number[]): readonly number[] =>
  ps
    .map((p, index) => ({ p, index }))
    .toSorted((a, b) => a.p - b.p)
    .map(({ index }) => index)

/** p adjusted by Holm 1979, in the order given: at most `level` exactly where Holm rejects at that level. */
export const holm = (ps: readonly number[]): readonly number[] => {
  const adjusted = ps.slice()
  let most = 0
  ranked(ps).forEach((index, i) => {
    most = Math.max(most, Math.min(1, (ps[index] ?? 1) * (ps.length - i)))
    adjusted[index] = most
  })
  return adjusted
}

/** q-values by Benjamini and Hochberg 1995, in the order given: rejecting q ≤ level keeps false discoveries below that share. */
export const benjaminiHochberg = (ps: readonly number[]): readonly number[] => {
  const adjusted = ps.slice()
  let least = 1
  ranked(ps)
    .toReversed()
    .forEach((index, i) => {
      least = Math.min(least, (ps[index] ?? 1) * (ps.length / (ps.length - i)))
      adjusted[index] = least
    })
  return adjusted
}

/**
 * The same for e-values (Wang and Ramdas 2022, "False discovery rate control with e-values"), also when they depend on each
 * other: rejecting q ≤ level keeps false discoveries below that share, at any time.
 * @param logEs natural logarithms
 */
export const benjaminiHochbergOfEValues = (logEs: readonly number[]): readonly number[] =>
  benjaminiHochberg(logEs.map((logE) => Math.min(1, Math.exp(-logE))))

const adjust = { holm, 'benjamini-hochberg': benjaminiHochberg }

/**
 * The verdicts of tests that were asked together, so that many Services do not make one look skewed by their number. Each
 * tail is a family at its own level.
 */
export const familyVerdicts = (
  tests: readonly FamilyMember[],
  level: number,
  method: FamilyMethod = 'holm',
): readonly SkewVerdict[] => {
  const upper = adjust[method](tests.map(({ p }) => p))
  const lower = adjust[method](tests.map(({ pLower }) => pLower))
  return tests.map((test, i) => verdictOf({ upper: (upper[i] ?? 1) <= level, lower: (lower[i] ?? 1) <= level }, test))
}
