/** From so many frontends on a change is cut up. */
export const CUT_FROM = 2_000
/** The first piece is small, so that the kernel has work soon. */
const FIRST = 250
const LEAST = 600
const MOST = 4_000

/**
 * Cuts items into pieces of LEAST … MOST (the first of FIRST), those with the same `place` next to each other; `first` before all others.
 * The order within a place stays.
 */
export const cutInPieces = <T>(
  items: readonly T[],
  { place, first }: { readonly place: (item: T) => number; readonly first: (item: T) => boolean },
): T[][] => {
  const groups = new Map<number, T[]>()
  const leaders: T[] = []
  for (const item of items) {
    if (first(item)) {
      leaders.push(item)
      continue
    }
    const number = place(item)
    const group = groups.get(number)
    if (group) group.push(item)
    else groups.set(number, [item])
  }
  const pieces: T[][] = []
  let piece = leaders
  for (const group of groups.values()) {
    for (let at = 0; at < group.length; ) {
      const first = pieces.length === 0
      const next = group.slice(at, at + (first ? FIRST : MOST))
      piece.push(...next)
      at += next.length
      if (piece.length < (first ? FIRST : LEAST)) continue
      pieces.push(piece)
      piece = []
    }
  }
  if (piece.length > 0) pieces.push(piece)
  return pieces
}
