import { number } from '../bytes.ts'
import { field } from '../terms.ts'
import type { Bytes, Field, Key, RuleSet, Statement } from '../model.ts'
import type { NumberRange } from './prefix.ts'
import type { Option } from './spec.ts'

/** An ipset, as far as a rule must know it: which parts of the packet its elements are compared with. */
export interface Ipset extends RuleSet {
  /**
   * The key of `get` for the directions that a rule names (`--match-set NAME src,dst`), one for each dimension of the set; null: a part
   * of the packet that is not modelled, or too few directions.
   */
  keyOf(directions: readonly ('src' | 'dst')[]): Key | null
  /** bytes of that key, every part padded to 4 */
  readonly keySize: number
}

/** What rules of one ruleset share while they are read. */
export interface RuleContext {
  /** by name */
  readonly ipsets: ReadonlyMap<string, Ipset>
  /** sets that rules bring along, named by their content; readers add to it */
  readonly sets: Map<string, RuleSet>
  /** statements by the text they were read from: equal ones are one object */
  readonly statements: Map<string, readonly Statement[]>
}

/** What a match asks of a packet; null: not understood. */
export type MatchReader = (options: readonly Option[], context: RuleContext) => readonly Statement[] | null

export const createContext = (ipsets: ReadonlyMap<string, Ipset> = new Map()): RuleContext => ({
  ipsets,
  sets: new Map(),
  statements: new Map(),
})

/** A field in one of several ranges. */
export const inRanges = (
  name: Field,
  ranges: readonly NumberRange[],
  { negated, bytes, context }: { negated: boolean; bytes: (value: number) => Bytes; context: RuleContext },
): Statement => {
  const [only] = ranges
  if (ranges.length === 1 && only !== undefined) {
    if (only.low === only.high)
      return { kind: 'match', left: field(name), op: negated ? '!=' : '==', right: bytes(only.low) }
    return { kind: 'range', left: field(name), negated, low: bytes(only.low), high: bytes(only.high) }
  }
  const inOrder = ranges.toSorted((a, b) => a.low - b.low || a.high - b.high)
  const set = `{ ${inOrder.map(({ low, high }) => (low === high ? low : `${low}-${high}`)).join(', ')} }`
  const singles = ranges.filter(({ low, high }) => low === high)
  ownSet(context, set, (key) => within(ranges, number(key)), {
    entries: () => singles.map(({ low }) => [bytes(low), member] as const),
    intervals: singles.length < ranges.length,
  })
  return { kind: 'lookup', key: [field(name)], set, negated }
}

export const within = (ranges: readonly NumberRange[], value: number): boolean =>
  ranges.some(({ low, high }) => value >= low && value <= high)

const member = { to: 'member' } as const

/** Adds a set that a rule brings along, unless an equal one (the same name) is there. */
export const ownSet = (
  context: RuleContext,
  name: string,
  has: (key: Bytes) => boolean,
  listed: Pick<RuleSet, 'entries' | 'intervals'> = {},
): void => {
  if (context.sets.has(name)) return
  context.sets.set(name, { name, dynamic: false, get: (key) => (has(key) ? member : undefined), ...listed })
}
