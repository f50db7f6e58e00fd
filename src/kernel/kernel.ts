import type { Log } from '../util/log.ts'
import type { Conntrack } from './conntrack-types.ts'
import type { Iptables, IptablesBackEnd } from './iptables/types.ts'
import type { Accounting } from './nfacct.ts'
import type { Nftables } from './nftables/types.ts'

/** The kernel of one network namespace: what planes and the agent are given. Connections are opened when asked for. */
export interface Kernel {
  nftables(log: Log): Promise<Nftables>
  conntrack(log: Log): Promise<Conntrack>
  /** default: of the back end that this node uses; throws KernelError where its programs are missing */
  iptables(log: Log, backEnd?: IptablesBackEnd): Promise<Iptables>
  /** the back ends of iptables where a chain of this name stands in the table, of either family; starts no program */
  iptablesWith(table: string, chain: string): Promise<readonly IptablesBackEnd[]>
  /** named counters that rules may count in (nfacct) */
  accounting(): Promise<Accounting>
  /** the addresses of this namespace's interfaces, loopback left out; the listener hears of later changes (rtnetlink) */
  addresses(listener?: (addresses: readonly string[]) => void): Promise<AddressWatch>
  /** e.g. `6.18.44` */
  readonly release: string
  readonly possibleCpus: number
}

export interface AddressWatch extends AsyncDisposable {
  readonly current: readonly string[]
}
