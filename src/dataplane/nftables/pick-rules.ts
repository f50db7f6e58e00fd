import type { Expression, Field, Rule } from '../../rules/model.ts'
import { counted, field } from '../../rules/terms.ts'
import type { SlotTable } from '../../scheduling/slots.ts'
import { rule } from './chains.ts'
import type { Dialled, Layout } from './layout.ts'

/** What a pick looks like: equal ones share their rules, because 10,000 frontends with three backends differ in little else. */
export interface Pick {
  readonly dialled: Dialled
  readonly map: string
  /** backends: DNAT to what the map says; picks: go to the chain that the map says */
  readonly to: 'backends' | 'picks'
  readonly pick: SlotTable['pick']
  readonly modulus: number
  readonly offset: number
  readonly seed: number
}

/** Beyond this many kinds of picks the memory starts anew. */
const MOST_KINDS = 20_000

/** Makes the two rules of a pick, equal ones once: the pick, then the counted fallback to slot 0. */
export const pickRules = (layout: Layout): ((pick: Pick) => readonly Rule[]) => {
  const made = new Map<string, readonly Rule[]>()
  return (pick) => {
    const kind = `${pick.map} ${pick.pick} ${pick.modulus} ${pick.offset} ${pick.seed}`
    const known = made.get(kind)
    if (known !== undefined) return known
    const first: Expression = { kind: 'numgen', mode: 'inc', modulus: 1, offset: pick.offset }
    const rules = [rule(use(layout, pick, slot(layout, pick))), rule(counted('fallbacks'), use(layout, pick, first))]
    if (made.size >= MOST_KINDS) made.clear()
    made.set(kind, rules)
    return rules
  }
}

const use = (layout: Layout, { dialled, map, to }: Pick, part: Expression): Rule['statements'][number] => {
  const key = [...layout.dialled[dialled], part]
  return to === 'backends' ? { kind: 'dnat-map', key, map } : { kind: 'vmap', key, map }
}

const slot = (layout: Layout, { pick, modulus, offset, seed }: Pick): Expression => {
  switch (pick) {
    case 'next':
      return { kind: 'numgen', mode: 'inc', modulus, offset }
    case 'random':
      return { kind: 'numgen', mode: 'random', modulus, offset }
    case 'hash-source':
      return hash([layout.saddr], modulus, offset, seed)
    case 'hash-flow':
      // the rest of the flow is the frontend itself: so that another node, dialled by another address, picks the same
      return hash([layout.saddr, 'th sport'], modulus, offset, seed)
  }
}

const hash = (of: readonly Field[], modulus: number, offset: number, seed: number): Expression => ({
  kind: 'jhash',
  of: of.map(field),
  modulus,
  offset,
  seed,
})
