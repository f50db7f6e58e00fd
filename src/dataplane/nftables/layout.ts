import { plainSet } from '../../kernel/nftables/plain-set.ts'
import type { NftSet, NftType } from '../../kernel/nftables/types.ts'
import type { Family } from '../../model/objects.ts'
import type { Key } from '../../rules/model.ts'
import { field } from '../../rules/terms.ts'
import { setObject, SHARDS, shardTable, TABLE, type SetObject } from './objects.ts'
import { type FixedSets, fixedSets, keyTypes } from './sets.ts'

export type IpFamily = 'ip' | 'ip6'

export const nftFamily = (family: Family): IpFamily => (family === 'IPv4' ? 'ip' : 'ip6')

/** Frontends with an address of their own and node ports have twin sets, the latter without the address. */
export type Dialled = 'service' | 'nodeport'

/** Where the tables of one family keep what: made once per plane, so that equal objects are one object. */
export interface Layout {
  readonly family: IpFamily
  readonly table: string
  readonly saddr: 'ip saddr' | 'ip6 saddr'
  readonly daddr: 'ip daddr' | 'ip6 daddr'
  readonly address: NftType
  /** how a packet names the frontend that it dials */
  readonly dialled: Readonly<Record<Dialled, Key>>
  /** of the table that is always there */
  readonly sets: FixedSets
  readonly shards: readonly Place[]
  /** in the table that is always there: frontends with an address and affinity, and node ports */
  readonly services: Place
  readonly nodePorts: Place
}

/** Where frontends are dispatched: a shard, or a part of the main table. */
export interface Place {
  readonly family: IpFamily
  readonly table: string
  readonly dialled: Dialled
  /** frontend : its chain */
  readonly dispatch: SetObject
  /** frontend : a backend, for packets that a change overtook */
  readonly fallback: SetObject
  readonly pods: SetObject
  /** backend and pick maps, made when first asked for */
  backends(number: string): SetObject
  picks(number: string): SetObject
}

export const layoutOf = (family: IpFamily): Layout => {
  const address: NftType = family === 'ip' ? 'ipv4_addr' : 'ipv6_addr'
  const daddr = family === 'ip' ? 'ip daddr' : 'ip6 daddr'
  const nodePort = [field('meta l4proto'), field('th dport')]
  const sets = fixedSets(family, address)
  return {
    family,
    table: TABLE,
    saddr: family === 'ip' ? 'ip saddr' : 'ip6 saddr',
    daddr,
    address,
    dialled: { service: [field(daddr), ...nodePort], nodeport: nodePort },
    sets,
    shards: Array.from({ length: SHARDS }, (_, shard) => shardPlace(family, address, shardTable(shard))),
    services: {
      family,
      table: TABLE,
      dialled: 'service',
      dispatch: sets.services,
      fallback: sets.fallback,
      pods: sets.pods,
      ...slotMaps(family, address, TABLE, 'service'),
    },
    nodePorts: {
      family,
      table: TABLE,
      dialled: 'nodeport',
      dispatch: sets.nodeports,
      fallback: sets['fallback-nodeports'],
      pods: sets.pods,
      ...slotMaps(family, address, TABLE, 'nodeport'),
    },
  }
}

const shardPlace = (family: IpFamily, address: NftType, table: string): Place => {
  const set = (made: NftSet): SetObject => setObject(family, table, made)
  const key = keyTypes(address).service
  return {
    family,
    table,
    dialled: 'service',
    dispatch: set(plainSet('services', key, 'frontends with an address of their own', { data: 'verdict' })),
    fallback: set(
      plainSet('fallback', key, 'frontend : a backend, for packets that a change overtook', {
        data: [address, 'inet_service'],
      }),
    ),
    pods: set(plainSet('pods', [address], 'clusterCIDR: sources that are pods', { interval: true })),
    ...slotMaps(family, address, table, 'service'),
  }
}

const slotMaps = (
  family: IpFamily,
  address: NftType,
  table: string,
  dialled: Dialled,
): Pick<Place, 'backends' | 'picks'> => {
  const made = new Map<string, SetObject>()
  const prefix = dialled === 'service' ? '' : 'nodeport-'
  const key: readonly NftType[] = [...keyTypes(address)[dialled], 'slot']
  const once = (name: string, comment: string, changes: Partial<NftSet>): SetObject => {
    const known = made.get(name) ?? setObject(family, table, plainSet(name, key, comment, changes))
    made.set(name, known)
    return known
  }
  return {
    backends: (number) =>
      once(`${prefix}backends-${number}`, 'frontend . slot : backend', {
        data: [address, 'inet_service'],
        // new connections per backend; the driver leaves them out where they would cost too much
        counter: true,
      }),
    picks: (number) =>
      once(`${prefix}picks-${number}`, 'frontend . slot : backend, of Services with affinity', { data: 'verdict' }),
  }
}
