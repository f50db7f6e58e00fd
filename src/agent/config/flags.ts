import type { Raw } from '../../sources/fields.ts'

/** Flags as the command line has them, by name: text, or true for one without a value. */
export type FlagValues = Readonly<Record<string, string | boolean>>

/** The section of KubeProxyConfiguration that counts: kube-proxy's sections are per mode. */
export type ModeSection = 'nftables' | 'iptables'

/** A kube-proxy flag that sets a field of KubeProxyConfiguration (cmd/kube-proxy/app/options.go). */
export interface FieldFlag {
  readonly flag: string
  /** path of the field; a function where it depends on the mode */
  readonly field: string | ((section: ModeSection) => string)
  readonly value: 'text' | 'boolean' | 'integer' | 'number' | 'list' | 'gates' | 'endpoint'
  /** says something about how traffic is planned, so commands that only plan have it too */
  readonly plans?: true
  /** with --config kube-proxy ignores most flags; these count all the same */
  readonly wins?: true
}

const planning = { plans: true } as const

export const fieldFlags: readonly FieldFlag[] = [
  { flag: 'feature-gates', field: 'featureGates', value: 'gates', ...planning },
  { flag: 'kubeconfig', field: 'clientConnection.kubeconfig', value: 'text' },
  { flag: 'kube-api-content-type', field: 'clientConnection.contentType', value: 'text' },
  { flag: 'kube-api-burst', field: 'clientConnection.burst', value: 'integer' },
  { flag: 'kube-api-qps', field: 'clientConnection.qps', value: 'number' },
  { flag: 'hostname-override', field: 'hostnameOverride', value: 'text', wins: true },
  { flag: 'bind-address', field: 'bindAddress', value: 'text', ...planning },
  { flag: 'healthz-bind-address', field: 'healthzBindAddress', value: 'endpoint' },
  { flag: 'metrics-bind-address', field: 'metricsBindAddress', value: 'endpoint' },
  { flag: 'bind-address-hard-fail', field: 'bindAddressHardFail', value: 'boolean' },
  { flag: 'profiling', field: 'enableProfiling', value: 'boolean' },
  { flag: 'show-hidden-metrics-for-version', field: 'showHiddenMetricsForVersion', value: 'text' },
  { flag: 'proxy-mode', field: 'mode', value: 'text', ...planning },
  { flag: 'iptables-masquerade-bit', field: 'iptables.masqueradeBit', value: 'integer', ...planning },
  { flag: 'masquerade-all', field: (section) => `${section}.masqueradeAll`, value: 'boolean', ...planning },
  { flag: 'iptables-localhost-nodeports', field: 'iptables.localhostNodePorts', value: 'boolean' },
  { flag: 'iptables-sync-period', field: (section) => `${section}.syncPeriod`, value: 'text' },
  { flag: 'iptables-min-sync-period', field: (section) => `${section}.minSyncPeriod`, value: 'text' },
  { flag: 'ipvs-sync-period', field: 'ipvs.syncPeriod', value: 'text' },
  { flag: 'ipvs-min-sync-period', field: 'ipvs.minSyncPeriod', value: 'text' },
  { flag: 'ipvs-scheduler', field: 'ipvs.scheduler', value: 'text' },
  { flag: 'ipvs-exclude-cidrs', field: 'ipvs.excludeCIDRs', value: 'list' },
  { flag: 'ipvs-strict-arp', field: 'ipvs.strictARP', value: 'boolean' },
  { flag: 'ipvs-tcp-timeout', field: 'ipvs.tcpTimeout', value: 'text' },
  { flag: 'ipvs-tcpfin-timeout', field: 'ipvs.tcpFinTimeout', value: 'text' },
  { flag: 'ipvs-udp-timeout', field: 'ipvs.udpTimeout', value: 'text' },
  { flag: 'detect-local-mode', field: 'detectLocalMode', value: 'text', ...planning },
  { flag: 'pod-bridge-interface', field: 'detectLocal.bridgeInterface', value: 'text', ...planning },
  { flag: 'pod-interface-name-prefix', field: 'detectLocal.interfaceNamePrefix', value: 'text', ...planning },
  { flag: 'cluster-cidr', field: 'clusterCIDR', value: 'text', ...planning },
  { flag: 'nodeport-addresses', field: 'nodePortAddresses', value: 'list', ...planning },
  { flag: 'oom-score-adj', field: 'oomScoreAdj', value: 'integer' },
  { flag: 'conntrack-max-per-core', field: 'conntrack.maxPerCore', value: 'integer' },
  { flag: 'conntrack-min', field: 'conntrack.min', value: 'integer' },
  { flag: 'conntrack-tcp-timeout-established', field: 'conntrack.tcpEstablishedTimeout', value: 'text' },
  { flag: 'conntrack-tcp-timeout-close-wait', field: 'conntrack.tcpCloseWaitTimeout', value: 'text' },
  { flag: 'conntrack-tcp-be-liberal', field: 'conntrack.tcpBeLiberal', value: 'boolean' },
  { flag: 'conntrack-udp-timeout', field: 'conntrack.udpTimeout', value: 'text' },
  { flag: 'conntrack-udp-timeout-stream', field: 'conntrack.udpStreamTimeout', value: 'text' },
  { flag: 'config-sync-period', field: 'configSyncPeriod', value: 'text' },
  { flag: 'logging-format', field: 'logging.format', value: 'text', wins: true },
  { flag: 'log-flush-frequency', field: 'logging.flushFrequency', value: 'text', wins: true },
  { flag: 'v', field: 'logging.verbosity', value: 'integer', wins: true },
]

/** What a flag's text means as a field's value; text that has no such meaning stays as it is, and the field's reader refuses it. */
export const flagValue = ({ value }: FieldFlag, given: string | boolean): unknown => {
  switch (value) {
    case 'boolean':
      return given === true || given === 'true' || (given === false || given === 'false' ? false : given)
    case 'integer':
    case 'number':
      return typeof given === 'string' && /^[+-]?\d+(\.\d*)?(e\d+)?$/i.test(given) ? Number(given) : given
    case 'list':
      return typeof given !== 'string' || given === '' ? [] : given.split(',').map((item) => item.trim())
    case 'gates':
      return typeof given === 'string' ? gatesOf(given) : given
    case 'text':
    case 'endpoint':
      return given
  }
}

/** `A=true,B=false` */
const gatesOf = (text: string): unknown => {
  const pairs = text
    .split(',')
    .filter((pair) => pair.trim() !== '')
    .map((pair) => pair.split('=').map((part) => part.trim()))
  const truths: Readonly<Record<string, boolean>> = {
    true: true,
    false: false,
    t: true,
    f: false,
    '1': true,
    '0': false,
  }
  return Object.fromEntries(pairs.map(([name = '', value = '']) => [name, truths[value.toLowerCase()] ?? value]))
}

/** A copy of the document in which the field at this path has this value. */
export const withField = (raw: Raw, path: readonly string[], value: unknown): Raw => {
  const [key = '', ...rest] = path
  if (rest.length === 0) return { ...raw, [key]: value }
  const inner = raw[key]
  const map = typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? (inner as Raw) : {}
  return { ...raw, [key]: withField(map, rest, value) }
}

/** Flags of kube-proxy that set no field, and what becomes of each. */
export interface OtherFlag {
  readonly flag: string
  readonly about: string
  /** missing: honoured */
  readonly noEffect?: string
}

export const otherFlags: readonly OtherFlag[] = [
  { flag: 'config', about: 'a file with a KubeProxyConfiguration and, if wanted, an EvenkeelConfiguration' },
  { flag: 'write-config-to', about: 'write the configuration with its defaults to this file and exit' },
  { flag: 'cleanup', about: 'remove our rules and exit, as `evenkeel clean` does' },
  { flag: 'init-only', about: 'do what needs privileges (kernel settings) and exit' },
  { flag: 'master', about: 'URL of the API server; wins over the kubeconfig’s, with --config too' },
  { flag: 'healthz-port', about: 'deprecated: port of --healthz-bind-address, 0 for no such server' },
  { flag: 'metrics-port', about: 'deprecated: port of --metrics-bind-address, 0 for no such server' },
  { flag: 'vmodule', about: 'verbosity by source file', noEffect: 'it names files of kube-proxy' },
  {
    flag: 'log-text-split-stream',
    about: 'errors to stderr, the rest to stdout',
    noEffect: 'everything goes to stderr',
  },
  { flag: 'log-text-info-buffer-size', about: 'buffer of stdout', noEffect: 'everything goes to stderr at once' },
  {
    flag: 'log-json-split-stream',
    about: 'errors to stderr, the rest to stdout',
    noEffect: 'everything goes to stderr',
  },
  { flag: 'log-json-info-buffer-size', about: 'buffer of stdout', noEffect: 'everything goes to stderr at once' },
  { flag: 'boot-id-file', about: 'cAdvisor’s', noEffect: 'there is no cAdvisor in this process' },
  { flag: 'machine-id-file', about: 'cAdvisor’s', noEffect: 'there is no cAdvisor in this process' },
  { flag: 'version', about: 'print the version: `evenkeel --version`' },
]
