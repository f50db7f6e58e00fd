import type { SourceClass } from '../../model/frontend.ts'
import type { NodeView } from '../../model/node-view.ts'
import type { Family } from '../../model/objects.ts'
import { podCidrsOf } from '../../routing/node-view.ts'
import { u32 } from '../../rules/bytes.ts'
import type { Statement } from '../../rules/model.ts'
import { field, inSet, notInSet } from '../../rules/terms.ts'
import type { Layout } from './layout.ts'

const RTN_LOCAL = 2

/** In the order in which they are asked for. */
export const classes = ['pods', 'node', 'outside'] as const satisfies readonly SourceClass[]

/** Without a clusterCIDR of the family nobody is known to be a pod. */
export const podsKnown = (node: NodeView, family: Family): boolean => podCidrsOf(node, family).length > 0

const withoutPods = classes.slice(1)

/** The class alone, whatever was asked before. */
export const isClass = (source: SourceClass, layout: Layout, pods: boolean): Statement[] => {
  const saddr = [field(layout.saddr)]
  const notPods = pods ? [notInSet(saddr, 'pods')] : []
  switch (source) {
    case 'pods':
      return [inSet(saddr, 'pods')]
    case 'node':
      return [...notPods, fromNode('==')]
    case 'outside':
      return [...notPods, fromNode('!=')]
  }
}

/** The class, once those asked before it have gone elsewhere; outside is everybody else. */
export const isNextClass = (source: SourceClass, layout: Layout): Statement[] => {
  switch (source) {
    case 'pods':
      return [inSet([field(layout.saddr)], 'pods')]
    case 'node':
      return [fromNode('==')]
    case 'outside':
      return []
  }
}

const fromNode = (op: '==' | '!='): Statement => ({
  kind: 'match',
  left: field('fib saddr type'),
  op,
  right: u32(RTN_LOCAL),
})

/** Classes that a packet can be of. */
export const presentClasses = (pods: boolean): readonly SourceClass[] => (pods ? classes : withoutPods)
