/** How CPU grows with connections, from pods whose connections are known: CPU = factor × connections^exponent. Pure. */
export interface CostModel extends CostLaw {
  /** how well the exponent is known: its variance is sigma² ÷ this (sum of squares of centred logarithms) */
  readonly spread: number
  /** how well sigma is known: degrees of freedom that are left of the points */
  readonly free: number
}

/** As it might be. */
export interface CostLaw {
  /** below 1: busier processes find more to do each time they wake */
  readonly exponent: number
  /** standard deviation of the logarithm of what is measured about what the model says: the meter's noise and pods that differ */
  readonly sigma: number
}

export interface CostPoint {
  readonly connections: number
  /** in any unit */
  readonly cpu: number
}

/** A meter is not trusted to be better than this, however well a few points fit. */
const leastSigma = 0.02

/**
 * Least squares of logarithms. Of several `series` each has a factor of its own, because the machine is not as busy each time.
 * Throws RangeError where fewer than three points are left over, or where a series does not vary.
 */
export const fitCost = (series: readonly (readonly CostPoint[])[]): CostModel => {
  const centred = series.flatMap((points) => {
    const logs = points.map(({ connections, cpu }) => ({ x: Math.log(connections), y: Math.log(cpu) }))
    const x = mean(logs.map((point) => point.x))
    const y = mean(logs.map((point) => point.y))
    return logs.map((point) => ({ x: point.x - x, y: point.y - y }))
  })
  const spread = sum(centred.map(({ x }) => x * x))
  const free = centred.length - series.length - 1
  if (!(spread > 0) || free < 3 || centred.some(({ y }) => !Number.isFinite(y)))
    throw new RangeError(`cannot tell what connections cost from ${JSON.stringify(series)}`)
  const exponent = sum(centred.map(({ x, y }) => x * y)) / spread
  const residual = sum(centred.map(({ x, y }) => (y - exponent * x) ** 2)) / free
  return { exponent, sigma: Math.max(leastSigma, Math.sqrt(residual)), spread, free }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, x) => total + x, 0)
const mean = (numbers: readonly number[]): number => sum(numbers) / numbers.length

/**
 * A law that fits the points as well as others do: a few points tell neither the noise nor the exponent exactly, and a band that takes them for exact is
 * too narrow, or too wide, for every run that it is held against. The posterior of a linear model with the usual reference prior (Box and Tiao 1973, 2.7):
 * sigma² is its estimate × free ÷ χ², the exponent normal about its own. `normal` answers draws of the standard normal distribution.
 */
export const drawLaw = ({ exponent, sigma, spread, free }: CostModel, normal: () => number): CostLaw => {
  let chiSquared = 0
  for (let i = 0; i < free; i++) chiSquared += normal() ** 2
  const drawn = sigma * Math.sqrt(free / chiSquared)
  return { exponent: exponent + (drawn / Math.sqrt(spread)) * normal(), sigma: drawn }
}

/** What a total comes to on pods with so many connections; `normal` answers draws of the standard normal distribution. */
export const costShares = (
  connections: readonly number[],
  { exponent, sigma }: CostLaw,
  normal: () => number,
): readonly number[] => {
  const costs = connections.map((count) => (count === 0 ? 0 : count ** exponent * Math.exp(sigma * normal())))
  const total = sum(costs)
  return costs.map((cost) => (total > 0 ? cost / total : 0))
}
