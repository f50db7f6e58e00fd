import type { Expression, Field, Rule, Statement } from '../../rules/model.ts'
import { counted, field } from '../../rules/terms.ts'
import type { SlotTable } from '../../scheduling/slots.ts'
import { WeakValues } from '../../util/weak-values.ts'
import { rule } from './chains.ts'
import type { Layout, Place } from './layout.ts'
import type { SetObject } from './objects.ts'

/** What a pick looks like: equal ones share their rule, because 10,000 frontends with three backends differ in little else. */
export interface Pick {
  readonly map: SetObject
  /** backends: DNAT to what the map says; picks: go to the chain that the map says */
  readonly to: 'backends' | 'picks'
  readonly pick: SlotTable['pick']
  readonly modulus: number
  readonly offset: number
  readonly seed: number
}

/** As a chain's rules, so that whole chains share them. */
export interface PickRules {
  pick(place: Place, pick: Pick): readonly Rule[]
  /** the counted fallback to slot 0, for chains whose place has no other */
  fallback(place: Place, pick: Pick): readonly Rule[]
}

/** Makes equal rules once, and forgets those that stand in no program any more. */
export const pickRules = (layout: Layout): PickRules => {
  const made = new WeakValues<readonly Rule[]>()
  return {
    pick: (place, pick) =>
      made.get(`${pick.map.key} ${pick.pick} ${pick.modulus} ${pick.offset} ${pick.seed}`, () => [
        rule(use(layout, place, pick, slot(layout, pick))),
      ]),
    fallback(place, pick) {
      const first: Expression = { kind: 'numgen', mode: 'inc', modulus: 1, offset: pick.offset }
      return [rule(counted('fallbacks'), use(layout, place, pick, first))]
    },
  }
}

const use = (layout: Layout, { dialled }: Place, { map, to }: Pick, part: Expression): Statement => {
  const key = [...layout.dialled[dialled], part]
  const { name } = map.set
  return to === 'backends' ? { kind: 'dnat-map', key, map: name } : { kind: 'vmap', key, map: name }
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
