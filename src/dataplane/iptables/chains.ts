import type { IptablesTable } from './objects.ts'

/** kube-proxy's chains, pkg/proxy/iptables/proxier.go. */
export const SERVICES = 'KUBE-SERVICES'
export const EXTERNAL_SERVICES = 'KUBE-EXTERNAL-SERVICES'
export const NODEPORTS = 'KUBE-NODEPORTS'
export const POSTROUTING = 'KUBE-POSTROUTING'
export const MARK_MASQ = 'KUBE-MARK-MASQ'
export const FORWARD = 'KUBE-FORWARD'
export const PROXY_FIREWALL = 'KUBE-PROXY-FIREWALL'
export const PROXY_CANARY = 'KUBE-PROXY-CANARY'
/** the kubelet's, which we make too where `localhostNodePorts` needs its rule, and never take away */
export const KUBELET_FIREWALL = 'KUBE-FIREWALL'

/** not kube-proxy's: connections to addresses of the ServiceCIDRs that nobody serves */
export const UNUSED = 'EVENKEEL-UNUSED'

const prefixes = ['KUBE-', 'EVENKEEL-'] as const

/** Ours, a kube-proxy's or the kubelet's: not the kernel's own (PREROUTING, INPUT …). */
export const hasKnownPrefix = (chain: string): boolean => prefixes.some((prefix) => chain.startsWith(prefix))

/** Finds such names anywhere in a rule. */
export const chainNames: RegExp = new RegExp(`(?:${prefixes.join('|')})[-A-Z0-9]+`, 'g')

/** Chains of ours with rules of several frontends. */
export const sharedChains: Readonly<Record<IptablesTable, readonly string[]>> = {
  nat: [SERVICES, NODEPORTS],
  filter: [SERVICES, EXTERNAL_SERVICES, NODEPORTS, PROXY_FIREWALL, UNUSED],
  mangle: [],
}

/** A chain of one ServicePort (SVC, SVL, EXT, FW) or one endpoint of it (SEP). */
export const isServiceChain = (chain: string): boolean => /^KUBE-(SVC|SVL|EXT|FW|SEP)-/.test(chain)
