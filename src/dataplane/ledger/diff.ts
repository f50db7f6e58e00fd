import type { Change, PlaneObject } from '../plane.ts'

/** What leads from `before` to `after`, each without double keys. Order: as in `after`, removals as in `before`. */
export const diff = <O extends PlaneObject>(
  before: readonly O[],
  after: readonly O[],
  equal: (a: O, b: O) => boolean,
): Change<O> => {
  if (before.length === 0) return { add: after, replace: [], remove: [] }
  if (after.length === 0) return { add: [], replace: [], remove: before }
  const gone = new Map<string, O>()
  for (const object of before) gone.set(object.key, object)
  const add: O[] = []
  const replace: { before: O; after: O }[] = []
  for (const object of after) {
    const old = gone.get(object.key)
    if (old === undefined) {
      add.push(object)
      continue
    }
    gone.delete(object.key)
    if (old !== object && !equal(old, object)) replace.push({ before: old, after: object })
  }
  return { add, replace, remove: [...gone.values()] }
}
