import type { NodeView } from '../model/node-view.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { nodeView } from '../routing/node-view.ts'
import type { ProxyConfig } from './config/config.ts'

/** The node with the addresses of its interfaces: those that bindAddress and the Node object name stand first, in this order. */
export const liveNodeView = (config: ProxyConfig, snapshot: Snapshot, interfaces: readonly string[]): NodeView =>
  nodeView(config, snapshot, interfaces)
