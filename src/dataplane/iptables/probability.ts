/** xt_statistic.h: the kernel compares 31 random bits with N, so odds are N/2³¹. */
const SCALE = 2n ** 31n

/**
 * `--probability` of a rule with `weight` of the `total` that is left, as iptables-save prints it: 11 digits of N/2³¹, from which
 * iptables-restore finds exactly N again. 0 < weight < total, integers.
 *
 * Equal shares 1/n are kube-proxy's: it writes ten digits (`%0.10f`), of which libxt_statistic.c makes N (lround of 2³¹·p). That is not
 * always round(2³¹/n): first for n = 44. Other shares are rounded once, and nobody's to 0.
 */
export const probability = (weight: number, total: number): string => {
  if (total % weight === 0) return usual[total / weight] ?? equalShare(total / weight)
  return elevenDigits(roundHalfAway(SCALE * BigInt(weight), BigInt(total)))
}

const TEN = 10n ** 10n

const equalShare = (n: number): string => elevenDigits(roundHalfAway(roundHalfEven(TEN, BigInt(n)) * SCALE, TEN))

const ELEVEN = 10n ** 11n

const elevenDigits = (n: bigint): string =>
  `0.${roundHalfEven((n > 0n ? n : 1n) * ELEVEN, SCALE)
    .toString()
    .padStart(11, '0')}`

/** C's lround. */
const roundHalfAway = (numerator: bigint, denominator: bigint): bigint =>
  (2n * numerator + denominator) / (2n * denominator)

/** printf of C and Go; both operands are exact. */
const roundHalfEven = (numerator: bigint, denominator: bigint): bigint => {
  const quotient = numerator / denominator
  const twice = 2n * (numerator % denominator)
  if (twice < denominator) return quotient
  return twice > denominator || quotient % 2n === 1n ? quotient + 1n : quotient
}

/** 1/0 … 1/255: most Services have fewer endpoints. */
const usual: readonly string[] = Array.from({ length: 256 }, (_, n) => (n < 2 ? '' : equalShare(n)))
