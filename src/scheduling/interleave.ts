import type { Backend } from '../model/frontend.ts'

/**
 * Spreads each backend's slots evenly over the table, as nginx's smooth weighted round robin does: at each step every
 * contender gains its weight, the highest goes next and pays the total. Backends with equally many slots contend as one
 * and take turns, so the cost is slots × different counts and not slots × backends.
 */
export const interleave = (backends: readonly Backend[], counts: readonly number[]): Backend[] => {
  const groups = groupByCount(backends, counts)
  const [only] = groups
  if (groups.length === 1 && only?.count === 1) return only.members
  const total = groups.reduce((sum, group) => sum + group.weight, 0)
  const slots: Backend[] = []
  while (slots.length < total) {
    const group = nextGroup(groups)
    group.credit -= total
    slots.push(group.members[group.turn] as Backend)
    group.turn = (group.turn + 1) % group.members.length
  }
  return slots
}

interface Group {
  readonly count: number
  readonly members: Backend[]
  weight: number
  credit: number
  turn: number
}

const groupByCount = (backends: readonly Backend[], counts: readonly number[]): Group[] => {
  const groups = new Map<number, Group>()
  backends.forEach((backend, i) => {
    const count = counts[i] ?? 0
    let group = groups.get(count)
    if (!group) groups.set(count, (group = { count, members: [], weight: 0, credit: 0, turn: 0 }))
    group.members.push(backend)
    group.weight += count
  })
  return [...groups.values()]
}

const nextGroup = (groups: readonly Group[]): Group => {
  let best = groups[0] as Group
  for (const group of groups) {
    group.credit += group.weight
    if (group.credit > best.credit) best = group
  }
  return best
}
