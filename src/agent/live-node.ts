import type { NodeView } from '../model/node-view.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { nodeView } from '../routing/node-view.ts'
import type { ProxyConfig } from './config.ts'

/** The node with the addresses of its interfaces: those that the Node object names stand first, in its order. */
export const liveNodeView = (config: ProxyConfig, snapshot: Snapshot, interfaces: readonly string[]): NodeView => {
  const named = snapshot.node(config.nodeName)?.addresses ?? []
  const present = new Set(interfaces)
  const known = new Set(named)
  return nodeView(config, snapshot, [
    ...named.filter((address) => present.has(address)),
    ...interfaces.filter((address) => !known.has(address)),
  ])
}
