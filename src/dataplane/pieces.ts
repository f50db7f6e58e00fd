/** From so many frontends on a change is cut up. */
export const CUT_FROM = 2_000
const LEAST = 1_000
const MOST = 4_000

/**
 * Cuts items into pieces of LEAST … MOST, those with the same `place` next to each other; `first` before all others.
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
    for (let at = 0; at < group.length; at += MOST) {
      piece.push(...group.slice(at, at + MOST))
      if (piece.length < LEAST) continue
      pieces.push(piece)
      piece = []
    }
  }
  if (piece.length > 0) pieces.push(piece)
  return pieces
}
