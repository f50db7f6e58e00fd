/** How long a client keeps a connection before it opens the next. Seconds and a share where nothing else is said. */
export type Lifetime =
  | { readonly kind: 'forever' }
  | { readonly kind: 'fixed'; readonly seconds: number }
  /** memoryless; `seconds` is the mean */
  | { readonly kind: 'exponential'; readonly seconds: number }
  /** `seconds` is the median, `sigma` the standard deviation of the logarithm */
  | { readonly kind: 'lognormal'; readonly seconds: number; readonly sigma: number }
  /** uniform in seconds × (1 − jitter) … seconds × (1 + jitter), as servers and pools spread their maximum age */
  | { readonly kind: 'max-age'; readonly seconds: number; readonly jitter: number }
  /** closed by the client after so many requests */
  | { readonly kind: 'requests'; readonly count: number }

/** When one connection ends, whichever comes first; Infinity: never for this reason. */
export interface Life {
  readonly seconds: number
  readonly requests: number
}

/** Uniform in 0 … 1, neither end, from a uint32. */
const unit = (random: () => number): number => (random() + 0.5) / 2 ** 32

/** Box and Muller (1958). */
const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(unit(random))) * Math.cos(2 * Math.PI * unit(random))

/** `random` answers uint32. */
export const drawLife = (lifetime: Lifetime, random: () => number): Life => {
  switch (lifetime.kind) {
    case 'forever':
      return { seconds: Infinity, requests: Infinity }
    case 'requests':
      return { seconds: Infinity, requests: lifetime.count }
    default:
      return { seconds: drawSeconds(lifetime, random), requests: Infinity }
  }
}

type Timed = Exclude<Lifetime, { readonly kind: 'forever' | 'requests' }>

const drawSeconds = (lifetime: Timed, random: () => number): number => {
  const { seconds } = lifetime
  switch (lifetime.kind) {
    case 'fixed':
      return seconds
    case 'exponential':
      return -seconds * Math.log(unit(random))
    case 'lognormal':
      return seconds * Math.exp(lifetime.sigma * normal(random))
    case 'max-age':
      return seconds * (1 - lifetime.jitter + 2 * lifetime.jitter * unit(random))
  }
}

/**
 * What is left of a connection that is met at a random moment of a pool that has run for long: long ones are met more often (the
 * inspection paradox), and of each a uniform share is left.
 */
export const drawResidual = (lifetime: Lifetime, random: () => number): Life => {
  switch (lifetime.kind) {
    case 'forever':
      return { seconds: Infinity, requests: Infinity }
    case 'requests':
      return { seconds: Infinity, requests: Math.ceil(lifetime.count * unit(random)) }
    case 'exponential':
      return drawLife(lifetime, random)
    default:
      return { seconds: lengthBiased(lifetime, random) * unit(random), requests: Infinity }
  }
}

const lengthBiased = (lifetime: Exclude<Timed, { readonly kind: 'exponential' }>, random: () => number): number => {
  switch (lifetime.kind) {
    case 'fixed':
      return lifetime.seconds
    case 'lognormal':
      // its density times the length is again lognormal, the median moved by σ²
      return lifetime.seconds * Math.exp(lifetime.sigma ** 2 + lifetime.sigma * normal(random))
    case 'max-age': {
      const longest = lifetime.seconds * (1 + lifetime.jitter)
      for (;;) {
        const seconds = drawSeconds(lifetime, random)
        if (unit(random) * longest <= seconds) return seconds
      }
    }
  }
}
