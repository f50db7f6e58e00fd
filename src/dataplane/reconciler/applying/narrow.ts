export interface NarrowOptions<T> {
  /** ends it all: the failure is about none of the items */
  readonly ends: (error: unknown) => boolean
  /** without this item the others cannot succeed: it is tried first, and its failure ends it all */
  readonly first?: (item: T) => boolean
  /** failed attempts before the rest is put off, default 64 */
  readonly budget?: number
}

export interface Narrowed<T> {
  /** failed by themselves */
  readonly failed: readonly { readonly item: T; readonly error: unknown }[]
  /** not in force, and not known whether they could be */
  readonly putOff: readonly T[]
  /** the failure that put them off */
  readonly error: unknown
  readonly ended: boolean
}

/**
 * Applies items together; where that fails, halves of them, down to the single items that fail by themselves. `apply` is all or nothing.
 * One bad item in n costs about 2·log₂ n attempts.
 */
export const narrow = async <T>(
  items: readonly T[],
  apply: (items: readonly T[]) => Promise<void>,
  { ends, first = () => false, budget = 64 }: NarrowOptions<T>,
): Promise<Narrowed<T>> => {
  const failed: { item: T; error: unknown }[] = []
  const queue: (readonly T[])[] = items.length > 0 ? [items] : []
  let failures = 0
  for (let part = queue.pop(); part !== undefined; part = queue.pop()) {
    try {
      await apply(part)
      continue
    } catch (error) {
      failures++
      const [item] = part
      const alone = part.length === 1 && item !== undefined
      if (ends(error)) return { failed, putOff: [...part, ...queue.flat()], error, ended: true }
      if (alone) failed.push({ item, error })
      if (failures >= budget || (alone && first(item)))
        return { failed, putOff: [...(alone ? [] : part), ...queue.flat()], error, ended: false }
      if (!alone) queue.push(...halves(part, first).reverse())
    }
  }
  return { failed, putOff: [], error: undefined, ended: false }
}

const halves = <T>(items: readonly T[], first: (item: T) => boolean): (readonly T[])[] => {
  const leader = items.findIndex(first)
  if (leader >= 0) return [[items[leader] as T], items.toSpliced(leader, 1)]
  const middle = items.length >> 1
  return [items.slice(0, middle), items.slice(middle)]
}
