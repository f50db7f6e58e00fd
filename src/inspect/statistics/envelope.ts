/**
 * What simulated runs come to, in all quantities at once: the global rank envelope (Myllymäki, Mrkvička, Grabarnik, Seijo and
 * Hahn, "Global envelope tests for spatial processes", J. R. Statist. Soc. B 79, 2017). Ten bands that each hold 95 of 100 runs
 * are left by two runs in five; this one is left by one run in twenty, however many quantities there are. Pure.
 */

export interface Band {
  readonly low: number
  readonly median: number
  readonly high: number
}

export interface JointBand {
  /** of each quantity */
  readonly bands: readonly Band[]
  /** the measured run is within all of them */
  readonly inside: boolean
  /** share of all runs, the measured one among them, that are as far out as it is: 1/(runs + 1) … 1 */
  readonly p: number
  /** share of all runs that are farther out: what is left to `p` are those alike */
  readonly farther: number
  /** chance that a run like the simulated ones is within all bands: `share` at least, and more where values are few and many runs are alike */
  readonly holds: number
}

/**
 * Each row is a simulated run and holds a value for each quantity. The bands, one for each quantity, hold at least `share` of the
 * rows whole, and are as narrow as equal depth in all quantities makes them. Throws RangeError without rows, or where their lengths differ.
 */
export const rankEnvelope = (simulated: readonly (readonly number[])[], share = 0.95): readonly Band[] => {
  check(simulated)
  const columns = columnsOf(simulated)
  const ranks = simulated.map((row) => extremeRank(columns, row)).sort((a, b) => a - b)
  const depth = ranks[Math.floor((1 - share) * ranks.length)] ?? 1
  return columns.map((values) => bandAt(values, depth))
}

/** Is a measured run, with a value for each quantity, one of them? Throws as `rankEnvelope`. */
export const jointBand = (
  simulated: readonly (readonly number[])[],
  measured: readonly number[],
  share = 0.95,
): JointBand => {
  check([...simulated, measured])
  const bands = rankEnvelope(simulated, share)
  const outside = simulated.filter((row) => !isWithin(bands, row)).length
  return {
    bands,
    inside: isWithin(bands, measured),
    ...outermost(simulated, measured),
    // of so many runs, one more than simulated, as many may be outside
    holds: 1 - (outside + 1) / (simulated.length + 1),
  }
}

const isWithin = (bands: readonly Band[], row: readonly number[]): boolean =>
  bands.every(({ low, high }, i) => low <= (row[i] ?? NaN) && (row[i] ?? NaN) <= high)

const check = (rows: readonly (readonly number[])[]): void => {
  const quantities = rows[0]?.length ?? 0
  if (rows.length === 0) throw new RangeError('a band needs simulated runs')
  const odd = rows.findIndex((row) => row.length !== quantities || row.some(Number.isNaN))
  if (odd >= 0) throw new RangeError(`run ${odd} has not a number for each of ${quantities} quantities`)
}

/** Each quantity's values, ascending. */
const columnsOf = (rows: readonly (readonly number[])[]): readonly Float64Array[] =>
  (rows[0] ?? []).map((_, i) => Float64Array.from(rows, (row) => row[i] ?? 0).sort())

/** How many runs are at least as far out, on the side and in the quantity where fewest are; ties count as farther. */
const extremeRank = (columns: readonly Float64Array[], row: readonly number[]): number =>
  columns.reduce((least, values, i) => {
    const value = row[i] ?? NaN
    return Math.min(least, firstAbove(values, value), values.length - firstFrom(values, value))
  }, Infinity)

const outermost = (
  simulated: readonly (readonly number[])[],
  measured: readonly number[],
): Pick<JointBand, 'p' | 'farther'> => {
  const all = [...simulated, measured]
  const columns = columnsOf(all)
  const own = extremeRank(columns, measured)
  const ranks = all.map((row) => extremeRank(columns, row))
  return {
    p: ranks.filter((rank) => rank <= own).length / all.length,
    farther: ranks.filter((rank) => rank < own).length / all.length,
  }
}

const bandAt = (values: Float64Array, depth: number): Band => ({
  low: values[depth - 1] ?? NaN,
  median: values[Math.floor((values.length - 1) / 2)] ?? NaN,
  high: values[values.length - depth] ?? NaN,
})

/** Index of the first value that is at least `limit` (`length`: none). */
const firstFrom = (values: Float64Array, limit: number): number => search(values, (value) => value >= limit)

/** Index of the first value above `limit`. */
const firstAbove = (values: Float64Array, limit: number): number => search(values, (value) => value > limit)

const search = (values: Float64Array, holds: (value: number) => boolean): number => {
  let from = 0
  let to = values.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if (holds(values[middle] ?? NaN)) to = middle
    else from = middle + 1
  }
  return from
}
