import { addressBytes } from '../../model/address.ts'
import { loadLibc } from '../libc.ts'
import { NetlinkRequests } from '../netlink/requests.ts'
import { NetlinkSocket } from '../netlink/socket.ts'
import { NETLINK_GENERIC, NETLINK_NETFILTER, NETLINK_ROUTE, NETLINK_SOCK_DIAG } from '../netlink/wire.ts'
import type { NftFamily } from '../nftables/types.ts'
import { destroySets, listPorts, listSets } from './ipsets.ts'
import { deleteVirtualServices, type VirtualService } from './ipvs.ts'
import { listTracked, type TrackedConnection } from '../conntrack/tracked.ts'
import { readLegacyTable } from './legacy.ts'
import { deleteAddress, deleteLink, listLinkAddresses } from './links.ts'
import { listProgramNames } from './programs.ts'
import { dumpNftables, listLinks, type NftDump } from './nft-dump.ts'
import { type ForeignChain, type ForeignRule, type ForeignTable, listChains, listRules, listTables } from './ruleset.ts'
import { type Listener, listListeners } from './sockets.ts'
import type { LegacyChain, XtablesFamily } from './xtables.ts'

export {
  type DumpedChain,
  type DumpedRule,
  type DumpedSet,
  type DumpedTable,
  type NftDump,
  rawAttributes,
} from './nft-dump.ts'
export type { VirtualService } from './ipvs.ts'
export {
  type ForeignChain,
  type ForeignFamily,
  type ForeignRule,
  type ForeignTable,
  HOOK_FORWARD,
  HOOK_INPUT,
} from './ruleset.ts'
export type { TrackedConnection } from '../conntrack/tracked.ts'
export type { Listener } from './sockets.ts'
export type { LegacyChain, XtablesFamily } from './xtables.ts'

/** What others have put into the kernel of this network namespace. Every question throws KernelError where it is not allowed. */
export interface Foreign extends Disposable {
  nftTables(): Promise<readonly ForeignTable[]>
  nftChains(): Promise<readonly ForeignChain[]>
  nftRules(chain: { family: NftFamily; table: string; name: string }): Promise<readonly ForeignRule[]>
  /** all of nf_tables, at one moment */
  nftDump(): Promise<NftDump>
  /** names by index */
  links(): Promise<ReadonlyMap<number, string>>
  /** ask only for tables that /proc/net/ip_tables_names (ip6_tables_names) lists */
  legacyTable(family: XtablesFamily, table: string): readonly LegacyChain[]
  ipsets(): Promise<readonly string[]>
  ipsetPorts(set: string): Promise<ReadonlySet<number>>
  linkAddresses(linkIndex: number): Promise<readonly string[]>
  listeners(): Promise<readonly Listener[]>
  /** the conntrack table, both families */
  connections(): Promise<readonly TrackedConnection[]>
  /** of the whole machine */
  programNames(): readonly string[]
}

/** Removes what others left behind. The caller knows that nobody needs it any more. */
export interface ForeignRemoval {
  /** name → errno of those that are still in use */
  destroyIpsets(names: readonly string[]): Promise<ReadonlyMap<string, string>>
  deleteVirtualServices(services: readonly VirtualService[]): Promise<void>
  deleteLink(name: string): Promise<void>
  deleteAddress(linkIndex: number, address: string): Promise<void>
}

/** Loads koffi and opens sockets as they are asked for. */
export const openForeign = async (): Promise<Foreign & ForeignRemoval> => {
  const libc = await loadLibc()
  const opened = new Map<number, { requests: NetlinkRequests; socket: NetlinkSocket }>()
  const on = (protocol: number): NetlinkRequests => {
    const known = opened.get(protocol)
    if (known !== undefined) return known.requests
    const socket = new NetlinkSocket(libc, { protocol })
    const requests = new NetlinkRequests(socket)
    opened.set(protocol, { requests, socket })
    return requests
  }
  return {
    nftTables: async () => listTables(on(NETLINK_NETFILTER)),
    nftChains: async () => listChains(on(NETLINK_NETFILTER)),
    nftRules: async (chain) => listRules(on(NETLINK_NETFILTER), chain),
    nftDump: async () => dumpNftables(on(NETLINK_NETFILTER)),
    links: async () => new Map((await listLinks(on(NETLINK_ROUTE))).map(({ index, name }) => [index, name])),
    legacyTable: (family, table) => readLegacyTable(libc, family, table),
    ipsets: async () => listSets(on(NETLINK_NETFILTER)),
    ipsetPorts: async (set) => listPorts(on(NETLINK_NETFILTER), set),
    linkAddresses: async (index) => listLinkAddresses(on(NETLINK_ROUTE), index),
    listeners: async () => listListeners(on(NETLINK_SOCK_DIAG)),
    connections: async () => [
      ...(await on(NETLINK_NETFILTER).dump(listTracked('IPv4'))),
      ...(await on(NETLINK_NETFILTER).dump(listTracked('IPv6'))),
    ],
    programNames: () => listProgramNames(libc),
    destroyIpsets: async (names) => destroySets(on(NETLINK_NETFILTER), names),
    deleteVirtualServices: async (services) =>
      deleteVirtualServices(on(NETLINK_GENERIC), services, (address) => addressBytes(address)),
    deleteLink: async (name) => deleteLink(on(NETLINK_ROUTE), name),
    deleteAddress: async (index, address) => deleteAddress(on(NETLINK_ROUTE), index, addressBytes(address)),
    [Symbol.dispose]() {
      for (const { socket } of opened.values()) socket[Symbol.dispose]()
    },
  }
}
