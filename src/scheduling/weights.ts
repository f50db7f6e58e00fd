/**
 * How many slots each backend gets. Exact when the weights, reduced by their greatest common divisor, fit into `limit`;
 * otherwise scaled to `limit` slots by largest remainder, every weight above 0 keeping at least one slot
 * (so a share is off by less than 1/limit, but for backends lighter than one slot, which get one).
 * `limit` is at least the number of weights; all weights are at least 1.
 */
export const slotCounts = (weights: readonly number[], limit: number): { counts: number[]; exact: boolean } => {
  const divisor = weights.reduce(greatestCommonDivisor, 0)
  const total = weights.reduce((sum, weight) => sum + weight, 0) / divisor
  if (total <= limit) return { counts: weights.map((weight) => weight / divisor), exact: true }
  return { counts: scaled(weights, limit), exact: false }
}

/** No plane gives a frontend more memory than this, whatever its weights say: any tenant may write them. */
export const slotLimit = (backends: number, cap: number): number => Math.min(cap, Math.max(1024, 4 * backends))

export const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b))

const scaled = (weights: readonly number[], limit: number): number[] => {
  const perSlot = weightPerSlot(weights, limit)
  const counts = weights.map((weight) => Math.max(1, Math.floor(weight / perSlot)))
  const spare = limit - counts.reduce((sum, count) => sum + count, 0)
  weights
    .map((weight, index) => ({
      index,
      remainder: weight < perSlot ? -1 : weight / perSlot - Math.floor(weight / perSlot),
    }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index)
    .slice(0, spare)
    .forEach(({ index }) => (counts[index] = (counts[index] ?? 0) + 1))
  return counts
}

/** What one slot stands for once the backends lighter than a slot have been given theirs. */
const weightPerSlot = (weights: readonly number[], limit: number): number => {
  const ascending = Float64Array.from(weights).sort()
  let left = ascending.reduce((sum, weight) => sum + weight, 0)
  let slots = limit
  for (const weight of ascending) {
    if (weight * slots >= left) break
    left -= weight
    slots -= 1
  }
  return left / slots
}
