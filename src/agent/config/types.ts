import type { NodeSettings } from '../../routing/node-view.ts'
import type { PlaneName } from '../../dataplane/plane.ts'

export type ProxyMode = 'nftables' | 'iptables' | 'ipvs'

/** Where an HTTP server listens. */
export interface BindAddress {
  /** canonical address; 0.0.0.0 and :: are every address */
  readonly host: string
  /** 1 … 65535 */
  readonly port: number
}

/** clientConnection (k8s.io/component-base ClientConnectionConfiguration), with `--master` and `--context`. */
export interface ClientConnection {
  /** path of a kubeconfig; '' = $KUBECONFIG, else in-cluster (the service account's files), else ~/.kube/config */
  readonly kubeconfig: string
  /** wins over the kubeconfig's server; '' none */
  readonly master: string
  /** context of the kubeconfig; '' = its current one */
  readonly context: string
}

/** What is written to /proc/sys/net/netfilter. null: left as it is. */
export interface ConntrackSettings {
  /** entries for each CPU */
  readonly maxPerCore: number | null
  /** entries at least, where maxPerCore is set */
  readonly min: number
  /** seconds, as the kernel counts them */
  readonly tcpEstablishedTimeout: number | null
  readonly tcpCloseWaitTimeout: number | null
  readonly udpTimeout: number | null
  readonly udpStreamTimeout: number | null
  /** false: left as it is */
  readonly tcpBeLiberal: boolean
}

export interface LogSettings {
  /** text: short lines for people; json: one object a line; null: text on a terminal, else json */
  readonly format: 'text' | 'json' | null
  /** klog's -v: 0 what matters; from 4 on the log level is debug */
  readonly verbosity: number
}

/** EvenkeelConfiguration `brake`: an update that would empty very much at once waits to be confirmed. */
export interface BrakeSettings {
  /** per cent of the frontends that have backends, 1 … 100, that may lose them all within a window; 0: no brake (default) */
  readonly maxEmptiedPercent: number
  /** fewer than so many are never held, default 10 */
  readonly minFrontends: number
  /** ms within which what is emptied adds up, default 60,000 */
  readonly window: number
}

/** EvenkeelConfiguration `shadow`: nothing is written, the rules in force are compared with the plan. */
export interface ShadowSettings {
  /** also by `--shadow`; default false */
  readonly enabled: boolean
  /** ms that a difference must stay before it is told, default 30,000 */
  readonly settle: number
  /** ms between passes over all frontends where nothing seems to have changed, default 60,000 */
  readonly pass: number
}

/** EvenkeelConfiguration `metrics`. */
export interface MetricsSettings {
  /** metrics per backend, default true */
  readonly backends: boolean
  /** time series of ours at most, default 10,000; what is beyond is counted together */
  readonly maxSeries: number
}

/**
 * How the proxy of this node is configured: a KubeProxyConfiguration, an EvenkeelConfiguration and flags together, with every
 * default filled in. Durations are ms. docs/configuration.md has the fields it comes from.
 */
export interface ProxyConfig extends NodeSettings {
  /** null: not said, the best plane is taken */
  readonly mode: ProxyMode | null
  /** EvenkeelConfiguration `plane`, which wins over `mode` (and `--plane` over both); null: not said */
  readonly plane: PlaneName | 'auto' | null
  /** EvenkeelConfiguration `source`, as `--source` takes it: `kubernetes` or `manifests:DIR`; '' not said */
  readonly source: string
  /** /healthz and /livez, default 0.0.0.0:10256 (beside another proxy 10356); null: no such server */
  readonly healthzBindAddress: BindAddress | null
  /** /metrics, /proxyMode, /configz, default 127.0.0.1:10249 (beside another proxy 10349); null: no such server */
  readonly metricsBindAddress: BindAddress | null
  /** a port that cannot be had ends the process; else it is tried again */
  readonly bindAddressHardFail: boolean
  /** health: unhealthy when the oldest change not yet in force is older than twice this; default 30,000 */
  readonly syncPeriod: number
  readonly clientConnection: ClientConnection
  /** −1000 … 1000, default −999 */
  readonly oomScoreAdj: number
  readonly conntrack: ConntrackSettings
  readonly logging: LogSettings
  /** EvenkeelConfiguration `handover`: ms that a Service which leaves `serviceProxyName` is still served; default 30,000, 0 not at all */
  readonly handover: number
  readonly brake: BrakeSettings
  readonly shadow: ShadowSettings
  /** Kubernetes Events (with source kubernetes), default true */
  readonly events: boolean
  readonly metrics: MetricsSettings
  /** the KubeProxyConfiguration (v1alpha1) in force with its defaults, ready for JSON or YAML: /configz, --write-config-to */
  readonly document: Readonly<Record<string, unknown>>
}
