import type { Kernel } from '../../kernel/kernel.ts'
import { openSysctls, type Sysctls } from '../../kernel/sysctl.ts'
import type { KernelFacts, KernelFactsOptions } from '../plane.ts'
import { INVALID_DROPPED, LOCALHOST_ACCEPTED } from './nfacct.ts'

const counters = [INVALID_DROPPED, LOCALHOST_ACCEPTED]

/** `sysctls`: default this machine's. */
export const readKernelFacts = async (
  kernel: Pick<Kernel, 'accounting'>,
  options: KernelFactsOptions,
  sysctls: Sysctls = openSysctls(),
): Promise<KernelFacts> => ({ tcpBeLiberal: isLiberal(sysctls), nfacct: await hasCounters(kernel, options) })

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
const hasCounters = async (kernel: Pick<Kernel, 'accounting'>, { log, make }: KernelFactsOptions): Promise<boolean> => {
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
