import type { Lifetime } from '../../sessions/lifetime.ts'

/**
 * How much of its fair share a new pod has `seconds` after it came, where each session that reconnects picks any pod with the same odds:
 * the share of sessions that have reconnected at least once. In a settled pool that is the distribution of the time that is left of a
 * connection met at a random moment, P(rest ≤ t) = ∫₀ᵗ P(life > x) dx ÷ mean life (renewal theory).
 * Memoryless of mean T: 1 − e^(−t/T). Fixed T: t/T. N requests at r a second: t·r/N.
 */
export const shareOfNewcomers = (lifetime: Lifetime, requestsPerSecond: number, seconds: number): number => {
  switch (lifetime.kind) {
    case 'forever':
      return 0
    case 'exponential':
      return 1 - Math.exp(-seconds / lifetime.seconds)
    case 'fixed':
      return Math.min(1, seconds / lifetime.seconds)
    case 'requests':
      return Math.min(1, (seconds * requestsPerSecond) / lifetime.count)
    case 'max-age':
      return ofUniformLife(lifetime.seconds, lifetime.seconds * lifetime.jitter, seconds)
    case 'lognormal':
      throw new RangeError('no closed form of the logarithmic normal distribution here')
  }
}

/** Lives uniform in mean ± spread. */
const ofUniformLife = (mean: number, spread: number, seconds: number): number => {
  const [shortest, longest] = [mean - spread, mean + spread]
  if (seconds <= shortest) return seconds / mean
  const within = Math.min(seconds, longest) - shortest
  return (shortest + within - (spread === 0 ? 0 : within ** 2 / (4 * spread))) / mean
}

/** Seconds until it has `share` of its fair share (0 … 1), by bisection; null: never. */
export const secondsUntil = (share: number, lifetime: Lifetime, requestsPerSecond: number): number | null => {
  const at = (seconds: number): number => shareOfNewcomers(lifetime, requestsPerSecond, seconds)
  let high = 1
  while (at(high) < share) {
    if (high > 1e9) return null
    high *= 2
  }
  let low = 0
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (at(middle) < share) low = middle
    else high = middle
  }
  return high
}
