import type { NftSet, NftType } from '../../kernel/nftables/types.ts'
import type { Family } from '../../model/objects.ts'
import type { Field, Key } from '../../rules/model.ts'
import { field } from '../../rules/terms.ts'
import { setObject, type SetObject } from './objects.ts'

export type IpFamily = 'ip' | 'ip6'

export const nftFamily = (family: Family): IpFamily => (family === 'IPv4' ? 'ip' : 'ip6')

/** Frontends with an address of their own and node ports have twin sets, the latter without the address. */
export type Dialled = 'service' | 'nodeport'

/** Where the tables keep what for one family: made once per plane, so that equal objects are one object. */
export interface Layout {
  readonly family: IpFamily
  readonly saddr: Field
  readonly daddr: Field
  readonly addressLength: 4 | 16
  /** how a packet names the frontend that it dials */
  readonly dialled: Readonly<Record<Dialled, Key>>
  readonly sets: FixedSets
  /** backend and pick maps, made when first asked for */
  backends(dialled: Dialled, number: string): SetObject
  picks(dialled: Dialled, number: string): SetObject
}

type FixedSets = { readonly [K in FixedSetName]: SetObject }

export type FixedSetName =
  | 'services'
  | 'nodeports'
  | 'refused'
  | 'refused-nodeports'
  | 'masquerade-all'
  | 'masquerade-all-nodeports'
  | 'masquerade-outside'
  | 'masquerade-outside-nodeports'
  | 'hairpin'
  | 'cluster-ips'
  | 'nodeport-addresses'
  | 'pods'
  | 'service-cidrs'

/** A set without anything special; `changes` say what is. */
export const plainSet = (
  name: string,
  key: readonly NftType[],
  comment: string,
  changes: Partial<NftSet> = {},
): NftSet => ({
  name,
  key,
  data: null,
  interval: false,
  dynamic: false,
  timeoutMs: 0,
  size: 0,
  counter: false,
  comment,
  ...changes,
})

export const layoutOf = (family: IpFamily): Layout => {
  const address: NftType = family === 'ip' ? 'ipv4_addr' : 'ipv6_addr'
  const saddr: Field = family === 'ip' ? 'ip saddr' : 'ip6 saddr'
  const daddr: Field = family === 'ip' ? 'ip daddr' : 'ip6 daddr'
  const nodePort = [field('meta l4proto'), field('th dport')]
  const keys: Readonly<Record<Dialled, readonly NftType[]>> = {
    service: [address, 'inet_proto', 'inet_service'],
    nodeport: ['inet_proto', 'inet_service'],
  }
  const made = new Map<string, SetObject>()
  const once = (name: string, make: () => NftSet): SetObject => {
    const known = made.get(name) ?? setObject(family, make())
    made.set(name, known)
    return known
  }
  const slotted = (name: string, dialled: Dialled, comment: string, changes: Partial<NftSet>): SetObject =>
    once(name, () => plainSet(name, [...keys[dialled], 'slot'], comment, changes))
  return {
    family,
    saddr,
    daddr,
    addressLength: family === 'ip' ? 4 : 16,
    dialled: { service: [field(daddr), ...nodePort], nodeport: nodePort },
    sets: fixedSets(family, address, keys),
    backends: (dialled, number) =>
      slotted(`${prefix[dialled]}backends-${number}`, dialled, 'frontend . slot : backend', {
        data: [address, 'inet_service'],
        // new connections per backend; the driver leaves them out where they would cost too much
        counter: true,
      }),
    picks: (dialled, number) =>
      slotted(`${prefix[dialled]}picks-${number}`, dialled, 'frontend . slot : backend, of Services with affinity', {
        data: 'verdict',
      }),
  }
}

const prefix: Readonly<Record<Dialled, string>> = { service: '', nodeport: 'nodeport-' }

const fixedSets = (
  family: IpFamily,
  address: NftType,
  keys: Readonly<Record<Dialled, readonly NftType[]>>,
): FixedSets => {
  const of = (name: FixedSetName, key: readonly NftType[], comment: string, changes: Partial<NftSet> = {}): SetObject =>
    setObject(family, plainSet(name, key, comment, changes))
  const verdicts = { data: 'verdict' } as const
  return {
    services: of('services', keys.service, 'frontends with an address of their own', verdicts),
    nodeports: of('nodeports', keys.nodeport, 'frontends on the addresses of the node', verdicts),
    refused: of('refused', keys.service, 'frontends that some sources may not or cannot reach', verdicts),
    'refused-nodeports': of('refused-nodeports', keys.nodeport, 'node ports that some sources cannot reach', verdicts),
    'masquerade-all': of('masquerade-all', keys.service, 'frontends whose clients are all masqueraded'),
    'masquerade-all-nodeports': of(
      'masquerade-all-nodeports',
      keys.nodeport,
      'node ports whose clients are all masqueraded',
    ),
    'masquerade-outside': of(
      'masquerade-outside',
      keys.service,
      'frontends whose clients other than pods are masqueraded',
    ),
    'masquerade-outside-nodeports': of(
      'masquerade-outside-nodeports',
      keys.nodeport,
      'node ports whose clients other than pods are masqueraded',
    ),
    hairpin: of('hairpin', [address, ...keys.service], 'backends that dial themselves are masqueraded'),
    'cluster-ips': of('cluster-ips', [address], 'a port that no Service has is refused here'),
    'nodeport-addresses': of('nodeport-addresses', [address], 'addresses of the node on which node ports are open'),
    pods: of('pods', [address], 'clusterCIDR: sources that are pods', { interval: true }),
    'service-cidrs': of('service-cidrs', [address], 'ServiceCIDRs: addresses that no Service has lead nowhere', {
      interval: true,
    }),
  }
}
