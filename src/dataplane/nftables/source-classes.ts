import type { SourceClass } from '../../model/frontend.ts'
import type { NodeView, PodInterface } from '../../model/node-view.ts'
import type { Family } from '../../model/objects.ts'
import { podCidrsOf } from '../../routing/node-view.ts'
import { prefixMask, u32 } from '../../rules/bytes.ts'
import type { Statement } from '../../rules/model.ts'
import { field, inSet, notInSet } from '../../rules/terms.ts'
import type { Layout } from './layout.ts'

const RTN_LOCAL = 2
/** linux/if.h */
const IFNAMSIZ = 16

/** In the order in which they are asked for. */
const classes = ['pods', 'node', 'outside'] as const satisfies readonly SourceClass[]

/** How a packet from a pod is told from others. */
export interface PodTest {
  readonly is: Statement
  readonly isNot: Statement
  /** looks into the set `pods`, which must then stand in the table */
  readonly bySet: boolean
}

/** null: nobody of this family is known to be a pod. */
export const podTest = (layout: Layout, node: NodeView, family: Family): PodTest | null => {
  const { podInterface } = node
  if (podInterface !== null)
    return { is: byInterface(podInterface, '=='), isNot: byInterface(podInterface, '!='), bySet: false }
  if (podCidrsOf(node, family).length === 0) return null
  const saddr = [field(layout.saddr)]
  return { is: inSet(saddr, 'pods'), isNot: notInSet(saddr, 'pods'), bySet: true }
}

/** As kube-proxy: `iifname "cni0"`, `iifname "veth*"`. What the node itself sends comes in by no interface, whose name is ''. */
const byInterface = ({ name, prefix }: PodInterface, op: '==' | '!='): Statement => {
  const bytes = Buffer.from(name).toString('latin1')
  const match = { kind: 'match', left: field('meta iifname'), op, right: bytes.padEnd(IFNAMSIZ, '\0') } as const
  return prefix ? { ...match, mask: prefixMask(bytes.length * 8, IFNAMSIZ) } : match
}

const withoutPods = classes.slice(1)

/** The class alone, whatever was asked before. */
export const isClass = (source: SourceClass, pods: PodTest | null): Statement[] => {
  const notPods = pods === null ? [] : [pods.isNot]
  switch (source) {
    case 'pods':
      return isNextClass(source, pods)
    case 'node':
      return [...notPods, fromNode('==')]
    case 'outside':
      return [...notPods, fromNode('!=')]
  }
}

/** The class, once those asked before it have gone elsewhere; outside is everybody else. */
export const isNextClass = (source: SourceClass, pods: PodTest | null): Statement[] => {
  switch (source) {
    case 'pods':
      if (pods === null) throw new Error('nobody is known to be a pod, so no rule asks for them')
      return [pods.is]
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
export const presentClasses = (pods: PodTest | null): readonly SourceClass[] => (pods === null ? withoutPods : classes)
