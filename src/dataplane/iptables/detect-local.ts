import type { NodeView } from '../../model/node-view.ts'
import type { Family } from '../../model/objects.ts'
import { podCidrsOf } from '../../routing/node-view.ts'
import { type RuleParts, sourceIs } from './rule-text.ts'

/** How a packet from a pod is told from others (kube-proxy: LocalTrafficDetector). */
export interface PodTest {
  readonly is: Pick<RuleParts, 'source' | 'input'>
  readonly isNot: Pick<RuleParts, 'source' | 'input'>
}

/**
 * null: nobody of this family is known to be a pod. Throws where there are several ranges: one rule can ask for one, and
 * configurations have one of a family at most.
 */
export const podTest = (node: NodeView, family: Family): PodTest | null => {
  const { podInterface } = node
  if (podInterface !== null) {
    const name = `${podInterface.name}${podInterface.prefix ? '+' : ''}`
    return { is: { input: `-i ${name}` }, isNot: { input: `! -i ${name}` } }
  }
  const [cidr, ...others] = podCidrsOf(node, family)
  if (cidr === undefined) return null
  if (others.length > 0)
    throw new Error(`clusterCIDR: ${cidr} and ${others.join(', ')}: iptables rules ask for one range of a family`)
  return { is: { source: sourceIs(cidr) }, isNot: { source: sourceIs(cidr, true) } }
}
