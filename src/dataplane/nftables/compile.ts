import { addressBytes } from '../../model/address.ts'
import type { Frontend, SourceClass } from '../../model/frontend.ts'
import type { NodeView } from '../../model/node-view.ts'
import type { Program } from '../plane.ts'
import { compileBackends } from './compile-backends.ts'
import { compileMasquerade } from './compile-masquerade.ts'
import { compileRefusals, type Refusal } from './compile-refusals.ts'
import { type Placed, placeSlots, type Tables } from './compile-slots.ts'
import { leading, member } from './elements.ts'
import type { NftObject } from './objects.ts'
import { type SetName, tablesInForce } from './slot-ranges.ts'
import { type Compilation, type Subject, subjectOf } from './subject.ts'

/** All objects of one frontend; `before` (its objects in force) keeps slots where they are. */
export const compileFrontend = (
  compilation: Compilation,
  frontend: Frontend,
  node: NodeView,
  before: readonly NftObject[] | undefined,
): Program<NftObject> => {
  const subject = subjectOf(compilation, frontend, node)
  const tables = placeTables(subject, before)
  const refusal = (source: SourceClass): Refusal => refusalOf(frontend, source, tables)
  const served = subject.present.filter((source) => refusal(source) === 'pass')
  compileRefusals(subject, refusal)
  compileAddress(subject)
  if (served.length > 0) {
    const { place, key, names, objects, shardObjects } = subject
    if (names.shard !== null) objects.push(...shardObjects(place, node))
    objects.push(leading(place.dispatch, key, { verdict: 'goto', chain: names.chain }))
    compileBackends(subject, tables, served, compileMasquerade(subject, served))
  }
  const both = tables.cluster !== undefined && tables.local !== undefined
  return { objects: both ? once(subject.objects) : subject.objects, refused: refusedBy(tables) }
}

const placeTables = ({ frontend, node }: Subject, before: readonly NftObject[] | undefined): Tables => {
  const inForce = tablesInForce(before)
  const tables: Partial<Record<SetName, Placed>> = {}
  const { cluster, local } = frontend.sets
  if (cluster !== null) tables.cluster = placeSlots(frontend, 'cluster', cluster, node, inForce.cluster)
  if (local !== null) tables.local = placeSlots(frontend, 'local', local, node, inForce.local)
  return tables
}

/** Sources whose backends this plane cannot serve are refused, as if there were none: never served in another way. */
const refusalOf = ({ routes }: Frontend, source: SourceClass, tables: Tables): Refusal => {
  const route = routes[source]
  if (route.to !== 'backends') return route.to
  return tables[route.set]?.ok === true ? 'pass' : 'reject'
}

const noNotes: readonly string[] = []

const refusedBy = ({ cluster, local }: Tables): readonly string[] => {
  const notes = [noteOf(cluster), noteOf(local)].filter((note) => note !== '')
  return notes.length === 0 ? noNotes : [...new Set(notes)]
}

const noteOf = (placed: Placed | undefined): string => {
  if (placed === undefined) return ''
  return placed.ok ? placed.note : placed.reason
}

const compileAddress = ({ frontend, node, layout, key, objects }: Subject): void => {
  const { address, kind } = frontend
  if (address === null) return
  if (kind === 'ClusterIP') objects.push(member(layout.sets['cluster-ips'], addressBytes(address)))
  // the node's own address: a node port of the same number must not be asked who may reach it
  const isRefused = objects.some((object) => object.kind === 'element' && object.set === 'refused')
  if (node.addresses.includes(address) && !isRefused) {
    objects.push(leading(layout.sets.refused, key, { verdict: 'accept' }))
  }
}

/** What the two sets of a frontend have in common stands in its program once. */
const once = (objects: readonly NftObject[]): readonly NftObject[] => [
  ...new Map(objects.map((object) => [object.key, object])).values(),
]
