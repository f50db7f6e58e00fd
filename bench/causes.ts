import type { CauseCode, NamedCause } from '../src/inspect/skew/causes/codes.ts'
import { judge } from '../src/inspect/skew/judge.ts'
import type { SkewReport } from '../src/inspect/skew/report.ts'
import type { Observation } from '../src/inspect/skew/observation.ts'
import { throughFiles } from '../test/support/skew/files/through-files.ts'
import { eighth } from '../test/support/skew/eighth/eighth.ts'
import { fifth } from '../test/support/skew/fifth.ts'
import { fourth } from '../test/support/skew/fourth.ts'
import { heldOut } from '../test/support/skew/held-out.ts'
import { mixtures } from '../test/support/skew/mixtures.ts'
import { purposeBuilt } from '../test/support/skew/purpose-built.ts'
import { sample } from '../test/support/skew/sampler/sample.ts'
import { type Score, score } from '../test/support/skew/score.ts'
import { sixth } from '../test/support/skew/sixth.ts'
import { third } from '../test/support/skew/third.ts'

interface Case {
  readonly causes: readonly CauseCode[]
  readonly mayAlso?: readonly CauseCode[]
  readonly make: (seed: string) => Observation
}

type SetScore = Omit<Score, 'wrong'> & {
  readonly name: string
  readonly cases: number
  readonly wrong: number
}

export interface CausesReport {
  readonly seeds: number
  readonly sets: readonly SetScore[]
  /** the same sets, each case once, printed as files of real tools and read back: files say less */
  readonly files: readonly SetScore[]
  /** of situations drawn from the whole space, by each cause that is at work; `nothing`: luck, or a reason without a name */
  readonly sampled: readonly Confusion[]
}

interface Confusion {
  readonly cause: NamedCause | 'nothing'
  right: number
  /** SKEWED, and unexplained */
  unexplained: number
  /** FAIR, too even or too few to tell: weak, or not in what is seen */
  quiet: number
  wrong: number
  certain: number
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
  ['fifth set', fifth],
  ['sixth set', sixth],
  ['eighth set', eighth],
]

/** How often `skew` names what is at work, on the data of its own tests, each made `seeds` times. */
export const benchCauses = async (seeds: number, progress: (line: string) => void): Promise<CausesReport> => ({
  seeds,
  sets: sets.map(([name, cases]) => {
    progress(name)
    const scores = cases.map(({ causes, mayAlso, make }, i) =>
      score(
        Array.from({ length: seeds }, (_, seed) => judge(make(`${i} ${seed}`)).cause),
        causes,
        mayAlso,
      ),
    )
    return totals(name, cases.length * seeds, scores)
  }),
  files: await throughAllFiles(progress),
  sampled: confusion(60 * seeds),
})

const totals = (name: string, cases: number, scores: readonly Score[]): SetScore => {
  const total = (of: (one: Score) => number): number => scores.reduce((sum, one) => sum + of(one), 0)
  return {
    name,
    cases,
    right: total(({ right }) => right),
    unexplained: total(({ unexplained }) => unexplained),
    wrong: total(({ wrong }) => wrong.length),
    certain: total(({ certain }) => certain),
  }
}

const throughAllFiles = async (progress: (line: string) => void): Promise<readonly SetScore[]> => {
  const found: SetScore[] = []
  for (const [name, cases] of sets) {
    progress(`${name}, through files`)
    const scores: Score[] = []
    for (const [i, { causes, mayAlso, make }] of cases.entries()) {
      const [read] = await throughFiles(make(`${i} 0`))
      scores.push(score([read === undefined ? null : judge(read.observation).cause], causes, mayAlso))
    }
    found.push(totals(`${name}, through files`, cases.length, scores))
  }
  return found
}

/** Weak and strong causes, alone and in pairs, of which the observer has any part of the evidence: many cannot be told. */
const confusion = (count: number): readonly Confusion[] => {
  const rows = new Map<string, Confusion>()
  for (let i = 0; i < count; i++) {
    const { causes, observation } = sample(`bench ${i}`)
    const report = judge(observation)
    for (const cause of causes.length === 0 ? (['nothing'] as const) : causes) {
      const row = rows.get(cause) ?? { cause, right: 0, unexplained: 0, quiet: 0, wrong: 0, certain: 0 }
      rows.set(cause, row)
      row[outcome(report, causes)]++
    }
  }
  return [...rows.values()].toSorted((a, b) => (a.cause < b.cause ? -1 : 1))
}

const outcome = (report: SkewReport, causes: readonly NamedCause[]): Exclude<keyof Confusion, 'cause'> => {
  const { wrong, certain } = score([report.cause], causes)
  if (certain > 0) return 'certain'
  if (wrong.length > 0) return 'wrong'
  const named = report.cause !== null && report.cause.code !== 'unexplained'
  return named ? 'right' : report.verdict === 'SKEWED' ? 'unexplained' : 'quiet'
}

export const formatCauses = ({ sets: all, files, sampled }: CausesReport): string =>
  [
    ...[...all, ...files].map(
      ({ name, cases, right, unexplained, wrong, certain }) =>
        `${name.padEnd(28)}${cases} cases: ${right} right, ${unexplained} unexplained, ${wrong} wrong, ${certain} of them certain`,
    ),
    'drawn from the whole space, by cause: right, unexplained, no verdict, wrong (likely), wrong (certain)',
    ...sampled.map(({ cause, right, unexplained, quiet, wrong, certain }) =>
      [cause.padEnd(24), ...[right, unexplained, quiet, wrong, certain].map((count) => String(count).padStart(5))].join(
        '',
      ),
    ),
  ].join('\n')
