import type { CauseCode, NamedCause } from '../src/inspect/skew/causes/codes.ts'
import { judge } from '../src/inspect/skew/judge.ts'
import type { Observation } from '../src/inspect/skew/observation.ts'
import { fourth } from '../test/support/skew/fourth.ts'
import { heldOut } from '../test/support/skew/held-out.ts'
import { mixtures } from '../test/support/skew/mixtures.ts'
import { purposeBuilt } from '../test/support/skew/purpose-built.ts'
import { type Score, score } from '../test/support/skew/score.ts'
import { third } from '../test/support/skew/third.ts'

interface Case {
  readonly causes: readonly CauseCode[]
  readonly make: (seed: string) => Observation
}

export interface CausesReport {
  readonly seeds: number
  readonly sets: readonly (Omit<Score, 'wrong'> & {
    readonly name: string
    readonly cases: number
    readonly wrong: number
  })[]
}

const sets: readonly (readonly [name: string, cases: readonly Case[]])[] = [
  [
    'one cause',
    (Object.keys(purposeBuilt) as NamedCause[]).map((code) => ({ causes: [code], make: purposeBuilt[code] })),
  ],
  ['mixtures', mixtures],
  ['held out', heldOut],
  ['third set', third],
  ['fourth set', fourth],
]

/** How often `skew` names what is at work, on the data of its own tests, each made `seeds` times. */
export const benchCauses = (seeds: number, progress: (line: string) => void): CausesReport => ({
  seeds,
  sets: sets.map(([name, cases]) => {
    progress(name)
    const scores = cases.map(({ causes, make }, i) =>
      score(
        Array.from({ length: seeds }, (_, seed) => judge(make(`${i} ${seed}`)).cause),
        causes,
      ),
    )
    const total = (of: (one: Score) => number): number => scores.reduce((sum, one) => sum + of(one), 0)
    return {
      name,
      cases: cases.length * seeds,
      right: total(({ right }) => right),
      unexplained: total(({ unexplained }) => unexplained),
      wrong: total(({ wrong }) => wrong.length),
      certain: total(({ certain }) => certain),
    }
  }),
})

export const formatCauses = ({ sets: all }: CausesReport): string =>
  all
    .map(
      ({ name, cases, right, unexplained, wrong, certain }) =>
        `${name.padEnd(12)}${cases} cases: ${right} right, ${unexplained} unexplained, ${wrong} wrong, ${certain} of them certain`,
    )
    .join('\n')
