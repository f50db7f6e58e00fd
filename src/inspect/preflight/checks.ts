import type { Check } from './check.ts'
import { bridgeHairpin, bridgeNetfilter, podNetwork } from './checks/bridges.ts'
import { conntrackBuckets, conntrackDrops, conntrackPressure } from './checks/conntrack.ts'
import { firewalld, forwardDrop, inputDrop, ufw } from './checks/filters.ts'
import { defaultRoute, forwarding, reversePathFilter, routeLocalnet } from './checks/forwarding.ts'
import { ipv6, kernelFeatures, kernelVersion, nfTables, nftVersion } from './checks/kernel.ts'
import { besideKubeProxy, kubeProxyLeftovers, kubeProxyRuns } from './checks/kube-proxy.ts'
import { iptablesPrograms } from './checks/iptables.ts'
import { bothBackEnds } from './checks/legacy.ts'
import { markBit } from './checks/marks.ts'
import { ebpfChecks, foreignIpvs, kubeRouter, loxilb } from './checks/other-proxies.ts'
import { nodePorts, ownPorts } from './checks/ports.ts'
import { cgroup2, lockedMemory, netAdmin, readOnlySysctls, seccomp, userNamespace } from './checks/privileges.ts'

/**
 * Those whose findings can be fatal: what `run` looks at before it starts. They read files and a few names from the kernel; none
 * lists rules or starts a process.
 */
export const fatalChecks: readonly Check[] = [
  netAdmin,
  kernelVersion,
  nfTables,
  iptablesPrograms,
  kubeProxyRuns,
  ...ebpfChecks,
  kubeRouter,
  ownPorts,
]

export const allChecks: readonly Check[] = [
  ...fatalChecks,
  kernelFeatures,
  kubeProxyLeftovers,
  besideKubeProxy,
  loxilb,
  foreignIpvs,
  bothBackEnds,
  markBit,
  forwardDrop,
  firewalld,
  ufw,
  forwarding,
  defaultRoute,
  reversePathFilter,
  bridgeNetfilter,
  conntrackPressure,
  conntrackDrops,
  readOnlySysctls,
  nftVersion,
  userNamespace,
  nodePorts,
  inputDrop,
  bridgeHairpin,
  routeLocalnet,
  conntrackBuckets,
  podNetwork,
  ipv6,
  seccomp,
  cgroup2,
  lockedMemory,
]
