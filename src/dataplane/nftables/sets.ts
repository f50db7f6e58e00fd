import { plainSet } from '../../kernel/nftables/plain-set.ts'
import type { NftSet, NftType } from '../../kernel/nftables/types.ts'
import { setObject, TABLE, type SetObject } from './objects.ts'

/** How a frontend is named in a set: `daddr . l4proto . dport`, a node port without the address. */
export const keyTypes = (address: NftType): Readonly<Record<'service' | 'nodeport', readonly NftType[]>> => ({
  service: [address, 'inet_proto', 'inet_service'],
  nodeport: ['inet_proto', 'inet_service'],
})

/** Sets of the main table that are always there. */
export type FixedSets = Readonly<
  Record<
    | 'services'
    | 'fallback'
    | 'nodeports'
    | 'fallback-nodeports'
    | 'refused'
    | 'refused-nodeports'
    | 'masquerade-all'
    | 'masquerade-all-nodeports'
    | 'masquerade-outside'
    | 'masquerade-outside-nodeports'
    | 'equal-octets'
    | 'cluster-ips'
    | 'nodeport-addresses'
    | 'pods'
    | 'service-cidrs',
    SetObject
  >
>

export const fixedSets = (family: 'ip' | 'ip6', address: NftType): FixedSets => {
  const keys = keyTypes(address)
  const of = <N extends keyof FixedSets>(
    name: N,
    key: readonly NftType[],
    comment: string,
    changes: Partial<NftSet> = {},
  ): { readonly [K in N]: SetObject } =>
    ({ [name]: setObject(family, TABLE, plainSet(name, key, comment, changes)) }) as { readonly [K in N]: SetObject }
  const verdicts = { data: 'verdict' } as const
  const interval = { interval: true } as const
  return {
    ...of('services', keys.service, 'frontends with an address of their own and affinity', verdicts),
    ...of('fallback', keys.service, 'frontend : a backend, for packets that a change overtook', {
      data: [address, 'inet_service'],
    }),
    ...of('nodeports', keys.nodeport, 'frontends on the addresses of the node', verdicts),
    ...of('fallback-nodeports', keys.nodeport, 'node port : a backend, for packets that a change overtook', {
      data: [address, 'inet_service'],
    }),
    ...of('refused', keys.service, 'frontends that some sources may not or cannot reach', verdicts),
    ...of('refused-nodeports', keys.nodeport, 'node ports that some sources cannot reach', verdicts),
    ...of('masquerade-all', keys.service, 'frontends whose clients are all masqueraded'),
    ...of('masquerade-all-nodeports', keys.nodeport, 'node ports whose clients are all masqueraded'),
    ...of('masquerade-outside', keys.service, 'frontends whose clients other than pods are masqueraded'),
    ...of('masquerade-outside-nodeports', keys.nodeport, 'node ports whose clients other than pods are masqueraded'),
    ...of('equal-octets', ['octet', 'octet'], 'every octet beside itself: to compare two addresses, octet by octet'),
    ...of('cluster-ips', [address], 'a port that no Service has is refused here'),
    ...of('nodeport-addresses', [address], 'addresses of the node on which node ports are open'),
    ...of('pods', [address], 'clusterCIDR: sources that are pods', interval),
    ...of('service-cidrs', [address], 'ServiceCIDRs: addresses that no Service has lead nowhere', interval),
  }
}
