/**
 * `SKEWED`: luck is seldom as uneven; `TOO-EVEN`: luck is seldom as even; `NOT-ENOUGH-DATA`: neither, and a backend off by half
 * would probably have gone unseen; `FAIR`: neither, and it would have been seen.
 */
export type SkewVerdict = 'SKEWED' | 'TOO-EVEN' | 'FAIR' | 'NOT-ENOUGH-DATA'

export interface Rejected {
  readonly upper: boolean
  readonly lower: boolean
}

/** `n` connections on `k` backends that can be chosen; `needed`: see `SkewTest`. One backend or no connection leaves nothing to reject. */
export const verdictOf = (
  { upper, lower }: Rejected,
  { n, k, needed }: { readonly n: number; readonly k: number; readonly needed: number },
): SkewVerdict => {
  if (upper) return 'SKEWED'
  if (lower) return 'TOO-EVEN'
  return k < 2 || n < needed ? 'NOT-ENOUGH-DATA' : 'FAIR'
}
