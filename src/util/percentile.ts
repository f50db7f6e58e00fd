/** The nearest-rank percentile of values, as they come; NaN of none. */
export const percentile = (values: readonly number[], percent: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN
}

export interface Quantiles {
  readonly p50: number
  readonly p99: number
}

export const quantiles = (values: readonly number[]): Quantiles => ({
  p50: round(percentile(values, 50)),
  p99: round(percentile(values, 99)),
})

/** Three decimals: the clock's microseconds. */
export const round = (value: number): number => Math.round(value * 1000) / 1000
