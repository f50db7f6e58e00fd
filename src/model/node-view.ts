import type { Family } from './objects.ts'

/** Where pods' packets come in: an interface of this name, or every one whose name begins so. */
export interface PodInterface {
  /** 1 … 15 bytes */
  readonly name: string
  readonly prefix: boolean
}

/**
 * This node, as routing and planes see it: its Node object (or interfaces) and the configuration together.
 * Every list holds canonical addresses or CIDRs; those of both families are mixed and filtered by the reader.
 */
export interface NodeView {
  readonly name: string
  /** label `topology.kubernetes.io/zone`, '' unknown */
  readonly zone: string
  readonly families: readonly Family[]
  /** the node's own addresses (Node object in a planned trace; interfaces in a live agent), loopback left out */
  readonly addresses: readonly string[]
  /**
   * `clusterCIDR`, or the Node's podCIDRs: sources inside are pods. Empty, and no podInterface: nobody is known to be a pod (and
   * ClusterIP traffic is not masqueraded for that reason)
   */
  readonly clusterCIDRs: readonly string[]
  /** what comes in here is from pods, whatever its source; null: pods are known by their addresses */
  readonly podInterface: PodInterface | null
  readonly serviceCIDRs: readonly string[]
  /** CIDRs of the node addresses on which NodePorts are open; null: all local addresses but loopback */
  readonly nodePortAddresses: readonly string[] | null
  /** NodePorts are open on IPv4 loopback addresses too, where `nodePortAddresses` allows: only planes that can (iptables), default false */
  readonly localhostNodePorts: boolean
  /** false: Services' externalIPs are not served (feature gate AllowServiceExternalIPs, default true) */
  readonly externalIPs: boolean
  readonly masqueradeAll: boolean
  /** 0 … 31, the mark bit that asks for masquerade; default 14, with a proxyName 12, since 14 is that of the kube-proxy beside us */
  readonly masqueradeBit: number
  /** net.netfilter.nf_conntrack_tcp_be_liberal: packets out of window are not INVALID, so none are dropped for it; default false */
  readonly tcpBeLiberal: boolean
  /** the kernel has nfacct (xt_nfacct, nfnetlink_acct): what kube-proxy counts there is counted; default false */
  readonly nfacct: boolean
  /**
   * more than 1,000 endpoints, as they were when the node was last looked at: kube-proxy's large cluster mode, in which rules for
   * endpoints go without comments; absent: false
   */
  readonly largeCluster?: boolean
  /** we serve only Services with this `service-proxy-name`; '' = those without the label (kube-proxy's own place) */
  readonly proxyName: string
}
