import type { Surroundings } from './flow.ts'
import type { Fact } from './matches.ts'
import type { Rule } from './model.ts'
import type { End, Possibility } from './outcome.ts'
import type { Budget, Raised, Walk } from './walk.ts'

/** A walk that is over, and its ends. */
export interface Walked {
  readonly way: Walk
  readonly ends: readonly End[]
}

/** Worlds that are tried for one packet. */
const MOST_WORLDS = 64

/** How things are taken to be where neither the rules nor the packet as asked say. */
interface World {
  readonly around: Surroundings
  readonly opposite: ReadonlySet<Rule>
  /** what is otherwise than in the main walk */
  readonly otherwise: readonly Raised[]
}

interface Explored {
  readonly possible: readonly Possibility[]
  /** questions whose answers change the packet's fate, or would not be tried any more */
  readonly matters: readonly string[]
}

/** A world in which the packet ends otherwise. */
interface Found {
  readonly otherwise: readonly Raised[]
  readonly ends: readonly End[]
}

/** Fewer of the same questions lead to the same end: the others add nothing to it. */
const explains = (found: Found, otherwise: readonly Raised[], ends: readonly End[]): boolean =>
  found.otherwise.every(({ key }) => otherwise.some((one) => one.key === key)) && sameEnds(found.ends, ends)

/**
 * Tries the answers that the main walk did not take: each open question the other way, and what that leaves open in turn, so that two
 * facts that matter only together (`-i eth0 -o eth1`) are found. A question that changes nothing is no question.
 */
export const explore = (
  main: Walked,
  around: Surroundings,
  budget: Budget,
  walk: (around: Surroundings, opposite: ReadonlySet<Rule>, budget: Budget) => Walked,
): Explored => {
  const found: Found[] = []
  const matters = new Set<string>()
  const tried = new Set<string>()
  const queue = main.way.questions.size === 0 ? [] : worldsFrom({ around, opposite: new Set(), otherwise: [] }, main)
  const numbers = new Map<Rule, number>()
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const key = keyOf(next, numbers)
    if (tried.has(key)) continue
    if (tried.size >= MOST_WORLDS || budget.left <= 0) {
      for (const { text } of next.otherwise) matters.add(text)
      continue
    }
    tried.add(key)
    const other = walk(next.around, next.opposite, budget)
    for (const world of worldsFrom(next, other)) queue.push(world)
    if (budget.left <= 0) for (const { text } of next.otherwise) matters.add(text)
    if (sameEnds(main.ends, other.ends) || found.some((one) => explains(one, next.otherwise, other.ends))) continue
    for (const text of [...next.otherwise.map((one) => one.text), ...other.way.unknown]) matters.add(text)
    found.push({ otherwise: next.otherwise, ends: other.ends })
  }
  const possible = new Map<string, Possibility>()
  for (const { otherwise, ends } of found) {
    const fate = fateOf(ends)
    if (!possible.has(fate)) possible.set(fate, { unless: otherwise.map(({ text }) => text), ends })
  }
  return { possible: [...possible.values()], matters: [...matters] }
}

const worldsFrom = ({ around, opposite, otherwise }: World, { way }: Walked): World[] =>
  Array.from(way.questions.values(), (question) => {
    const { fact, rule } = question
    if (fact === undefined)
      return { around, opposite: new Set([...opposite, rule]), otherwise: [...otherwise, question] }
    const kept = otherwise.filter((one) => one.fact?.field !== fact.field)
    return { around: supposing(around, fact), opposite, otherwise: [...kept, question] }
  })

const supposing = (around: Surroundings, { field, bytes, begins }: Fact): Surroundings =>
  begins
    ? { ...around, begins: { ...around.begins, [field]: bytes } }
    : { ...around, fields: { ...around.fields, [field]: bytes } }

const keyOf = ({ around, opposite }: World, numbers: Map<Rule, number>): string => {
  const facts = [around.fields, around.begins].map((of) =>
    Object.entries(of ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)),
  )
  const rules = Array.from(opposite, (rule) => {
    const number = numbers.get(rule) ?? numbers.size
    numbers.set(rule, number)
    return number
  })
  return JSON.stringify([facts, rules.sort((a, b) => a - b)])
}

const endKey = ({ verdict, daddr, dport, masquerade, saddr }: End): string =>
  `${verdict} ${daddr} ${dport} ${masquerade} ${saddr}`

/** What can become of the packet, without odds. */
const fateOf = (ends: readonly End[]): string => JSON.stringify([...new Set(ends.map(endKey))].sort())

const sameEnds = (a: readonly End[], b: readonly End[]): boolean => {
  if (a.length !== b.length) return false
  const odds = Map.groupBy(a, endKey)
  return b.every((end) => {
    const same = odds.get(endKey(end))
    return same?.some(
      (one) => one.odds.numerator === end.odds.numerator && one.odds.denominator === end.odds.denominator,
    )
  })
}
