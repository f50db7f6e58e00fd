import type { NodeView } from '../model/node-view.ts'
import type { Candidate } from './candidates.ts'

/** Whether hints narrow the cluster set on this node, and by what. */
export type Topology = 'everywhere' | 'same-zone' | 'same-node'

/**
 * Hints count only if every ready endpoint has one and at least one names this node (KEP-3015), else this node's zone
 * (KEP-2433): otherwise some node would be left without endpoints.
 */
export const topologyOf = (candidates: readonly Candidate[], node: NodeView): Topology => {
  if (narrows(candidates, 'hintNodes', node.name)) return 'same-node'
  if (narrows(candidates, 'hintZones', node.zone)) return 'same-zone'
  return 'everywhere'
}

const narrows = (candidates: readonly Candidate[], hints: 'hintNodes' | 'hintZones', here: string): boolean => {
  if (here === '') return false
  let named = false
  for (const { endpoint, backend } of candidates) {
    if (!endpoint.ready || backend.weight === 0) continue
    const hint = endpoint[hints]
    if (hint === null || hint.length === 0) return false
    named ||= hint.includes(here)
  }
  return named
}

/** Is a ready endpoint hinted for this node under `topology`? */
export const hintedHere = ({ endpoint }: Candidate, topology: Topology, node: NodeView): boolean => {
  switch (topology) {
    case 'everywhere':
      return true
    case 'same-node':
      return endpoint.hintNodes?.includes(node.name) ?? false
    case 'same-zone':
      return endpoint.hintZones?.includes(node.zone) ?? false
  }
}
