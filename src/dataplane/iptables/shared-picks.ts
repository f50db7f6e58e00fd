import type { BackendSet } from '../../model/frontend.ts'
import type { NodeView } from '../../model/node-view.ts'
import type { Picks } from './compile.ts'
import { compilePicks } from './compile-picks.ts'
import type { ChainObject } from './objects.ts'

interface Compiled {
  readonly node: NodeView
  readonly key: string
  readonly chains: readonly ChainObject[]
}

/** Frontends of a ServicePort have one set of backends and therefore the same chains, which are compiled once and held once. */
export const sharedPicks = (): Picks => {
  const compiled = new WeakMap<BackendSet, Compiled>()
  return (subject, policy) => {
    const { frontend, node, names } = subject
    const set = policy === 'Cluster' ? frontend.sets.cluster : frontend.sets.local
    if (set === null) return []
    const { clusterIP, affinitySeconds } = frontend
    const key = [names.servicePort, names.protocol, policy, ...Object.values(clusterIP), affinitySeconds].join(' ')
    const known = compiled.get(set)
    if (known?.node === node && known.key === key) return known.chains
    const chains = compilePicks(subject, policy, set)
    compiled.set(set, { node, key, chains })
    return chains
  }
}
