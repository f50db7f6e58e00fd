import type { PlaneName } from '../dataplane/plane.ts'
import { INVALID_DROPPED, LOCALHOST_ACCEPTED } from '../dataplane/iptables/nfacct.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { openSysctls, type Sysctls } from '../kernel/sysctl.ts'
import type { Log } from '../util/log.ts'
import type { ProxyConfig } from './config.ts'

export interface KernelFactsOptions {
  readonly plane: PlaneName
  readonly kernel: Pick<Kernel, 'accounting'>
  readonly log: Log
  /** counters that are missing are made; without it only what is there counts */
  readonly make: boolean
  /** default: this machine's */
  readonly sysctls?: Sysctls
}

const counters = [INVALID_DROPPED, LOCALHOST_ACCEPTED]

/** The configuration with what iptables rules depend on and only the kernel knows: `tcpBeLiberal` and `nfacct`. */
export const withKernelFacts = async (config: ProxyConfig, options: KernelFactsOptions): Promise<ProxyConfig> => {
  if (options.plane !== 'iptables') return config
  return {
    ...config,
    tcpBeLiberal: config.tcpBeLiberal || isLiberal(options.sysctls ?? openSysctls()),
    nfacct: await hasCounters(options),
  }
}

/** Also where an administrator set it. */
const isLiberal = (sysctls: Sysctls): boolean => {
  try {
    return sysctls.read('net/netfilter/nf_conntrack_tcp_be_liberal') !== 0
  } catch {
    // nf_conntrack is not loaded: its default is 0
    return false
  }
}

/** Rules that count in a counter cannot be loaded without it, so without all of them none is used. */
const hasCounters = async ({ kernel, log, make }: KernelFactsOptions): Promise<boolean> => {
  try {
    using accounting = await kernel.accounting()
    const present = await accounting.names()
    if (present === null) return false
    if (make) await accounting.make(counters)
    return make || counters.every((name) => present.has(name))
  } catch (error) {
    log.warn({ err: error, counters }, 'kube-proxy’s nfacct counters cannot be had: their rules do not count')
    return false
  }
}
