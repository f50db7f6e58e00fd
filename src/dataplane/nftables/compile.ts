import type { Backend, Frontend, SourceClass } from '../../model/frontend.ts'
import type { NodeView } from '../../model/node-view.ts'
import { addressBytes } from '../../model/address.ts'
import type { Rule } from '../../rules/model.ts'
import { goto } from '../../rules/terms.ts'
import type { Program } from '../plane.ts'
import { compileAffinity } from './compile-affinity.ts'
import { masqueradeMark } from './compile-base.ts'
import { compileRefusals, type Refusal } from './compile-refusals.ts'
import { type Placed, type PlacedTable, placeSlots } from './compile-slots.ts'
import { chainOf, rule } from './chains.ts'
import { backendBytes, frontendBytes, hairpinBytes, leading, mapped, member, slotBytes } from './elements.ts'
import type { Dialled, Layout } from './layout.ts'
import { frontendChain, frontendComment, mapNumber } from './names.ts'
import type { NftObject } from './objects.ts'
import type { Pick } from './pick-rules.ts'
import { type SetName, type TablesInForce, tablesInForce } from './slot-ranges.ts'
import { isClass, isNextClass, podsKnown, presentClasses } from './source-classes.ts'

/** What stays the same for every frontend of a family. */
export interface Compilation {
  readonly layout: Layout
  readonly pickRules: (pick: Pick) => readonly Rule[]
}

/** All objects of one frontend; `before` (its objects in force) keeps slots where they are. */
export const compileFrontend = (
  { layout, pickRules }: Compilation,
  frontend: Frontend,
  node: NodeView,
  before: readonly NftObject[] | undefined,
): Program<NftObject> => {
  const present = presentClasses(frontend, node)
  const inForce = tablesInForce(before)
  const tables = placeTables(frontend, node, inForce)
  const refusal = (source: SourceClass): Refusal => refusalOf(frontend, source, tables)
  const objects: NftObject[] = compileRefusals(layout, frontend, present, refusal)
  if (frontend.kind === 'ClusterIP' && frontend.address !== null) {
    objects.push(member(layout.sets['cluster-ips'], addressBytes(frontend.address)))
  }
  if (
    overlapsNodePorts(frontend, node) &&
    objects.every((object) => object.kind !== 'element' || object.set !== 'refused')
  ) {
    // a node port of the same number must not be asked for sources that may not reach it
    objects.push(leading(layout.sets.refused, frontendBytes(frontend), { verdict: 'accept' }))
  }
  const served = present.filter((source) => refusal(source) === 'pass')
  if (served.length > 0) compileServed({ layout, pickRules }, frontend, node, served, tables, objects)
  const both = tables.cluster !== undefined && tables.local !== undefined
  return { objects: both ? once(objects) : objects, refused: refusedBy(tables) }
}

/** What the two sets of a frontend have in common stands in its program once. */
const once = (objects: readonly NftObject[]): readonly NftObject[] => [
  ...new Map(objects.map((object) => [object.key, object])).values(),
]

type Tables = Readonly<Partial<Record<SetName, Placed>>>

const placeTables = (frontend: Frontend, node: NodeView, inForce: TablesInForce): Tables => {
  const tables: Partial<Record<SetName, Placed>> = {}
  const { cluster, local } = frontend.sets
  if (cluster !== null) tables.cluster = placeSlots(frontend, 'cluster', node, inForce.cluster)
  if (local !== null) tables.local = placeSlots(frontend, 'local', node, inForce.local)
  return tables
}

/** Sources whose backends this plane cannot serve are refused, as if there were none: never served in another way. */
const refusalOf = ({ routes }: Frontend, source: SourceClass, tables: Tables): Refusal => {
  const route = routes[source]
  if (route.to !== 'backends') return route.to
  return tables[route.set]?.ok === true ? 'pass' : 'reject'
}

const refusedBy = (tables: Tables): readonly string[] => {
  const notes = [tables.cluster, tables.local].flatMap((placed) => {
    if (placed === undefined) return []
    const note = placed.ok ? placed.note : placed.reason
    return note === '' ? [] : [note]
  })
  return notes.length === 0 ? noNotes : [...new Set(notes)]
}

const noNotes: readonly string[] = []

/** An external IP or balancer address that the node itself has. */
const overlapsNodePorts = ({ address }: Frontend, node: NodeView): boolean =>
  address !== null && node.addresses.includes(address)

const compileServed = (
  compilation: Compilation,
  frontend: Frontend,
  node: NodeView,
  served: readonly SourceClass[],
  tables: Tables,
  objects: NftObject[],
): void => {
  const { layout } = compilation
  const dialled: Dialled = frontend.address === null ? 'nodeport' : 'service'
  const key = frontendBytes(frontend)
  const name = frontendChain('f', frontend)
  objects.push(
    leading(dialled === 'service' ? layout.sets.services : layout.sets.nodeports, key, {
      verdict: 'goto',
      chain: name,
    }),
  )
  const marks = compileMasquerade(layout, frontend, node, served, dialled, key, objects)
  const groups = groupBySet(frontend, served)
  const rules = (set: SetName): readonly Rule[] => {
    const placed = tables[set]
    return placed?.ok === true ? compileTable(compilation, frontend, dialled, key, placed, objects) : []
  }
  const [last, other] = groups
  if (last === undefined) return
  if (other === undefined) {
    const picks = rules(last.set)
    objects.push(
      chainOf(layout.family, name, frontendComment(frontend), marks.length === 0 ? picks : [...marks, ...picks]),
    )
    return
  }
  const second = frontendChain('c', frontend)
  const pods = podsKnown(node, frontend.family)
  const tests = other.classes.map((source, index) =>
    rule(
      ...(follows(other.classes, index) ? isNextClass(source, layout) : isClass(source, layout, pods)),
      goto(second),
    ),
  )
  objects.push(
    chainOf(layout.family, second, frontendComment(frontend), rules(other.set)),
    chainOf(layout.family, name, frontendComment(frontend), [...marks, ...tests, ...rules(last.set)]),
  )
}

/** Have all classes that are asked for earlier been sent away by the rules before this one? */
const follows = (classes: readonly SourceClass[], index: number): boolean =>
  classes[index] === 'pods' || classes[index - 1] === 'pods'

interface Group {
  readonly set: SetName
  readonly classes: readonly SourceClass[]
}

/** Classes by the set they use; the set of the class that is asked for last is the first, the rest of the chain's rules. */
const groupBySet = ({ routes }: Frontend, served: readonly SourceClass[]): readonly Group[] => {
  const groups = new Map<SetName, SourceClass[]>()
  for (const source of served.toReversed()) {
    const route = routes[source]
    if (route.to !== 'backends') continue
    const group = groups.get(route.set)
    if (group) group.unshift(source)
    else groups.set(route.set, [source])
  }
  return Array.from(groups, ([set, classes]) => ({ set, classes }))
}

/**
 * Usual patterns are a membership that the dispatch chain asks for; the rest (policy Local: the node alone) are rules
 * of the frontend's own chain, returned.
 */
const compileMasquerade = (
  layout: Layout,
  { routes, family }: Frontend,
  node: NodeView,
  served: readonly SourceClass[],
  dialled: Dialled,
  key: string,
  objects: NftObject[],
): readonly Rule[] => {
  const wanted = served.filter((source) => {
    const route = routes[source]
    return route.to === 'backends' && route.masquerade
  })
  if (wanted.length === 0) return []
  const twin = dialled === 'service' ? '' : '-nodeports'
  if (wanted.length === served.length) {
    objects.push(member(layout.sets[`masquerade-all${twin}`], key))
    return []
  }
  const pods = podsKnown(node, family)
  if (served.every((source) => wanted.includes(source) === (source !== 'pods'))) {
    objects.push(member(layout.sets[`masquerade-outside${twin}`], key))
    return []
  }
  return wanted.map((source) => rule(...isClass(source, layout, pods), masqueradeMark(node)))
}

/** The elements of a slot table; returns the rules that pick from it. */
const compileTable = (
  compilation: Compilation,
  frontend: Frontend,
  dialled: Dialled,
  key: string,
  placed: PlacedTable,
  objects: NftObject[],
): readonly Rule[] => {
  const { layout, pickRules } = compilation
  const { table, offset } = placed
  const to = frontend.affinitySeconds === null ? 'backends' : 'picks'
  const map = layout[to](dialled, mapNumber(frontend))
  objects.push(map)
  const picked = pickRules({
    dialled,
    map: map.set.name,
    to,
    pick: table.pick,
    modulus: table.slots.length,
    offset,
    seed: table.hashSeed,
  })
  if (to === 'picks') return [...compileAffinity(layout, frontend, map, key, placed, objects), ...picked]
  const data = new Map<Backend, string>()
  table.slots.forEach((backend, slot) => {
    let bytes = data.get(backend)
    if (bytes === undefined) {
      bytes = backendBytes(backend)
      data.set(backend, bytes)
      objects.push(member(layout.sets.hairpin, hairpinBytes(bytes, frontend.protocol)))
    }
    objects.push(mapped(map, key + slotBytes(offset + slot), bytes))
  })
  return picked
}
