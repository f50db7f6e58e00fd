/** Where one of our servers is to listen. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** How the agent is to run here: what the findings are judged by. A resolved ProxyConfig fits. */
export interface PreflightSettings {
  /** '' : we serve every Service that has no service-proxy-name, as kube-proxy does; else beside another proxy */
  readonly proxyName: string
  /** 0 … 31 */
  readonly masqueradeBit: number
  readonly healthzBindAddress: ListenAddress | null
  readonly metricsBindAddress: ListenAddress | null
  readonly bindAddressHardFail: boolean
  /** the plane that is to run; null or absent: `mode`'s, else nftables */
  readonly plane?: string | null
  /** kube-proxy's */
  readonly mode?: string | null
  /** iptables.localhostNodePorts */
  readonly localhostNodePorts?: boolean
  /** pods' addresses: the families they name are in use */
  readonly clusterCIDRs: readonly string[]
}

export interface PreflightOptions {
  /** an agent of ours runs in this network namespace: what it holds is no finding, default false */
  readonly agentRuns?: boolean
  /** where /proc and /sys hang, default '/' */
  readonly root?: string
}
