import type { Backend, SourceClass } from '../../model/frontend.ts'
import type { Rule } from '../../rules/model.ts'
import { goto } from '../../rules/terms.ts'
import { compileAffinity } from './compile-affinity.ts'
import type { PlacedTable, Tables } from './compile-slots.ts'
import { chainOf, rule } from './chains.ts'
import { backendBytes, mapped, slotElement } from './elements.ts'
import { frontendComment } from './names.ts'
import type { Pick } from './pick-rules.ts'
import type { SetName } from './slot-ranges.ts'
import { isClass, isNextClass } from './source-classes.ts'
import { podsOf, type Subject } from './subject.ts'

/** The frontend's chain, `first` its rules before the pick; a second chain where classes of source use different sets. */
export const compileBackends = (
  subject: Subject,
  tables: Tables,
  served: readonly SourceClass[],
  first: readonly Rule[],
): void => {
  const { place, frontend, names, objects } = subject
  const comment = frontendComment(frontend)
  const picks = (set: SetName | undefined, isLast: boolean): readonly Rule[] => {
    const placed = set && tables[set]
    if (placed?.ok !== true) return []
    if (isLast) compileFallback(subject, placed)
    return compileTable(subject, placed, isLast)
  }
  // who is asked for last takes what is left
  const last = setOf(subject, served.at(-1))
  const others = served.filter((source) => setOf(subject, source) !== last)
  if (others.length === 0) {
    const rules = picks(last, true)
    objects.push(chainOf(place, names.chain, comment, first.length === 0 ? rules : [...first, ...rules]))
    return
  }
  objects.push(...podsOf(subject))
  const tests = others.map((source, index) => rule(...testOf(subject, others, source, index), goto(names.second)))
  objects.push(
    chainOf(place, names.second, comment, picks(setOf(subject, others[0]), false)),
    chainOf(place, names.chain, comment, [...first, ...tests, ...picks(last, true)]),
  )
}

const setOf = ({ frontend }: Subject, source: SourceClass | undefined): SetName | undefined => {
  const route = source && frontend.routes[source]
  return route?.to === 'backends' ? route.set : undefined
}

/** A class may be tested alone only where those asked for earlier have been sent away by the rule before. */
const testOf = (
  { pods }: Subject,
  others: readonly SourceClass[],
  source: SourceClass,
  index: number,
): Rule['statements'] =>
  source === 'pods' || others[index - 1] === 'pods' ? isNextClass(source, pods) : isClass(source, pods)

/** For packets that a change overtakes: any backend would do, the first in order changes least. */
const compileFallback = ({ place, key, objects }: Subject, { table }: PlacedTable): void => {
  const first = table.slots.reduce((least, backend) => (isBefore(backend, least) ? backend : least))
  objects.push(mapped(place.fallback, key, backendBytes(first)))
}

const isBefore = (a: Backend, b: Backend): boolean =>
  a.address === b.address ? a.port < b.port : a.address < b.address

/**
 * The elements of a slot table; returns the rules that pick from it. The place's fallback is for the set that is asked for last,
 * the other one has a rule of its own.
 */
const compileTable = (subject: Subject, placed: PlacedTable, isLast: boolean): readonly Rule[] => {
  const { place, pickRules, frontend, names, key, objects } = subject
  const { table, offset } = placed
  const to = frontend.affinitySeconds === null ? 'backends' : 'picks'
  const map = place[to](names.map)
  objects.push(map)
  const { slots } = table
  const pick: Pick = { map, to, pick: table.pick, modulus: slots.length, offset, seed: table.hashSeed }
  const picked = pickRules.pick(place, pick)
  const rules = isLast ? picked : [...picked, ...pickRules.fallback(place, pick)]
  if (to === 'picks') return [...compileAffinity(subject, map, placed), ...rules]
  const data = new Map<Backend, string>()
  for (let slot = 0; slot < slots.length; slot++) {
    const backend = slots[slot] as Backend
    let bytes = data.get(backend)
    if (bytes === undefined) {
      bytes = backendBytes(backend)
      data.set(backend, bytes)
    }
    objects.push(slotElement(map, key, offset + slot, bytes))
  }
  return rules
}
