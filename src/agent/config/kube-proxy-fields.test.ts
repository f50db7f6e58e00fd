import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { kubeProxyFieldPaths, kubeProxyFlagNames } from '../../../test/support/kube-proxy-golden.ts'
import { type ConfigFlags, type ProxyConfig, parseConfig } from './config.ts'
import { kubeProxyKind } from './documents.ts'
import { fieldAt, type Fields } from './field.ts'
import { fieldFlags, otherFlags, withField } from './flags.ts'
import { kubeProxyFields } from './kube-proxy-fields.ts'

const parse = (raw: object, flags: ConfigFlags = {}) => {
  const { config, problems, warnings } = parseConfig(Buffer.from(stringify(raw)), 'proxy.yaml', flags)
  const list = (found: typeof problems): string[] => found.map(({ field, message }) => `${field}: ${message}`)
  const { document: _, ...settings } = config
  return { settings, problems: list(problems), warnings: list(warnings) }
}

const minimal = { ...kubeProxyKind, hostnameOverride: 'node-a' }
const bare = parse(minimal).settings

const pathsOf = (fields: Fields, prefix = ''): string[] =>
  Object.entries(fields).flatMap(([name, field]) =>
    field.kind === 'section' ? pathsOf(field.fields, `${prefix}${name}.`) : [`${prefix}${name}`],
  )

type Settings = Partial<Omit<ProxyConfig, 'document'>>
interface Honoured {
  readonly set: unknown
  readonly gives: Settings
  /** fields that must be there too */
  readonly with?: object
}

const inNftables = { mode: 'nftables' }
const asNftables: Settings = { mode: 'nftables', nodePortAddresses: ['primary'] }
const conntrack = (more: Partial<ProxyConfig['conntrack']>): Settings => ({
  conntrack: { ...bare.conntrack, ...more },
})
const client = (more: Partial<ProxyConfig['clientConnection']>): Settings => ({
  clientConnection: { ...bare.clientConnection, ...more },
})

const honoured: Readonly<Record<string, Honoured>> = {
  apiVersion: { set: kubeProxyKind.apiVersion, gives: {} },
  kind: { set: kubeProxyKind.kind, gives: {} },
  featureGates: { set: { AllowServiceExternalIPs: false }, gives: { externalIPs: false } },
  'clientConnection.kubeconfig': { set: '/etc/kubeconfig', gives: client({ kubeconfig: '/etc/kubeconfig' }) },
  'logging.format': { set: 'json', gives: { logging: { format: 'json', verbosity: 0 } } },
  'logging.verbosity': { set: 4, gives: { logging: { format: null, verbosity: 4 } } },
  hostnameOverride: { set: ' Node-B ', gives: { nodeName: 'node-b' } },
  bindAddress: { set: '192.0.2.7', gives: { bindAddress: '192.0.2.7' } },
  healthzBindAddress: { set: '[::1]:10300', gives: { healthzBindAddress: { host: '::1', port: 10_300 } } },
  metricsBindAddress: { set: '0.0.0.0', gives: { metricsBindAddress: { host: '0.0.0.0', port: 10_249 } } },
  bindAddressHardFail: { set: true, gives: { bindAddressHardFail: true } },
  mode: { set: 'nftables', gives: asNftables },
  'iptables.masqueradeBit': { set: 3, gives: { masqueradeBit: 3 } },
  'iptables.masqueradeAll': { set: true, gives: { masqueradeAll: true } },
  'iptables.localhostNodePorts': {
    set: true,
    gives: { mode: 'iptables', localhostNodePorts: true },
    with: { mode: 'iptables' },
  },
  'iptables.syncPeriod': { set: '1m', gives: { syncPeriod: 60_000 } },
  'ipvs.syncPeriod': { set: '1m', gives: { mode: 'ipvs', syncPeriod: 60_000 }, with: { mode: 'ipvs' } },
  'nftables.masqueradeBit': { set: 3, gives: { ...asNftables, masqueradeBit: 3 }, with: inNftables },
  'nftables.masqueradeAll': { set: true, gives: { ...asNftables, masqueradeAll: true }, with: inNftables },
  'nftables.syncPeriod': { set: '1m', gives: { ...asNftables, syncPeriod: 60_000 }, with: inNftables },
  detectLocalMode: { set: 'NodeCIDR', gives: { detectLocalMode: 'NodeCIDR' } },
  'detectLocal.bridgeInterface': {
    set: 'cni0',
    gives: { detectLocalMode: 'BridgeInterface', podInterface: { name: 'cni0', prefix: false } },
    with: { detectLocalMode: 'BridgeInterface' },
  },
  'detectLocal.interfaceNamePrefix': {
    set: 'veth',
    gives: { detectLocalMode: 'InterfaceNamePrefix', podInterface: { name: 'veth', prefix: true } },
    with: { detectLocalMode: 'InterfaceNamePrefix' },
  },
  clusterCIDR: { set: '10.1.2.3/8, FD00::/64', gives: { clusterCIDRs: ['10.0.0.0/8', 'fd00::/64'] } },
  nodePortAddresses: { set: ['192.168.1.7/16'], gives: { nodePortAddresses: ['192.168.0.0/16'] } },
  oomScoreAdj: { set: 0, gives: { oomScoreAdj: 0 } },
  'conntrack.maxPerCore': { set: 0, gives: conntrack({ maxPerCore: null }) },
  'conntrack.min': { set: 7, gives: conntrack({ min: 7 }) },
  'conntrack.tcpEstablishedTimeout': { set: '0s', gives: conntrack({ tcpEstablishedTimeout: null }) },
  'conntrack.tcpCloseWaitTimeout': { set: '90s', gives: conntrack({ tcpCloseWaitTimeout: 90 }) },
  'conntrack.tcpBeLiberal': { set: true, gives: { ...conntrack({ tcpBeLiberal: true }), tcpBeLiberal: true } },
  'conntrack.udpTimeout': { set: '10s', gives: conntrack({ udpTimeout: 10 }) },
  'conntrack.udpStreamTimeout': { set: '1m40.9s', gives: conntrack({ udpStreamTimeout: 100 }) },
}

/** Values that kube-proxy would act on (or, for Windows, would there). */
const noEffect: Readonly<Record<string, unknown>> = {
  'clientConnection.acceptContentTypes': 'application/yaml',
  'clientConnection.contentType': 'application/yaml',
  'clientConnection.qps': 50,
  'clientConnection.burst': 100,
  'logging.flushFrequency': '1s',
  'logging.vmodule': [{ filePattern: 'proxier', verbosity: 5 }],
  'logging.options.text.splitStream': true,
  'logging.options.text.infoBufferSize': '64Ki',
  'logging.options.json.splitStream': true,
  'logging.options.json.infoBufferSize': 65_536,
  enableProfiling: true,
  showHiddenMetricsForVersion: '1.35',
  'iptables.minSyncPeriod': '10s',
  'ipvs.minSyncPeriod': '10s',
  'ipvs.scheduler': 'lc',
  'ipvs.excludeCIDRs': ['10.9.0.0/16'],
  'ipvs.strictARP': true,
  'ipvs.tcpTimeout': '1h',
  'ipvs.tcpFinTimeout': '1m',
  'ipvs.udpTimeout': '1m',
  'nftables.minSyncPeriod': '10s',
  'winkernel.networkName': 'cbr0',
  'winkernel.sourceVip': '192.0.2.1',
  'winkernel.enableDSR': true,
  'winkernel.rootHnsEndpointName': 'cbr0',
  'winkernel.forwardHealthCheckVip': true,
  configSyncPeriod: '1m',
  portRange: '1000-2000',
  windowsRunAsService: true,
}

describe('KubeProxyConfiguration of Kubernetes 1.36', () => {
  it('is known field by field, in its order', () => {
    const paths = pathsOf(kubeProxyFields)
    expect([...paths].sort()).toEqual([...kubeProxyFieldPaths].sort())
    expect(Object.keys({ ...honoured, ...noEffect }).sort()).toEqual([...kubeProxyFieldPaths].sort())
  })

  it.each(Object.entries(honoured))('honours %s', (path, { set, gives, with: others = {} }) => {
    const raw = withField({ ...minimal, ...others }, path.split('.'), set)
    expect(parse(raw)).toEqual({ settings: { ...bare, ...gives }, problems: [], warnings: [] })
    expect(fieldAt(kubeProxyFields, path)?.support.is).toBe('honoured')
  })

  it.each(Object.entries(noEffect))('says that nothing comes of %s', (path, set) => {
    const support = fieldAt(kubeProxyFields, path)?.support
    const why = support?.is === 'no-effect' ? support.why : 'it must be no-effect'
    expect(parse(withField(minimal, path.split('.'), set))).toEqual({
      settings: bare,
      problems: [],
      warnings: [`${path}: has no effect: ${why}`],
    })
  })

  it.each(pathsOf(kubeProxyFields).filter((path) => !/^(apiVersion|kind)$/.test(path)))(
    'refuses a wrong type by name: %s',
    (path) => {
      const { support, type } = fieldAt(kubeProxyFields, path) ?? {}
      const { problems, warnings } = parse(withField(minimal, path.split('.'), type?.startsWith('map') ? 7 : { a: 7 }))
      const said = problems.length > 0 || support?.is === 'no-effect' ? [...problems, ...warnings] : []
      expect(said.join()).toContain(path)
    },
  )
})

describe('flags of kube-proxy 1.36', () => {
  it('are known, every one', () => {
    const known = [...fieldFlags, ...otherFlags].map(({ flag }) => flag)
    expect(known.sort()).toEqual([...kubeProxyFlagNames].sort())
  })

  it('name fields that there are', () => {
    for (const { field } of fieldFlags)
      for (const path of typeof field === 'string' ? [field] : [field('iptables'), field('nftables')])
        if (fieldAt(kubeProxyFields, path) === null) expect.fail(`there is no field ${path}`)
  })
})
