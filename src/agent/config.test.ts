import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { plainSettings } from '../routing/node-view.ts'
import { type ConfigFlags, loadConfig, type ProxyConfig, parseConfig } from './config.ts'

const kubeProxy = { apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', kind: 'KubeProxyConfiguration' }
const evenkeel = { apiVersion: 'evenkeel.io/v1alpha1', kind: 'EvenkeelConfiguration' }

const parse = (fields: Record<string, unknown> | string, flags: ConfigFlags = {}) => {
  const text = typeof fields === 'string' ? fields : stringify({ ...kubeProxy, ...fields })
  const { config, problems, warnings } = parseConfig(Buffer.from(text), 'proxy.yaml', flags)
  const { document: _, ...settings } = config
  const list = (found: typeof problems): string[] => found.map(({ field, message }) => `${field}: ${message}`)
  return { config: settings, problems: list(problems), warnings: list(warnings) }
}

const bare: Omit<ProxyConfig, 'document'> = {
  ...plainSettings,
  mode: null,
  plane: null,
  source: '',
  nodeName: hostname().toLowerCase(),
  healthzBindAddress: { host: '0.0.0.0', port: 10_256 },
  metricsBindAddress: { host: '127.0.0.1', port: 10_249 },
  bindAddressHardFail: false,
  syncPeriod: 30_000,
  clientConnection: { kubeconfig: '', master: '', context: '' },
  oomScoreAdj: -999,
  conntrack: {
    maxPerCore: 32_768,
    min: 131_072,
    tcpEstablishedTimeout: 86_400,
    tcpCloseWaitTimeout: 3_600,
    udpTimeout: null,
    udpStreamTimeout: null,
    tcpBeLiberal: false,
  },
  logging: { format: null, verbosity: 0 },
  handover: 30_000,
  brake: { maxEmptiedPercent: 0, minFrontends: 10, window: 60_000 },
  shadow: { enabled: false, settle: 30_000, pass: 60_000 },
  events: true,
  metrics: { backends: true, maxSeries: 10_000 },
}

/** What beside another proxy is another way. */
const beside: Partial<ProxyConfig> = {
  proxyName: 'evenkeel',
  masqueradeBit: 12,
  healthzBindAddress: { host: '0.0.0.0', port: 10_356 },
  metricsBindAddress: { host: '127.0.0.1', port: 10_349 },
  conntrack: { ...bare.conntrack, maxPerCore: null, tcpEstablishedTimeout: null, tcpCloseWaitTimeout: null },
}

const own = (fields: object, others: object = {}): string =>
  `${stringify({ ...evenkeel, ...fields })}---\n${stringify({ ...kubeProxy, ...others })}`

type Case = [string, Record<string, unknown> | string, ConfigFlags, Partial<ProxyConfig>]

describe('a configuration', () => {
  it.each<Case>([
    ['may be missing', '', {}, {}],
    ['may say nothing', {}, {}, {}],
    ['may be JSON', JSON.stringify({ ...kubeProxy, mode: 'ipvs' }), {}, { mode: 'ipvs' }],
    [
      'opens NodePorts on the primary address where nftables is asked for',
      { mode: 'iptables' },
      { plane: 'nftables' },
      { mode: 'iptables', nodePortAddresses: ['primary'] },
    ],
    [
      'keeps what a file without a mode means: iptables',
      { iptables: { masqueradeAll: true } },
      {},
      { masqueradeAll: true },
    ],
    [
      'with mode ipvs means the iptables section too',
      { mode: 'ipvs', iptables: { masqueradeBit: 3 } },
      {},
      { mode: 'ipvs', masqueradeBit: 3 },
    ],
    [
      'listens on IPv6 where the node is bound to it',
      { bindAddress: '::' },
      {},
      {
        healthzBindAddress: { host: '::', port: 10_256 },
        metricsBindAddress: { host: '::1', port: 10_249 },
      },
    ],
    [
      'of ours stands beside it',
      own({ serviceProxyName: 'evenkeel' }, { mode: 'iptables' }),
      {},
      { mode: 'iptables', localhostNodePorts: true, ...beside },
    ],
    [
      'of ours may stand alone',
      stringify({ ...evenkeel, source: 'kubernetes', plane: 'nftables' }),
      {},
      {
        source: 'kubernetes',
        plane: 'nftables',
        nodePortAddresses: ['primary'],
      },
    ],
    [
      'beside another proxy makes the settings that are written',
      own(
        { serviceProxyName: 'evenkeel' },
        { conntrack: { tcpCloseWaitTimeout: '60s' }, metricsBindAddress: '0.0.0.0' },
      ),
      {},
      {
        ...beside,
        metricsBindAddress: { host: '0.0.0.0', port: 10_249 },
        conntrack: { ...bare.conntrack, maxPerCore: null, tcpEstablishedTimeout: null, tcpCloseWaitTimeout: 60 },
      },
    ],
    [
      'is that of the kube-proxy that a shadow looks at: its ports are left to it',
      { ...kubeProxy, healthzBindAddress: '0.0.0.0:10256', metricsBindAddress: '0.0.0.0:10249' },
      { shadow: true },
      {
        healthzBindAddress: { host: '0.0.0.0', port: 10_356 },
        metricsBindAddress: { host: '0.0.0.0', port: 10_349 },
        shadow: { ...bare.shadow, enabled: true },
      },
    ],
    [
      'has sections of ours',
      stringify({
        ...evenkeel,
        handover: '0s',
        events: false,
        brake: { maxEmptiedPercent: 50 },
        shadow: { settle: '5s' },
        metrics: { maxSeries: 100 },
      }),
      {},
      {
        handover: 0,
        events: false,
        brake: { ...bare.brake, maxEmptiedPercent: 50 },
        shadow: { ...bare.shadow, settle: 5_000 },
        metrics: { backends: true, maxSeries: 100 },
      },
    ],
  ])('%s', (_, fields, flags, expected) => {
    expect(parse(fields, flags)).toEqual({ config: { ...bare, ...expected }, problems: [], warnings: [] })
  })

  it.each<[string, Record<string, unknown> | string, ConfigFlags, string[]]>([
    [
      'fields that nobody knows',
      { mod: 'x', nftables: { masqeradeAll: true } },
      {},
      ['mod: is not a field of this configuration', 'nftables.masqeradeAll: is not a field of this configuration'],
    ],
    [
      'a field named like a part of every object',
      { constructor: 1 },
      {},
      ['constructor: is not a field of this configuration'],
    ],
    ['another mode', { mode: 'kernelspace' }, {}, ['mode: must be nftables, iptables, ipvs, not "kernelspace"']],
    [
      'a way to know pods that lacks its interface',
      { detectLocalMode: 'BridgeInterface' },
      {},
      ['detectLocal.bridgeInterface: must be set with detectLocalMode BridgeInterface'],
    ],
    [
      'an interface that no kernel has',
      { detectLocalMode: 'InterfaceNamePrefix', detectLocal: { interfaceNamePrefix: 'veth*' } },
      {},
      [
        'detectLocal.interfaceNamePrefix: must be the beginning of an interface’s name, not "veth*"',
        'detectLocal.interfaceNamePrefix: must be set with detectLocalMode InterfaceNamePrefix',
      ],
    ],
    [
      'two CIDRs of one family',
      { clusterCIDR: '10.0.0.0/8,11.0.0.0/8' },
      {},
      ['clusterCIDR: must be a CIDR, or one of each family like 10.0.0.0/8,fd00::/64, not "10.0.0.0/8,11.0.0.0/8"'],
    ],
    [
      'addresses that are no CIDRs',
      { nodePortAddresses: ['10.0.0.1', 'localhost', 5] },
      {},
      [
        'nodePortAddresses[0]: must be a CIDR, or primary alone, not "10.0.0.1"; this entry is left out',
        'nodePortAddresses[1]: must be a CIDR, or primary alone, not "localhost"; this entry is left out',
        'nodePortAddresses[2]: must be a CIDR, or primary alone, not 5; this entry is left out',
      ],
    ],
    [
      'primary among others',
      { nodePortAddresses: ['primary', '10.0.0.0/8'] },
      {},
      ['nodePortAddresses: must be CIDRs or primary alone, not both'],
    ],
    [
      'numbers out of their range',
      { iptables: { masqueradeBit: 32 }, oomScoreAdj: -1_001, conntrack: { min: -1 } },
      {},
      [
        'iptables.masqueradeBit: must be an integer 0 … 31, not 32',
        'oomScoreAdj: must be an integer -1000 … 1000, not -1001',
        'conntrack.min: must be an integer 0 … 2147483647, not -1',
      ],
    ],
    [
      'durations that are none',
      { iptables: { syncPeriod: '-1s' }, conntrack: { udpTimeout: 30, tcpCloseWaitTimeout: '1 minute' } },
      {},
      [
        'iptables.syncPeriod: must be a duration like 30s, 1h30m or 500ms, not "-1s"',
        'conntrack.tcpCloseWaitTimeout: must be a duration like 30s, 1h30m or 500ms, not "1 minute"',
        'conntrack.udpTimeout: must be a duration like 30s, 1h30m or 500ms, not 30',
      ],
    ],
    [
      'a longer least period than the period',
      { iptables: { syncPeriod: '1s', minSyncPeriod: '2s' } },
      {},
      ['iptables.syncPeriod: must be at least minSyncPeriod'],
    ],
    [
      'ports and names of hosts where an address must be',
      { healthzBindAddress: 'localhost:10256', metricsBindAddress: '127.0.0.1:0', bindAddress: 'eth0' },
      {},
      [
        'bindAddress: must be an IP address, not "eth0"',
        'healthzBindAddress: must be IP:port, not "localhost:10256"',
        'metricsBindAddress: must be IP:port, not "127.0.0.1:0"',
      ],
    ],
    [
      'a gate that Kubernetes has locked',
      { featureGates: { MultiCIDRServiceAllocator: false } },
      {},
      ['featureGates.MultiCIDRServiceAllocator: must be true: Kubernetes 1.36 has locked this gate'],
    ],
    [
      'another type',
      { mode: 1, nodePortAddresses: 'primary', iptables: [] },
      {},
      [
        'mode: must be a string, not 1',
        'iptables: must be a map, not a list',
        'nodePortAddresses: must be a list, not "primary"',
      ],
    ],
    [
      'a second one',
      `${stringify(kubeProxy)}---\n${stringify(kubeProxy)}`,
      {},
      [': is a second KubeProxyConfiguration'],
    ],
    [
      'a document of another kind',
      stringify({ apiVersion: 'v1', kind: 'Service' }),
      {},
      [
        ': must be KubeProxyConfiguration kubeproxy.config.k8s.io/v1alpha1 or EvenkeelConfiguration evenkeel.io/v1alpha1, not "Service" "v1"',
      ],
    ],
    [
      'another version',
      stringify({ ...kubeProxy, apiVersion: 'kubeproxy.config.k8s.io/v1' }),
      {},
      [
        ': must be KubeProxyConfiguration kubeproxy.config.k8s.io/v1alpha1 or EvenkeelConfiguration evenkeel.io/v1alpha1, not "KubeProxyConfiguration" "kubeproxy.config.k8s.io/v1"',
      ],
    ],
    [
      'values of ours that mean nothing',
      stringify({
        ...evenkeel,
        scheduler: 'rr',
        plane: 'ipfw',
        source: 'etcd',
        serviceProxyName: 'a b',
        brake: { maxEmptiedPercent: 101 },
      }),
      {},
      [
        'source: must be kubernetes or manifests:DIR, not "etcd"',
        'plane: must be auto, nftables, iptables, not "ipfw"',
        'serviceProxyName: must be the value of a label, not "a b"',
        'brake.maxEmptiedPercent: must be an integer 0 … 100, not 101',
        'scheduler: is not a field of this configuration',
      ],
    ],
    ['broken YAML', 'a: [', {}, [expect.stringMatching(/^: is not YAML that can be read: /)]],
  ])('is refused with %s', (_, fields, flags, problems) => {
    expect(parse(fields, flags).problems).toEqual(problems)
  })

  it('names what is lost among fields that are right by themselves', () => {
    const { problems, warnings } = parse({
      mode: 'nftables',
      detectLocalMode: 'NodeCIDR',
      clusterCIDR: '10.0.0.0/8',
      detectLocal: { bridgeInterface: 'cni0' },
      iptables: { masqueradeAll: true, localhostNodePorts: true, syncPeriod: '1m' },
      ipvs: { syncPeriod: '2m' },
      nodePortAddresses: ['127.0.0.0/8', '::1/128'],
      featureGates: { AllAlpha: true, PreferSameTrafficDistribution: true },
      udpIdleTimeout: '250ms',
    })
    expect(problems).toEqual([])
    expect(warnings).toEqual([
      'udpIdleTimeout: has no effect: it was for the userspace mode',
      'featureGates.AllAlpha: has no effect: nothing here depends on this gate',
      'nodePortAddresses: 127.0.0.0/8, ::1/128 has no effect: NodePorts are open on loopback addresses only with mode iptables and localhostNodePorts',
      'detectLocal.bridgeInterface: has no effect: detectLocalMode is NodeCIDR',
      'clusterCIDR: has no effect: detectLocalMode is NodeCIDR',
      'iptables.masqueradeAll: has no effect: with this mode nftables.masqueradeAll counts',
      'iptables.syncPeriod: has no effect: with this mode nftables.syncPeriod counts',
      'ipvs.syncPeriod: has no effect: with this mode nftables.syncPeriod counts',
    ])
  })

  it('as kubeadm writes it has nothing to warn of', () => {
    const zero = { syncPeriod: '0s', minSyncPeriod: '0s' }
    const { problems, warnings } = parse({
      bindAddress: '',
      bindAddressHardFail: false,
      clientConnection: {
        acceptContentTypes: '',
        burst: 0,
        contentType: '',
        kubeconfig: '/var/lib/kube-proxy/kubeconfig.conf',
        qps: 0,
      },
      clusterCIDR: '10.244.0.0/16',
      configSyncPeriod: '0s',
      conntrack: { maxPerCore: null, min: null, tcpBeLiberal: false, tcpCloseWaitTimeout: null, udpTimeout: '0s' },
      detectLocal: { bridgeInterface: '', interfaceNamePrefix: '' },
      detectLocalMode: '',
      enableProfiling: false,
      healthzBindAddress: '',
      hostnameOverride: '',
      iptables: { localhostNodePorts: null, masqueradeAll: false, masqueradeBit: null, ...zero },
      ipvs: { excludeCIDRs: null, scheduler: '', strictARP: false, tcpTimeout: '0s', ...zero },
      logging: { flushFrequency: 0, options: { json: { infoBufferSize: '0' } }, verbosity: 0 },
      metricsBindAddress: '',
      mode: '',
      nftables: { masqueradeAll: false, masqueradeBit: null, ...zero },
      nodePortAddresses: null,
      oomScoreAdj: null,
      portRange: '',
      showHiddenMetricsForVersion: '',
      winkernel: {
        enableDSR: false,
        forwardHealthCheckVip: false,
        networkName: '',
        rootHnsEndpointName: '',
        sourceVip: '',
      },
    })
    expect([problems, warnings]).toEqual([[], []])
  })

  it('is told in full: what is written is what is read again', () => {
    for (const fields of [{}, { mode: 'nftables', clusterCIDR: '10.0.0.0/8', conntrack: { udpTimeout: '90s' } }]) {
      const first = parseConfig(Buffer.from(stringify({ ...kubeProxy, ...fields })), 'x', {})
      const again = parseConfig(Buffer.from(stringify(first.config.document)), 'x', {})
      expect(again.config).toEqual(first.config)
      expect(again.problems).toEqual([])
    }
  })

  it('never throws, whatever it holds', () => {
    const json = fc.jsonValue().map((value) => ({
      ...kubeProxy,
      mode: value,
      nftables: value,
      iptables: value,
      ipvs: value,
      clusterCIDR: value,
      featureGates: value,
      conntrack: { min: value, udpTimeout: value },
    }))
    fc.assert(
      fc.property(
        fc.oneof(
          json.map((value) => JSON.stringify(value)),
          fc.string(),
        ),
        (text) => {
          parseConfig(Buffer.from(text), 'x', {})
        },
      ),
      { numRuns: 50 },
    )
    const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`
    expect(
      parse(`{"apiVersion":"${kubeProxy.apiVersion}","kind":"${kubeProxy.kind}","ipvs":${deep}}`).problems,
    ).toHaveLength(1)
  })
})

describe('flags of kube-proxy', () => {
  const flags = (kubeProxyFlags: Record<string, string | boolean>): ConfigFlags => ({ kubeProxy: kubeProxyFlags })

  it.each<[Record<string, string | boolean>, Partial<ProxyConfig>]>([
    [{ 'cluster-cidr': '10.1.0.0/16' }, { clusterCIDRs: ['10.1.0.0/16'] }],
    [{ 'masquerade-all': true }, { masqueradeAll: true }],
    [{ 'masquerade-all': 'false' }, {}],
    [
      { 'proxy-mode': 'nftables', 'masquerade-all': 'true', 'iptables-sync-period': '10s' },
      { mode: 'nftables', nodePortAddresses: ['primary'], masqueradeAll: true, syncPeriod: 10_000 },
    ],
    [{ 'nodeport-addresses': '10.0.0.0/8, fd00::/64' }, { nodePortAddresses: ['10.0.0.0/8', 'fd00::/64'] }],
    [{ 'feature-gates': 'AllowServiceExternalIPs=false' }, { externalIPs: false }],
    [
      { 'healthz-bind-address': '', 'metrics-port': '0' },
      { healthzBindAddress: null, metricsBindAddress: null },
    ],
    [
      { 'healthz-bind-address': '192.0.2.1', 'healthz-port': '8080' },
      { healthzBindAddress: { host: '192.0.2.1', port: 8080 } },
    ],
    [
      { 'oom-score-adj': '-5', 'conntrack-max-per-core': '0' },
      { oomScoreAdj: -5, conntrack: { ...bare.conntrack, maxPerCore: null } },
    ],
    [{ v: '4', 'logging-format': 'json' }, { logging: { format: 'json', verbosity: 4 } }],
    [
      { 'detect-local-mode': 'InterfaceNamePrefix', 'pod-interface-name-prefix': 'cali' },
      { detectLocalMode: 'InterfaceNamePrefix', podInterface: { name: 'cali', prefix: true } },
    ],
    [
      { kubeconfig: '/k', 'kube-api-qps': '5', 'kube-api-burst': '10' },
      { clientConnection: { ...bare.clientConnection, kubeconfig: '/k' } },
    ],
  ])('%j', (given, expected) => {
    expect(parse('', flags(given))).toEqual({ config: { ...bare, ...expected }, problems: [], warnings: [] })
  })

  it('are read with the names that were written', () => {
    const given = { 'cluster-cidr': '10.0.0.1', 'nodeport-addresses': 'x', v: 'loud', 'healthz-port': '70000' }
    expect(parse('', flags(given)).problems).toEqual([
      '-v: must be an integer 0 … 2147483647, not "loud"',
      '--cluster-cidr: must be a CIDR, or one of each family like 10.0.0.0/8,fd00::/64, not "10.0.0.1"',
      '--nodeport-addresses: must be a CIDR, or primary alone, not "x"; this entry is left out',
      '--healthz-port: must be a port 0 … 65535, not "70000"',
    ])
  })

  it('give way to a configuration, by name, as with kube-proxy; a few win', () => {
    const given = { 'cluster-cidr': '10.1.0.0/16', 'metrics-port': '0', 'hostname-override': 'b', v: '6' }
    const { config, warnings } = parse({ hostnameOverride: 'a', clusterCIDR: '10.0.0.0/8' }, flags(given))
    expect(config).toEqual({
      ...bare,
      nodeName: 'b',
      clusterCIDRs: ['10.0.0.0/8'],
      logging: { format: null, verbosity: 6 },
    })
    expect(warnings).toEqual([
      '--cluster-cidr: has no effect: with --config it is clusterCIDR of proxy.yaml that counts, as with kube-proxy',
      '--metrics-port: has no effect: with --config metricsBindAddress counts',
    ])
  })

  it('of which nothing comes are named', () => {
    expect(parse('', flags({ vmodule: 'a=1', 'metrics-port': '9000', profiling: true })).warnings).toEqual(
      [
        'profiling: has no effect: pprof is Go’s; node --inspect profiles this process',
        '--metrics-port: has no effect: as in kube-proxy only a --metrics-bind-address without a port gets it; write the port there',
        '--vmodule: has no effect: it names files of kube-proxy',
      ].map((line) => line.replace(/^profiling/, '--profiling')),
    )
  })

  it('of ours win over everything', () => {
    const { config } = parse(own({ serviceProxyName: 'x', source: 'kubernetes' }, { hostnameOverride: 'a' }), {
      nodeName: 'b',
      proxyName: 'evenkeel',
      source: 'manifests:/m',
      kubeconfig: '/k',
      context: 'c',
      master: 'https://192.0.2.1:6443',
    })
    expect(config).toMatchObject({
      nodeName: 'b',
      proxyName: 'evenkeel',
      source: 'manifests:/m',
      clientConnection: { kubeconfig: '/k', context: 'c', master: 'https://192.0.2.1:6443' },
    })
  })
})

describe('loadConfig', () => {
  it('reads a file, names it, and rejects where there is none', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'evenkeel-config-'))
    try {
      const file = join(directory, 'proxy.yaml')
      await writeFile(file, `# ours\n${stringify({ ...kubeProxy, mode: 'x' })}`)
      expect((await loadConfig(file, {})).problems).toMatchObject([
        { where: `${file}:4`, object: 'KubeProxyConfiguration', field: 'mode' },
      ])
      await expect(loadConfig(join(directory, 'none'), {})).rejects.toThrow('ENOENT')
      expect((await loadConfig(undefined, { kubeProxy: { 'cluster-cidr': 'x' } })).problems).toMatchObject([
        { where: 'flags', field: '--cluster-cidr' },
      ])
    } finally {
      await rm(directory, { recursive: true })
    }
  })
})
