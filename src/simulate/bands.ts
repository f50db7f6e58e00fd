import type { Band, Series, WideBand } from './model.ts'

/** The nearest-rank quantile of ascending values (q 0 … 1); NaN of none. */
export const quantile = (sorted: Float64Array, q: number): number =>
  // the epsilon keeps 0.95 · 20 at the 19th although it is a little more than 19 in doubles
  sorted[Math.max(0, Math.ceil(q * sorted.length - 1e-9) - 1)] ?? Number.NaN

/** The values need no order; they are put into ascending order. */
export const bandOf = (values: Float64Array): Band => {
  values.sort()
  return { low: quantile(values, 0.05), median: quantile(values, 0.5), high: quantile(values, 0.95) }
}

/** As bandOf, with the outer quantiles and the mean. */
export const wideBandOf = (values: Float64Array): WideBand => {
  const band = bandOf(values)
  // summed in ascending order, so that the order of the runs cannot matter
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return { ...band, lowest: quantile(values, 0.025), highest: quantile(values, 0.975), mean }
}

/** Values of many runs at many moments: [moment × runs + run]. Each moment's values are put into order. */
export const seriesOf = (values: Float64Array, runs: number): Series => {
  const bands = Array.from({ length: values.length / runs }, (_, moment) =>
    bandOf(values.subarray(moment * runs, (moment + 1) * runs)),
  )
  return {
    low: bands.map(({ low }) => low),
    median: bands.map(({ median }) => median),
    high: bands.map(({ high }) => high),
  }
}
