import type { Duration } from './model.ts'

/** Draws one value. */
export type Sampler = () => number

/** Uniform in [0, 1) with 53 bits, of a source of uint32. */
export const uniformOf =
  (random: Sampler): Sampler =>
  () =>
    ((random() >>> 5) * 0x4000000 + (random() >>> 6)) / 2 ** 53

/** A sampler of seconds; Infinity is forever. `cycle` counts for itself, so one sampler belongs to one client group. */
export const samplerOf = (duration: Duration, uniform: Sampler): Sampler => {
  switch (duration.kind) {
    case 'fixed':
      return () => duration.seconds
    case 'uniform':
      return () => duration.low + (duration.high - duration.low) * uniform()
    case 'exponential':
      return () => -duration.mean * Math.log(1 - uniform())
    case 'lognormal':
      return lognormal(duration.median, duration.sigma, uniform)
    case 'forever':
      return () => Number.POSITIVE_INFINITY
    case 'mixture':
      return mixture(
        duration.of.map(({ weight }) => weight),
        duration.of.map((one) => samplerOf(one.duration, uniform)),
        uniform,
      )
    case 'cycle':
      return inTurn(duration.of.map((one) => samplerOf(one, uniform)))
  }
}

/**
 * What is left of the life of a connection that has been there since long ago: long lives are met more often, and at any moment of
 * theirs (the equilibrium distribution of renewal theory; Cox, Renewal Theory, 1962). Memoryless lives stay as they are.
 */
export const residualOf = (duration: Duration, uniform: Sampler): Sampler => {
  switch (duration.kind) {
    case 'fixed':
      return () => duration.seconds * uniform()
    case 'uniform': {
      const { low, high } = duration
      return () => Math.sqrt(low * low + (high * high - low * low) * uniform()) * uniform()
    }
    case 'lognormal': {
      const biased = lognormal(duration.median * Math.exp(duration.sigma ** 2), duration.sigma, uniform)
      return () => biased() * uniform()
    }
    case 'exponential':
    case 'forever':
      return samplerOf(duration, uniform)
    case 'mixture':
      return mixture(
        lengthBiased(duration.of),
        duration.of.map((one) => residualOf(one.duration, uniform)),
        uniform,
      )
    case 'cycle':
      return mixture(
        lengthBiased(duration.of.map((one) => ({ weight: 1, duration: one }))),
        duration.of.map((one) => residualOf(one, uniform)),
        uniform,
      )
  }
}

/** Mean seconds. */
export const meanOf = (duration: Duration): number => {
  switch (duration.kind) {
    case 'fixed':
      return duration.seconds
    case 'uniform':
      return (duration.low + duration.high) / 2
    case 'exponential':
      return duration.mean
    case 'lognormal':
      return duration.median * Math.exp(duration.sigma ** 2 / 2)
    case 'forever':
      return Number.POSITIVE_INFINITY
    case 'mixture':
      return average(duration.of)
    case 'cycle':
      return average(duration.of.map((one) => ({ weight: 1, duration: one })))
  }
}

/** Gamma with a whole shape ≥ 1 and scale 1, i.e. when the shape-th of memoryless events comes (Marsaglia and Tsang, 2000). */
export const gammaOf = (shape: number, uniform: Sampler): Sampler => {
  const normal = normalOf(uniform)
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  return () => {
    for (;;) {
      const x = normal()
      const v = (1 + c * x) ** 3
      if (v > 0 && Math.log(1 - uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v
    }
  }
}

interface Weighted {
  readonly weight: number
  readonly duration: Duration
}

const average = (of: readonly Weighted[]): number => {
  const total = of.reduce((sum, { weight }) => sum + weight, 0)
  return of.reduce((sum, { weight, duration }) => sum + (weight > 0 ? (weight / total) * meanOf(duration) : 0), 0)
}

/** Of lives some of which never end, only those are met. */
const lengthBiased = (of: readonly Weighted[]): number[] => {
  const lengths = of.map(({ weight, duration }) => (weight > 0 ? weight * meanOf(duration) : 0))
  const endless = lengths.includes(Number.POSITIVE_INFINITY)
  return endless ? lengths.map((length, i) => (length === Infinity ? (of[i]?.weight ?? 0) : 0)) : lengths
}

const mixture = (weights: readonly number[], samplers: readonly Sampler[], uniform: Sampler): Sampler => {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const last = weights.findLastIndex((weight) => weight > 0)
  return () => {
    let left = uniform() * total
    let i = 0
    while (i < last && (left -= weights[i] as number) >= 0) i++
    return (samplers[i] as Sampler)()
  }
}

const inTurn = (samplers: readonly Sampler[]): Sampler => {
  let next = 0
  return () => {
    const sampler = samplers[next] as Sampler
    next = (next + 1) % samplers.length
    return sampler()
  }
}

const lognormal = (median: number, sigma: number, uniform: Sampler): Sampler => {
  const normal = normalOf(uniform)
  return () => median * Math.exp(sigma * normal())
}

/** Standard normal by Marsaglia's polar method; its second value is kept for the next call. */
export const normalOf = (uniform: Sampler): Sampler => {
  let kept = Number.NaN
  return () => {
    if (!Number.isNaN(kept)) {
      const value = kept
      kept = Number.NaN
      return value
    }
    for (;;) {
      const x = 2 * uniform() - 1
      const y = 2 * uniform() - 1
      const s = x * x + y * y
      if (s === 0 || s >= 1) continue
      const scale = Math.sqrt((-2 * Math.log(s)) / s)
      kept = y * scale
      return x * scale
    }
  }
}
