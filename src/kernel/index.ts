import { readFile } from 'node:fs/promises'
import { endianness, release } from 'node:os'
import type { Log } from '../util/log.ts'
import { watchAddresses } from './addresses.ts'
import { ConntrackConnection } from './conntrack/connection.ts'
import type { Conntrack } from './conntrack-types.ts'
import { KernelError } from './errors.ts'
import type { Iptables, IptablesBackEnd } from './iptables/types.ts'
import type { AddressWatch, Kernel } from './kernel.ts'
import { loadLibc } from './libc.ts'
import { NetlinkRequests } from './netlink/requests.ts'
import { NetlinkSocket } from './netlink/socket.ts'
import { NETLINK_NETFILTER, NETLINK_ROUTE } from './netlink/wire.ts'
import { type Accounting, accountingOver } from './nfacct.ts'
import { NftablesConnection } from './nftables/connection.ts'
import type { Nftables } from './nftables/types.ts'

/** Replies to a batch: at most ECHO_MAX echoed deletions and an acknowledgement. */
const TRANSACTION_BUFFER = 16 << 20
/** A dump's answers are made as they are read. */
const CONNTRACK_BUFFER = 4 << 20
/** Events of foreign rulesets of about 100,000 rules may wait while the event loop is busy. */
const EVENT_BUFFER = 32 << 20

export interface KernelOptions {
  /** default: the back end of iptables that this node uses */
  readonly iptables?: IptablesBackEnd | undefined
}

/** The kernel of the network namespace that this process runs in. Loads koffi; opens nothing yet. */
export async function openKernel({ iptables }: KernelOptions = {}): Promise<Kernel> {
  if (endianness() !== 'LE')
    throw new KernelError({ operation: 'open kernel', errno: '', detail: 'only little-endian machines are supported' })
  const libc = await loadLibc()
  const openNetfilter = (receiveBuffer: number): NetlinkSocket =>
    new NetlinkSocket(libc, { protocol: NETLINK_NETFILTER, receiveBuffer })
  const openEvents = (deafTo: number): NetlinkSocket =>
    new NetlinkSocket(libc, { protocol: NETLINK_NETFILTER, receiveBuffer: EVENT_BUFFER, deafTo })
  return {
    release: release(),
    possibleCpus: await countPossibleCpus(),
    async nftables(log: Log): Promise<Nftables> {
      const transactions = openNetfilter(TRANSACTION_BUFFER)
      const requests = openNetfilter(4 << 20)
      return new NftablesConnection({ transactions, requests, openEvents: () => openEvents(transactions.portId) }, log)
    },
    async conntrack(log: Log): Promise<Conntrack> {
      // Even a short request makes the kernel walk the whole table.
      const options = { protocol: NETLINK_NETFILTER, receiveBuffer: CONNTRACK_BUFFER, threadFrom: 0 }
      return new ConntrackConnection(new NetlinkSocket(libc, options), log)
    },
    async iptables(log: Log, backEnd = iptables): Promise<Iptables> {
      const { openIptables } = await import('./iptables/open.ts')
      return openIptables({ libc, log, backEnd: backEnd ?? null })
    },
    async iptablesWith(table: string, chain: string): Promise<readonly IptablesBackEnd[]> {
      const { backEndsWith } = await import('./iptables/open.ts')
      using requests = openNetfilter(4 << 20)
      return await backEndsWith(libc, new NetlinkRequests(requests), { table, chain })
    },
    async accounting(): Promise<Accounting> {
      const socket = openNetfilter(1 << 16)
      return accountingOver(new NetlinkRequests(socket), socket)
    },
    async addresses(listener): Promise<AddressWatch> {
      const openRoute = (): NetlinkSocket => new NetlinkSocket(libc, { protocol: NETLINK_ROUTE })
      return watchAddresses(openRoute(), listener === undefined ? null : openRoute(), listener)
    },
  }
}

async function countPossibleCpus(): Promise<number> {
  return parseCpuList(await readFile('/sys/devices/system/cpu/possible', 'utf8').catch(() => '0'))
}

/** `0-3,8` → 5 */
export function parseCpuList(text: string): number {
  return text
    .trim()
    .split(',')
    .reduce((count, range) => {
      const [first = 0, last = first] = range.split('-').map(Number)
      return count + last - first + 1
    }, 0)
}
