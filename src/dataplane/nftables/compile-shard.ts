import type { NodeView } from '../../model/node-view.ts'
import { vmap } from '../../rules/terms.ts'
import { rule } from './chains.ts'
import { countersOf, dispatching, priorities } from './dispatch.ts'
import type { Layout, Place } from './layout.ts'
import { type NftObject, tableObject } from './objects.ts'

/** What a shard has besides frontends: it stands in the program of each of them, so that it goes with the last. */
const compileShard = (layout: Layout, shard: Place, node: NodeView): readonly NftObject[] => [
  tableObject(shard.family, shard.table, 'Services, by evenkeel: a part of those with an address'),
  ...countersOf(shard),
  shard.dispatch,
  shard.fallback,
  ...dispatching(layout, [shard], priorities(node).services, [
    rule(vmap(layout.dialled.service, shard.dispatch.set.name)),
  ]),
]

/** The same objects for all frontends of a shard, until the node changes. */
export const shardCompiler = (layout: Layout): ((shard: Place, node: NodeView) => readonly NftObject[]) => {
  const made = new Map<string, { readonly node: NodeView; readonly objects: readonly NftObject[] }>()
  return (shard, node) => {
    const known = made.get(shard.table)
    if (known?.node === node) return known.objects
    const objects = compileShard(layout, shard, node)
    made.set(shard.table, { node, objects })
    return objects
  }
}
