import { hostname } from 'node:os'
import { familyOf } from '../../model/address.ts'
import type { NodeSettings } from '../../routing/node-view.ts'
import type { evenkeelFields } from './evenkeel-fields.ts'
import { featureEnabled } from './feature-gates.ts'
import { printValues, type Values } from './field.ts'
import { splitEndpoint } from './forms.ts'
import type { KubeProxyValues } from './kube-proxy-fields.ts'
import type { KubeProxyReading } from './kube-proxy.ts'
import { kubeProxyFields } from './kube-proxy-fields.ts'
import { kubeProxyKind } from './documents.ts'
import type { ClientConnection, ConntrackSettings, ProxyConfig } from './types.ts'

export type EvenkeelValues = Values<typeof evenkeelFields>

/** Flags of ours. */
export interface OwnFlags {
  readonly nodeName?: string | undefined
  readonly proxyName?: string | undefined
  readonly source?: string | undefined
  /** `--shadow` */
  readonly shadow?: boolean | undefined
  /** wins over the file's; as a flag of `run` it is kube-proxy's, and stands in `ConfigFlags.kubeProxy` */
  readonly kubeconfig?: string | undefined
  readonly context?: string | undefined
  readonly master?: string | undefined
}

/** What neither document says: flags of ours, and servers that flags switched off. */
export interface Said extends OwnFlags {
  readonly noHealthz: boolean
  readonly noMetrics: boolean
}

/** Ports beside another proxy, which has 10256 and 10249; 10257 to 10260 belong to the control plane. */
const BESIDE = { healthz: 10_356, metrics: 10_349 } as const

/** Everything together, with the defaults that depend on more than one field. */
export const resolveConfig = (reading: KubeProxyReading, own: EvenkeelValues, said: Said): ProxyConfig => {
  const { values, section } = reading
  const proxyName = said.proxyName ?? own.serviceProxyName
  const shadow = { ...own.shadow, enabled: own.shadow.enabled || said.shadow === true }
  const effective = withDefaults(reading, proxyName !== '', shadow.enabled, said)
  const { logging } = values
  return {
    ...nodeSettings(effective, section, proxyName, said.nodeName),
    // the planes of the other modes have no such rules
    localhostNodePorts: reading.isIptables && values.iptables.localhostNodePorts,
    mode: values.mode === '' ? null : values.mode,
    plane: own.plane === '' ? null : own.plane,
    source: said.source ?? own.source,
    healthzBindAddress: splitEndpoint(effective.healthzBindAddress),
    metricsBindAddress: splitEndpoint(effective.metricsBindAddress),
    bindAddressHardFail: values.bindAddressHardFail,
    syncPeriod: (values.mode === 'ipvs' ? values.ipvs : values[section]).syncPeriod,
    clientConnection: clientConnection(values, said),
    oomScoreAdj: values.oomScoreAdj,
    conntrack: conntrack(reading, proxyName !== ''),
    logging: { format: logging.format === '' ? null : logging.format, verbosity: logging.verbosity },
    handover: own.handover,
    brake: own.brake,
    shadow,
    events: own.events,
    metrics: own.metrics,
    document: { ...printValues(kubeProxyFields, effective), ...kubeProxyKind },
  }
}

const withDefaults = (reading: KubeProxyReading, beside: boolean, shadow: boolean, said: Said): KubeProxyValues => {
  const { values, section, isWritten } = reading
  const ipv6 = familyOf(values.bindAddress) === 'IPv6'
  const healthz = values.healthzBindAddress || `${ipv6 ? '[::]' : '0.0.0.0'}:${beside ? BESIDE.healthz : 10_256}`
  const metrics = values.metricsBindAddress || `${ipv6 ? '[::1]' : '127.0.0.1'}:${beside ? BESIDE.metrics : 10_249}`
  // 14 is the bit of the kube-proxy beside us
  const masqueradeBit = beside && !isWritten(`${section}.masqueradeBit`) ? 12 : values[section].masqueradeBit
  const { nodePortAddresses } = values
  const primary = section === 'nftables' && nodePortAddresses.length === 0
  return {
    ...values,
    [section]: { ...values[section], masqueradeBit },
    healthzBindAddress: said.noHealthz ? '' : shadow ? aside(healthz) : healthz,
    metricsBindAddress: said.noMetrics ? '' : shadow ? aside(metrics) : metrics,
    nodePortAddresses: primary ? ['primary'] : nodePortAddresses,
  }
}

/** A shadow reads the configuration of the kube-proxy whose ports these are. */
const aside = (address: string): string =>
  address.replace(/:10256$/, `:${BESIDE.healthz}`).replace(/:10249$/, `:${BESIDE.metrics}`)

const nodeSettings = (
  values: KubeProxyValues,
  section: 'nftables' | 'iptables',
  proxyName: string,
  nodeName: string | undefined,
): Omit<NodeSettings, 'localhostNodePorts'> => {
  const { detectLocalMode, detectLocal, nodePortAddresses, clusterCIDR } = values
  return {
    nodeName: (nodeName ?? (values.hostnameOverride.trim() || hostname())).trim().toLowerCase(),
    bindAddress: /^(0\.0\.0\.0|::)$/.test(values.bindAddress) ? null : values.bindAddress,
    detectLocalMode,
    clusterCIDRs: detectLocalMode === 'ClusterCIDR' && clusterCIDR !== '' ? clusterCIDR.split(',') : [],
    podInterface:
      detectLocalMode === 'BridgeInterface'
        ? { name: detectLocal.bridgeInterface, prefix: false }
        : detectLocalMode === 'InterfaceNamePrefix'
          ? { name: detectLocal.interfaceNamePrefix, prefix: true }
          : null,
    nodePortAddresses: nodePortAddresses.length === 0 ? null : nodePortAddresses,
    externalIPs: featureEnabled(values.featureGates, 'AllowServiceExternalIPs'),
    masqueradeAll: values[section].masqueradeAll,
    masqueradeBit: values[section].masqueradeBit,
    tcpBeLiberal: values.conntrack.tcpBeLiberal,
    nfacct: false,
    proxyName,
  }
}

const clientConnection = ({ clientConnection: written }: KubeProxyValues, said: Said): ClientConnection => ({
  kubeconfig: said.kubeconfig ?? written.kubeconfig,
  master: said.master ?? '',
  context: said.context ?? '',
})

/** Beside another proxy the node's settings are that one's business, but for what is written. */
const conntrack = ({ values, isWritten }: KubeProxyReading, beside: boolean): ConntrackSettings => {
  const { conntrack: written } = values
  const counts = (key: keyof typeof written): boolean => !beside || isWritten(`conntrack.${key}`)
  const seconds = (key: 'tcpEstablishedTimeout' | 'tcpCloseWaitTimeout' | 'udpTimeout' | 'udpStreamTimeout') =>
    counts(key) && written[key] > 0 ? Math.floor(written[key] / 1_000) : null
  return {
    maxPerCore: counts('maxPerCore') && written.maxPerCore > 0 ? written.maxPerCore : null,
    min: written.min,
    tcpEstablishedTimeout: seconds('tcpEstablishedTimeout'),
    tcpCloseWaitTimeout: seconds('tcpCloseWaitTimeout'),
    udpTimeout: seconds('udpTimeout'),
    udpStreamTimeout: seconds('udpStreamTimeout'),
    tcpBeLiberal: written.tcpBeLiberal,
  }
}
