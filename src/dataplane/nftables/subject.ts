import type { Frontend, SourceClass } from '../../model/frontend.ts'
import type { NodeView } from '../../model/node-view.ts'
import type { Bytes } from '../../rules/model.ts'
import { podCidrsOf } from '../../routing/node-view.ts'
import { frontendBytes, intervals } from './elements.ts'
import type { Layout, Place } from './layout.ts'
import { type FrontendNames, frontendNames } from './names.ts'
import { TABLE, type NftObject } from './objects.ts'
import type { PickRules } from './pick-rules.ts'
import { type PodTest, podTest, presentClasses } from './source-classes.ts'

/** What is the same for every frontend of a family. */
export interface Compilation {
  readonly layout: Layout
  readonly pickRules: PickRules
  readonly shardObjects: (shard: Place, node: NodeView) => readonly NftObject[]
}

/** One frontend on its way to objects. */
export interface Subject extends Compilation {
  readonly frontend: Frontend
  readonly node: NodeView
  readonly names: FrontendNames
  /** where it is dispatched */
  readonly place: Place
  /** `daddr . l4proto . dport`, of a node port without the address */
  readonly key: Bytes
  /** how pods are known; null: nobody is */
  readonly pods: PodTest | null
  /** classes that a packet can be of here */
  readonly present: readonly SourceClass[]
  /** what has been compiled so far */
  readonly objects: NftObject[]
}

export const subjectOf = (compilation: Compilation, frontend: Frontend, node: NodeView): Subject => {
  const { layout, pickRules, shardObjects } = compilation
  const names = frontendNames(frontend)
  const place = placeOf(layout, frontend, names)
  const pods = podTest(layout, node, frontend.family)
  return {
    layout,
    pickRules,
    shardObjects,
    frontend,
    node,
    names,
    place,
    key: frontendBytes(frontend),
    pods,
    present: presentClasses(pods),
    objects: [],
  }
}

const placeOf = (layout: Layout, { address }: Frontend, { shard }: FrontendNames): Place => {
  if (address === null) return layout.nodePorts
  return (shard === null ? undefined : layout.shards[shard]) ?? layout.services
}

/** What rules need that ask for pods by themselves; the main table has it always. */
export const podsOf = ({ place, frontend, node, pods }: Subject): readonly NftObject[] =>
  place.table === TABLE || pods?.bySet !== true
    ? []
    : [place.pods, ...intervals(place.pods, podCidrsOf(node, frontend.family))]
