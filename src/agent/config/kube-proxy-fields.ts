import { canonicalAddress, canonicalCidr } from '../../model/address.ts'
import { section, type Values } from './field.ts'
import {
  anything,
  booleans,
  duration,
  flag,
  formed,
  integer,
  MAX_INT32,
  number,
  oneOf,
  text,
  texts,
} from './field-types.ts'
import { parseClusterCidrs, parseEndpoint, parseInterface, parseMinorVersion, parseNodePortAddress } from './forms.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const atOnce =
  'a change is put in force at once; what comes while a transaction is under way goes together into the next one'
const windows = 'it is for Windows'
const noIpvs = 'there is no ipvs plane yet'
const oneStream = 'log lines are written to stderr at once, one by one'
const json = 'the API is spoken to in JSON'
const fewRequests = 'each kind of object is listed once and then watched, with a pause that grows after a failure'

const syncPeriod = 'unhealthy when a change waits longer than twice this; the section of the mode counts'
const minSyncPeriod = 'least time between two syncs'
const masqueradeAll = 'masquerade everything that goes to a cluster IP; the section of the mode counts'

const quantity = (about: string) =>
  anything({
    about,
    noEffect: oneStream,
    type: 'quantity',
    schema: { type: ['string', 'integer', 'null'] },
    fallback: '0',
  })

const outputRouting = (format: string) =>
  section(`logging format ${format}`, {
    splitStream: flag({ about: 'errors to stderr, the rest to stdout', noEffect: oneStream }),
    infoBufferSize: quantity('buffer of the second stream'),
  })

const masqueradeBit = integer({
  about: 'mark bit that asks for masquerade',
  min: 0,
  max: 31,
  fallback: 14,
  otherwise: '14; 12 with serviceProxyName',
})

/**
 * KubeProxyConfiguration kubeproxy.config.k8s.io/v1alpha1 as of Kubernetes 1.36, field by field
 * (k8s.io/kube-proxy v0.36.2 config/v1alpha1/types.go; defaults: k8s.io/kubernetes pkg/proxy/apis/config/v1alpha1/defaults.go).
 */
export const kubeProxyFields = {
  apiVersion: text({ about: '`kubeproxy.config.k8s.io/v1alpha1`' }),
  kind: text({ about: '`KubeProxyConfiguration`' }),
  featureGates: booleans({ about: 'see “Feature gates”' }),
  clientConnection: section('the connection to the Kubernetes API', {
    kubeconfig: text({
      about: 'path of a kubeconfig',
      otherwise: '`$KUBECONFIG`, else in-cluster, else `~/.kube/config` (kube-proxy: in-cluster)',
    }),
    acceptContentTypes: text({ about: 'Accept header', noEffect: json, moot: ['', 'application/json'] }),
    contentType: text({
      about: 'encoding of what is sent',
      fallback: 'application/vnd.kubernetes.protobuf',
      noEffect: json,
      moot: ['application/json', 'application/vnd.kubernetes.protobuf'],
    }),
    qps: number({ about: 'requests a second all the time; below 0 no limit', fallback: 5, noEffect: fewRequests }),
    burst: integer({
      about: 'requests that may come at once',
      noEffect: fewRequests,
      min: 0,
      max: MAX_INT32,
      fallback: 10,
      zeroIsMissing: true,
    }),
  }),
  logging: section('how and what is logged (to stderr)', {
    format: oneOf(['text', 'json'], {
      about: 'short lines for people, or one JSON object a line',
      fallback: '',
      otherwise: '`text` on a terminal, else `json` (kube-proxy: `text`)',
    }),
    flushFrequency: anything({
      about: 'how often a buffer is flushed',
      noEffect: oneStream,
      type: 'duration or ns',
      schema: { type: ['string', 'integer', 'null'] },
      fallback: '5s',
      moot: ['5s', 5e9],
    }),
    verbosity: integer({ about: 'klog’s -v: from 4 on the log level is debug', min: 0, max: MAX_INT32, fallback: 0 }),
    vmodule: anything({
      about: 'verbosity by source file',
      noEffect: 'it names files of kube-proxy',
      type: 'list: filePattern, verbosity',
      schema: {
        type: ['array', 'null'],
        items: {
          type: 'object',
          properties: { filePattern: { type: 'string' }, verbosity: { type: 'integer', minimum: 0 } },
        },
      },
      fallback: [],
    }),
    options: section('options of the formats', { text: outputRouting('text'), json: outputRouting('json') }),
  }),
  hostnameOverride: text({ about: 'name of the Node object', otherwise: 'the host’s name, lower case' }),
  bindAddress: formed({
    about: 'the node’s primary address of its family, before those of the Node object; no socket is bound to it',
    type: 'an IP address',
    fallback: '0.0.0.0',
    parse: canonicalAddress,
  }),
  healthzBindAddress: formed({
    about: '`/healthz` and `/livez`',
    type: 'IP:port',
    otherwise: '`0.0.0.0:10256`; `[::]:10256` with an IPv6 bindAddress; port 10356 with serviceProxyName',
    parse: parseEndpoint(10_256),
  }),
  metricsBindAddress: formed({
    about: '`/metrics`, `/proxyMode` and `/configz`',
    type: 'IP:port',
    otherwise: '`127.0.0.1:10249`; `[::1]:10249` with an IPv6 bindAddress; port 10349 with serviceProxyName',
    parse: parseEndpoint(10_249),
  }),
  bindAddressHardFail: flag({ about: 'a port that cannot be had ends the process; else it is tried again' }),
  enableProfiling: flag({
    about: '/debug/pprof on the metrics port',
    noEffect: 'pprof is Go’s; node --inspect profiles this process',
  }),
  showHiddenMetricsForVersion: formed({
    about: 'show metrics that this version hides',
    type: 'a version like 1.35',
    noEffect: 'no metric is hidden',
    parse: parseMinorVersion,
  }),
  mode: oneOf(['nftables', 'iptables', 'ipvs'], {
    about: 'the plane; one that is not there is refused at start, unless `--plane` takes another',
    fallback: '',
    otherwise: 'the best plane there is (kube-proxy: `iptables`)',
  }),
  iptables: section('counts in every mode but nftables', {
    masqueradeBit,
    masqueradeAll: flag({ about: masqueradeAll }),
    localhostNodePorts: flag({
      about: 'NodePorts on IPv4 loopback addresses too, with mode iptables alone; sets route_localnet',
      fallback: true,
    }),
    syncPeriod: duration({ about: syncPeriod, fallback: 30 * SECOND }),
    minSyncPeriod: duration({ about: minSyncPeriod, fallback: SECOND, noEffect: atOnce }),
  }),
  ipvs: section('for mode ipvs', {
    syncPeriod: duration({ about: syncPeriod, fallback: 30 * SECOND }),
    minSyncPeriod: duration({ about: minSyncPeriod, fallback: 0, zeroCounts: true, noEffect: atOnce }),
    scheduler: text({
      about: 'scheduler of all Services',
      noEffect: `${noIpvs}; the annotation evenkeel.io/scheduler chooses for a Service`,
    }),
    excludeCIDRs: texts({
      about: 'virtual servers to leave alone',
      type: 'a CIDR',
      parse: canonicalCidr,
      noEffect: noIpvs,
    }),
    strictARP: flag({ about: 'arp_ignore and arp_announce', noEffect: noIpvs }),
    tcpTimeout: duration({ about: 'idle TCP sessions', fallback: 0, zeroCounts: true, noEffect: noIpvs }),
    tcpFinTimeout: duration({ about: 'TCP sessions after a FIN', fallback: 0, zeroCounts: true, noEffect: noIpvs }),
    udpTimeout: duration({ about: 'UDP', fallback: 0, zeroCounts: true, noEffect: noIpvs }),
  }),
  nftables: section('counts in mode nftables', {
    masqueradeBit,
    masqueradeAll: flag({ about: masqueradeAll }),
    syncPeriod: duration({ about: syncPeriod, fallback: 30 * SECOND }),
    minSyncPeriod: duration({ about: minSyncPeriod, fallback: SECOND, noEffect: atOnce }),
  }),
  winkernel: section('for Windows', {
    networkName: text({ about: 'HNS network', noEffect: windows }),
    sourceVip: text({ about: 'address of the source VIP endpoint', noEffect: windows }),
    enableDSR: flag({ about: 'direct server return', noEffect: windows }),
    rootHnsEndpointName: text({ about: 'HNS endpoint of the root namespace', noEffect: windows }),
    forwardHealthCheckVip: flag({ about: 'forward the VIP for health checks', noEffect: windows }),
  }),
  detectLocalMode: oneOf(['ClusterCIDR', 'NodeCIDR', 'BridgeInterface', 'InterfaceNamePrefix'], {
    about: 'how a connection from a pod is known',
    fallback: 'ClusterCIDR',
  }),
  detectLocal: section('for detectLocalMode', {
    bridgeInterface: formed({
      about: 'BridgeInterface: what comes in by it is from a pod',
      type: 'the name of an interface',
      parse: parseInterface,
    }),
    interfaceNamePrefix: formed({
      about: 'InterfaceNamePrefix: what comes in by an interface whose name begins so is from a pod',
      type: 'the beginning of an interface’s name',
      parse: parseInterface,
    }),
  }),
  clusterCIDR: formed({
    about: 'ClusterCIDR: what comes from these addresses is from a pod',
    type: 'a CIDR, or one of each family like 10.0.0.0/8,fd00::/64',
    parse: parseClusterCidrs,
  }),
  nodePortAddresses: texts({
    about: 'addresses of the node on which NodePorts are open',
    type: 'a CIDR, or primary alone',
    parse: parseNodePortAddress,
    otherwise: '`[primary]` with the nftables plane; else all but loopback',
  }),
  oomScoreAdj: integer({ about: 'written to /proc/self/oom_score_adj', min: -1_000, max: 1_000, fallback: -999 }),
  conntrack: section('written to /proc/sys/net/netfilter at start; see “Kernel settings”', {
    maxPerCore: integer({
      about: 'connections for each CPU; 0 leaves nf_conntrack_max alone',
      min: 0,
      max: MAX_INT32,
      fallback: 32 * 1024,
    }),
    min: integer({ about: 'connections at least', min: 0, max: MAX_INT32, fallback: 128 * 1024 }),
    tcpEstablishedTimeout: duration({
      about: 'idle TCP connections; 0 leaves it alone',
      fallback: 24 * HOUR,
      zeroCounts: true,
    }),
    tcpCloseWaitTimeout: duration({ about: 'TCP in CLOSE_WAIT; 0 leaves it alone', fallback: HOUR, zeroCounts: true }),
    tcpBeLiberal: flag({ about: 'packets out of window are not INVALID; false leaves it alone' }),
    udpTimeout: duration({ about: 'unreplied UDP; 0 leaves it alone', fallback: 0, zeroCounts: true }),
    udpStreamTimeout: duration({ about: 'UDP in both directions; 0 leaves it alone', fallback: 0, zeroCounts: true }),
  }),
  configSyncPeriod: duration({
    about: 'how often informers deliver what they have once more',
    fallback: 15 * MINUTE,
    noEffect: 'nothing is delivered twice: the kernel is compared with the plan instead',
  }),
  portRange: text({ about: 'ports of the userspace mode', noEffect: 'nothing uses it since Kubernetes 1.26' }),
  windowsRunAsService: flag({ about: 'Windows service', noEffect: windows }),
} as const

/** What a file says, with defaults where it says nothing. */
export type KubeProxyValues = Values<typeof kubeProxyFields>

/** Fields of older versions: taken with a warning, since generated files still have them. */
export const formerFields: Readonly<Record<string, string>> = {
  udpIdleTimeout: 'it was for the userspace mode',
  resourceContainer: 'kube-proxy dropped it in 1.16',
}
