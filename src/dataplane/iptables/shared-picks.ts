import type { BackendSet } from '../../model/frontend.ts'
import type { NodeView } from '../../model/node-view.ts'
import type { TrafficPolicy } from '../../model/objects.ts'
import type { Picks } from './compile.ts'
import { compilePicks } from './compile-picks.ts'
import type { ChainObject } from './objects.ts'

interface Compiled {
  readonly set: BackendSet
  readonly node: NodeView
  readonly key: string
  readonly chains: readonly ChainObject[]
}

/**
 * Frontends of a ServicePort have one set of backends and therefore the same chains: compiled once and held once where one frontend
 * follows the other, as they do. Just the last is remembered: a WeakMap of all costs the garbage collector more than it saves.
 */
export const sharedPicks = (): Picks => {
  const last: { [P in TrafficPolicy]?: Compiled } = {}
  return (subject, policy) => {
    const { frontend, node, names } = subject
    const set = policy === 'Cluster' ? frontend.sets.cluster : frontend.sets.local
    if (set === null) return []
    const { clusterIP, affinitySeconds } = frontend
    const { address, port, policy: internal } = clusterIP
    const key = `${names.servicePort} ${names.protocol} ${address} ${port} ${internal} ${affinitySeconds}`
    const known = last[policy]
    if (known?.set === set && known.node === node && known.key === key) return known.chains
    const chains = compilePicks(subject, policy, set)
    last[policy] = { set, node, key, chains }
    return chains
  }
}
