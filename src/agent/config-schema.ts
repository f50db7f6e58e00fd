/** null: honoured. A text: known, but not honoured, and why. A nested schema: a section. What is not here is unknown. */
export interface ConfigSchema {
  readonly [field: string]: string | null | ConfigSchema
}

const atOnce = 'every change is applied at once, and the rules are checked against the plan all the time'
const noServer = 'there is no HTTP server yet'
const noWatch = 'the Kubernetes API is not read yet'
const noConntrack = "the kernel's connection tracking is left as it is"
const windows = 'this is Linux'

/**
 * KubeProxyConfiguration kubeproxy.config.k8s.io/v1alpha1 as of Kubernetes 1.36, with fields of older versions
 * (staging/src/k8s.io/kube-proxy/config/v1alpha1/types.go).
 */
export const kubeProxySchema: ConfigSchema = {
  apiVersion: null,
  kind: null,
  mode: null,
  hostnameOverride: null,
  detectLocalMode: null,
  clusterCIDR: null,
  nodePortAddresses: null,
  nftables: { masqueradeAll: null, masqueradeBit: null, syncPeriod: atOnce, minSyncPeriod: atOnce },
  iptables: {
    masqueradeAll: null,
    masqueradeBit: null,
    localhostNodePorts: 'NodePorts are never open on loopback addresses',
    snatNodeInternalIP: 'masqueraded traffic has the address of the interface it leaves by',
    syncPeriod: atOnce,
    minSyncPeriod: atOnce,
  },
  ipvs: 'there is no ipvs plane yet',
  winkernel: windows,
  windowsRunAsService: windows,
  detectLocal: 'only detectLocalMode ClusterCIDR is there yet',
  bindAddress: "the node's addresses are those of its interfaces",
  bindAddressHardFail: noServer,
  healthzBindAddress: noServer,
  metricsBindAddress: noServer,
  enableProfiling: noServer,
  showHiddenMetricsForVersion: noServer,
  clientConnection: noWatch,
  configSyncPeriod: noWatch,
  conntrack: noConntrack,
  udpIdleTimeout: noConntrack,
  featureGates: 'there are no feature gates',
  logging: 'the log level is set by flags',
  oomScoreAdj: 'it is left to whoever starts the process',
  portRange: 'nothing uses it since Kubernetes 1.26',
}

/** EvenkeelConfiguration evenkeel.io/v1alpha1: what kube-proxy has no field for. */
export const evenkeelSchema: ConfigSchema = {
  apiVersion: null,
  kind: null,
  serviceProxyName: null,
}
