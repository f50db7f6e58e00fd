import type { NftHook } from '../../kernel/nftables/types.ts'
import type { NodeView } from '../../model/node-view.ts'
import type { Rule } from '../../rules/model.ts'
import { accept, counted, drop, jump } from '../../rules/terms.ts'
import { chainOf, explained, rule, type TablePlace } from './chains.ts'
import type { Layout, Place } from './layout.ts'
import { counterObject, type ChainObject, type CounterObject } from './objects.ts'

/** In the order in which a packet meets them. Node ports come last: an address of the node may be a Service's too. */
export interface Priorities {
  readonly refuse: number
  readonly mark: number
  readonly services: number
  readonly nodePorts: number
}

/**
 * Beside another proxy (`service-proxy-name`) we come first: its filter before DNAT is at −110 and its DNAT at −100, and its drop of
 * unused ServiceCIDR addresses must not see our frontends.
 */
export const priorities = (node: NodeView): Priorities =>
  node.proxyName === ''
    ? { refuse: -110, mark: -102, services: -101, nodePorts: -100 }
    : { refuse: -115, mark: -107, services: -106, nodePorts: -105 }

export const hook = (type: NftHook['type'], name: NftHook['hook'], priority: number): NftHook => ({
  type,
  hook: name,
  priority,
  policy: 'accept',
})

/** The two nat hooks of a table and its dispatch chain, and what happens to packets that a frontend's chain could not place. */
export const dispatching = (
  layout: Layout,
  places: readonly [Place, ...Place[]],
  priority: number,
  rules: readonly Rule[],
): readonly ChainObject[] => {
  const [place] = places
  const hooked = [
    rule(jump({ verdict: 'jump', chain: 'dispatch' })),
    ...places.map(({ dialled, fallback }) =>
      explained('a change overtook it', counted('fallbacks'), {
        kind: 'dnat-map',
        key: layout.dialled[dialled],
        map: fallback.set.name,
      }),
    ),
    explained('no backend was found', counted('missed'), jump(drop)),
  ]
  return [
    chainOf(place, 'dispatch', 'the frontend that a connection dials', [
      ...rules,
      explained('none of these', jump(accept)),
    ]),
    chainOf(place, 'prerouting', 'from pods and outside', hooked, hook('nat', 'prerouting', priority)),
    chainOf(place, 'output', 'from this node', hooked, hook('nat', 'output', priority)),
  ]
}

/** Every place counts for itself. */
export const countersOf = ({ family, table }: TablePlace): readonly CounterObject[] => [
  counterObject(family, table, {
    name: 'fallbacks',
    comment: 'new connections that a change of backends overtook, and that took the first one',
  }),
  counterObject(family, table, {
    name: 'missed',
    comment: 'new connections that found no backend at all: dropped, the client tries again',
  }),
]

/** of clients of Services with affinity, which are all in the main table */
export const AFFINITY_FULL = 'affinity-full'
