import type { Log } from '../util/log.ts'
import type { Conntrack } from './conntrack-types.ts'
import type { Iptables } from './iptables/types.ts'
import type { Nftables } from './nftables/types.ts'

/** The kernel of one network namespace: what planes and the agent are given. Connections are opened when asked for. */
export interface Kernel {
  nftables(log: Log): Promise<Nftables>
  conntrack(log: Log): Promise<Conntrack>
  /** of the back end that this node uses; throws KernelError where its programs are missing */
  iptables(log: Log): Promise<Iptables>
  /** the addresses of this namespace's interfaces, loopback left out; the listener hears of later changes (rtnetlink) */
  addresses(listener?: (addresses: readonly string[]) => void): Promise<AddressWatch>
  /** e.g. `6.18.44` */
  readonly release: string
  readonly possibleCpus: number
}

export interface AddressWatch extends AsyncDisposable {
  readonly current: readonly string[]
}
