import type { FigureTable, ImbalanceRun, Quantity } from '../report.ts'
import { nameOfRun } from '../result.ts'
import { shareOfNewcomers } from './formula.ts'
import { meanLife, type Reconnecting, sampleSeconds, variants, watchedSeconds } from './variants.ts'

/** In mean lives: where curve and band are compared, and what the table shows. */
const comparedAt = [0.25, 0.5, 1, 1.5, 2, 3] as const

const nameAt = (lives: number): string => `share of the new pods after ${lives * meanLife} s`

/** The curve at the moments compared: as quantities, and the columns of the simulated rows that they belong to. */
export const moments = (
  points: readonly (readonly [seconds: number, share: number])[],
  times: readonly number[],
): { readonly columns: readonly number[]; readonly quantities: readonly Quantity[] } => {
  const columns: number[] = []
  const quantities: Quantity[] = []
  for (const lives of comparedAt) {
    const column = times.indexOf(lives * meanLife)
    const value = valueAt(points, lives * meanLife)
    if (column < 0 || value === null) continue
    columns.push(column)
    quantities.push({ name: nameAt(lives), unit: 'of their fair share', value })
  }
  return { columns, quantities }
}

/** Between the two points around it; null: outside of the curve, by more than a sample. */
const valueAt = (points: readonly (readonly [seconds: number, share: number])[], at: number): number | null => {
  const after = points.find(([seconds]) => seconds >= at)
  const before = points.findLast(([seconds]) => seconds <= at)
  if (after === undefined) return before !== undefined && at - before[0] < 2 * sampleSeconds ? before[1] : null
  if (before === undefined) return null
  const [from, to] = [before[0], after[0]]
  return from === to ? after[1] : before[1] + ((after[1] - before[1]) * (at - from)) / (to - from)
}

/** Without the nodes' lag. */
export const formulaCurve = ({
  lifetime,
  requestsPerSecond,
}: Reconnecting): readonly (readonly [seconds: number, share: number])[] =>
  Array.from({ length: Math.floor(watchedSeconds / sampleSeconds) + 1 }, (_, i) => {
    const seconds = i * sampleSeconds
    return [seconds, shareOfNewcomers(lifetime, requestsPerSecond, seconds)] as const
  })

/** Measured, and by the formula, for each variant. */
export const formulaTable = (runs: readonly ImbalanceRun[]): FigureTable => ({
  title: `the new pods' share, of their fair share (T = ${meanLife} s)`,
  header: ['', ...comparedAt.map((lives) => (lives === 1 ? 'T' : `${lives}T`))],
  rows: variants.flatMap(({ name, lifetime, requestsPerSecond }) => {
    const measured = runs.filter(({ variant }) => variant === name)
    const formula = comparedAt.map((lives) => percent(shareOfNewcomers(lifetime, requestsPerSecond, lives * meanLife)))
    return [
      [`formula: ${name}`, ...formula],
      ...measured.map((run) => [nameOfRun(run), ...comparedAt.map((lives) => shareAt(run, lives))]),
    ]
  }),
})

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`

const shareAt = ({ predicted }: ImbalanceRun, lives: number): string => {
  const found = predicted.find(({ name }) => name === nameAt(lives))
  return found === undefined ? '-' : percent(found.value)
}

export const findingsOf = (runs: readonly ImbalanceRun[]): readonly string[] => [
  `connections that never end leave new pods idle; whoever reconnects within T brings them 63 % of their share within T`,
  ...runs
    .filter(({ variant }) => variant === variants[0]?.name)
    .map((run) => `${nameOfRun(run)}: the new pods hold ${shareAt(run, 3)} of their share after ${3 * meanLife} s`),
]
