/** A straight line through samples, and how sure its slope is. */
export interface Trend {
  readonly mean: number
  /** growth over the whole span of the samples, by the line */
  readonly growth: number
  /** 95 % interval of `growth` */
  readonly low: number
  readonly high: number
  /** the most that counts as flat */
  readonly limit: number
  /** flat: the whole interval is below the limit; growing: all of it above; else the samples do not tell */
  readonly verdict: 'flat' | 'growing' | 'unclear'
}

export interface Sample {
  readonly at: number
  readonly value: number
}

/**
 * Ordinary least squares. Memory of one moment resembles that of the moment before, so the standard error is widened by the residuals'
 * first autocorrelation, √((1+r)/(1−r)) for r > 0: without that, slow waves would pass for a slope.
 */
export const trend = (samples: readonly Sample[], limit: number): Trend => {
  const count = samples.length
  if (count < 4) throw new RangeError(`a trend needs 4 samples, not ${count}`)
  const meanAt = mean(samples.map(({ at }) => at))
  const average = mean(samples.map(({ value }) => value))
  let squares = 0
  let products = 0
  for (const { at, value } of samples) {
    squares += (at - meanAt) ** 2
    products += (at - meanAt) * (value - average)
  }
  const slope = products / squares
  const residuals = samples.map(({ at, value }) => value - average - slope * (at - meanAt))
  const variance = sum(residuals.map((one) => one * one)) / (count - 2)
  const error = Math.sqrt(variance / squares) * wider(residuals)
  const span = (samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0)
  const growth = slope * span
  const reach = studentT975(count - 2) * error * span
  const [low, high] = [growth - reach, growth + reach]
  return {
    mean: average,
    growth,
    low,
    high,
    limit,
    verdict: high <= limit ? 'flat' : low > limit ? 'growing' : 'unclear',
  }
}

const wider = (residuals: readonly number[]): number => {
  const squares = sum(residuals.map((one) => one * one))
  if (squares === 0) return 1
  const r = sum(residuals.slice(1).map((one, index) => one * (residuals[index] ?? 0))) / squares
  const bounded = Math.min(0.95, Math.max(0, r))
  return Math.sqrt((1 + bounded) / (1 - bounded))
}

/** The 97.5 % point of Student's t (Cornish–Fisher, Abramowitz and Stegun 26.7.5): to 0.5 % from 3 degrees of freedom. */
export const studentT975 = (freedom: number): number => {
  const z = 1.959963984540054
  const terms = [
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92_160,
  ]
  return terms.reduce((total, term, index) => total + term / freedom ** (index + 1), z)
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const mean = (values: readonly number[]): number => sum(values) / values.length
