/** Odds of one part of the traffic and how much of it there is. */
export interface Part {
  /** in any proportion; null: not known */
  readonly odds: readonly number[] | null
  readonly weight: number
}

/**
 * What backends should get of traffic that came in parts, each with its own odds: Σ weight · odds / Σ odds. Parts whose odds are not
 * known take those of the others. Without any traffic every part weighs the same. null: no odds are known.
 */
export const mixture = (parts: readonly Part[], size: number): readonly number[] | null => {
  const known = parts.flatMap(({ odds, weight }) => {
    const total = odds === null ? 0 : odds.reduce((sum, one) => sum + one, 0)
    return odds === null || total <= 0 ? [] : [{ odds, total, weight }]
  })
  if (known.length === 0) return null
  const weighs = known.some(({ weight }) => weight > 0)
  const sums = Array.from({ length: size }, () => 0)
  let all = 0
  for (const { odds, total, weight } of known) {
    const share = weighs ? weight : 1
    all += share
    odds.forEach((one, i) => (sums[i] = (sums[i] ?? 0) + (share * one) / total))
  }
  return sums.map((sum) => sum / all)
}
