import type { Fraction } from '../model/packet.ts'
import { bitLength, greatestCommonDivisor, trailingZeros } from './integers.ts'

/**
 * Exact odds while they are computed with: top / (odd · 2^twos). Kernels divide by powers of two, so a chain of 5,000 probabilities has
 * 155,000 bits below the line: kept as a count they cost nothing, and nothing is reduced before somebody looks (`fractionOf`).
 */
export interface Mass {
  readonly top: bigint
  readonly odd: bigint
  readonly twos: number
}

export const all: Mass = { top: 1n, odd: 1n, twos: 0 }

/** Bits up to which a divisor that is no power of two is reduced at each step: Euclid's algorithm is quadratic. */
const REDUCED = 4096

/** A share of a mass. */
export const part = (of: Mass, share: Mass): Mass => {
  if (share === all) return of
  if (of === all) return share
  const top = of.top * share.top
  const twos = of.twos + share.twos
  return of.odd === 1n && share.odd === 1n ? { top, odd: 1n, twos } : withoutDivisor(top, of.odd * share.odd, twos)
}

/** What a share leaves: 1 − share, which is not negative. */
export const rest = ({ top, odd, twos }: Mass): Mass => ({ top: (odd << BigInt(twos)) - top, odd, twos })

export const plus = (a: Mass, b: Mass): Mass => {
  const twos = Math.max(a.twos, b.twos)
  const x = a.top << BigInt(twos - a.twos)
  const y = b.top << BigInt(twos - b.twos)
  if (a.odd === b.odd) return { top: x + y, odd: a.odd, twos }
  return withoutDivisor(x * b.odd + y * a.odd, a.odd * b.odd, twos)
}

/** a − b, which is not negative. */
export const minus = (a: Mass, { top, odd, twos }: Mass): Mass => plus(a, { top: -top, odd, twos })

/** Of many, by halves, so that long numbers are added few times. */
export const total = (masses: readonly Mass[]): Mass => {
  if (masses.length === 0) return { top: 0n, odd: 1n, twos: 0 }
  let level = masses
  while (level.length > 1) {
    const next: Mass[] = []
    for (let i = 0; i < level.length; i += 2) {
      const a = level[i] as Mass
      const b = level[i + 1]
      next.push(b === undefined ? a : plus(a, b))
    }
    level = next
  }
  return level[0] as Mass
}

export const isAll = ({ top, odd, twos }: Mass): boolean => top === odd << BigInt(twos)
export const isNone = ({ top }: Mass): boolean => top === 0n

export const massOf = ({ numerator, denominator }: Fraction): Mass => {
  const twos = trailingZeros(denominator)
  return { top: numerator, odd: denominator >> BigInt(twos), twos }
}

/** Reduced. */
export const fractionOf = ({ top, odd, twos }: Mass): Fraction => {
  if (top === 0n) return { numerator: 0n, denominator: 1n }
  const shared = BigInt(Math.min(twos, trailingZeros(top)))
  const numerator = top >> shared
  const power = 1n << (BigInt(twos) - shared)
  if (odd === 1n) return { numerator, denominator: power }
  const divisor = greatestCommonDivisor(numerator, odd)
  return { numerator: numerator / divisor, denominator: (odd / divisor) * power }
}

const withoutDivisor = (top: bigint, odd: bigint, twos: number): Mass => {
  if (odd === 1n || bitLength(odd) > REDUCED) return { top, odd, twos }
  const divisor = greatestCommonDivisor(top % odd, odd)
  return { top: top / divisor, odd: odd / divisor, twos }
}
