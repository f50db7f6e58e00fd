import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { type ConfigFlags, loadConfig, type ProxyConfig, parseConfig } from './config.ts'

const kubeProxy = { apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', kind: 'KubeProxyConfiguration' }
const evenkeel = { apiVersion: 'evenkeel.io/v1alpha1', kind: 'EvenkeelConfiguration' }

const parse = (fields: Record<string, unknown> | string, flags: ConfigFlags = {}) => {
  const text = typeof fields === 'string' ? fields : stringify({ ...kubeProxy, ...fields })
  const { config, problems, warnings } = parseConfig(Buffer.from(text), 'proxy.yaml', flags)
  const list = (found: typeof problems): string[] => found.map(({ field, message }) => `${field}: ${message}`)
  return { config, problems: list(problems), warnings: list(warnings) }
}

const bare: ProxyConfig = {
  mode: null,
  nodeName: hostname().toLowerCase(),
  clusterCIDRs: [],
  nodePortAddresses: null,
  masqueradeAll: false,
  masqueradeBit: 14,
  proxyName: '',
}

describe('KubeProxyConfiguration', () => {
  it.each<[string, Record<string, unknown> | string, ConfigFlags, Partial<ProxyConfig>]>([
    ['may be missing', '', {}, {}],
    ['may say nothing', {}, {}, {}],
    ['has a mode', { mode: 'iptables' }, {}, { mode: 'iptables' }],
    [
      'opens NodePorts on the primary address in mode nftables',
      { mode: 'nftables' },
      {},
      { mode: 'nftables', nodePortAddresses: ['primary'] },
    ],
    [
      'does so where the plane is asked for',
      { mode: 'iptables' },
      { plane: 'nftables' },
      { mode: 'iptables', nodePortAddresses: ['primary'] },
    ],
    [
      'has addresses for NodePorts',
      { nodePortAddresses: ['192.168.1.7/16', 'primary', 'all'] },
      {},
      { nodePortAddresses: ['192.168.0.0/16', 'primary', '0.0.0.0/0', '::/0'] },
    ],
    ['names the node', { hostnameOverride: ' Node-7 ' }, {}, { nodeName: 'node-7' }],
    ['is named by the flag', { hostnameOverride: 'a' }, { nodeName: 'b' }, { nodeName: 'b' }],
    [
      'knows the pods',
      { detectLocalMode: 'ClusterCIDR', clusterCIDR: '10.1.2.3/8, FD00::/64' },
      {},
      { clusterCIDRs: ['10.0.0.0/8', 'fd00::/64'] },
    ],
    [
      'knows them from the flag',
      { clusterCIDR: '10.0.0.0/8' },
      { clusterCIDR: '10.1.0.0/16' },
      { clusterCIDRs: ['10.1.0.0/16'] },
    ],
    [
      'has a section for its mode',
      { mode: 'nftables', nftables: { masqueradeAll: true, masqueradeBit: 0 } },
      {},
      { mode: 'nftables', nodePortAddresses: ['primary'], masqueradeAll: true, masqueradeBit: 0 },
    ],
    [
      'without a mode means iptables, as with kube-proxy',
      { iptables: { masqueradeAll: true, masqueradeBit: 31 } },
      {},
      { masqueradeAll: true, masqueradeBit: 31 },
    ],
    [
      'with mode ipvs means the iptables section too',
      { mode: 'ipvs', iptables: { masqueradeBit: 3 } },
      {},
      { mode: 'ipvs', masqueradeBit: 3 },
    ],
    [
      'lets the flag masquerade',
      { iptables: { masqueradeAll: false } },
      { masqueradeAll: true },
      { masqueradeAll: true },
    ],
    [
      'beside a kube-proxy has a mark of its own',
      {},
      { proxyName: 'evenkeel' },
      { proxyName: 'evenkeel', masqueradeBit: 12 },
    ],
    [
      'may have our own beside it',
      `${stringify({ ...evenkeel, serviceProxyName: 'evenkeel' })}---\n${stringify({ ...kubeProxy, mode: 'iptables' })}`,
      {},
      { mode: 'iptables', proxyName: 'evenkeel', masqueradeBit: 12 },
    ],
    ['may be JSON', JSON.stringify({ ...kubeProxy, mode: 'ipvs' }), {}, { mode: 'ipvs' }],
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
      'another way to know pods',
      { detectLocalMode: 'BridgeInterface' },
      {},
      ['detectLocalMode: must be ClusterCIDR (or left out): "BridgeInterface" is not there yet'],
    ],
    [
      'two CIDRs of one family',
      { clusterCIDR: '10.0.0.0/8,11.0.0.0/8' },
      {},
      ['clusterCIDR: must be a CIDR, or one of each family like 10.0.0.0/8,fd00::/64, not "10.0.0.0/8,11.0.0.0/8"'],
    ],
    [
      'a flag that is no CIDR',
      {},
      { clusterCIDR: '10.0.0.1' },
      ['--cluster-cidr: must be a CIDR, or one of each family like 10.0.0.0/8,fd00::/64, not "10.0.0.1"'],
    ],
    [
      'addresses that are no CIDRs',
      { nodePortAddresses: ['10.0.0.1', 'localhost', 5] },
      {},
      [
        'nodePortAddresses[0]: must be a CIDR, primary or all, not "10.0.0.1"; this entry is left out',
        'nodePortAddresses[1]: localhost: NodePorts are never open on loopback addresses; this entry is left out',
        'nodePortAddresses[2]: must be a CIDR, primary or all, not 5; this entry is left out',
      ],
    ],
    [
      'a bit that is none',
      { iptables: { masqueradeBit: 32 } },
      {},
      ['iptables.masqueradeBit: must be an integer 0 … 31, not 32'],
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
      'what is not there yet of our own',
      stringify({ ...evenkeel, scheduler: 'rr' }),
      {},
      ['scheduler: is not a field of this configuration'],
    ],
    ['broken YAML', 'a: [', {}, [expect.stringMatching(/^: is not YAML that can be read: /)]],
  ])('is refused with %s', (_, fields, flags, problems) => {
    expect(parse(fields, flags).problems).toEqual(problems)
  })

  it('names what has no effect, and why', () => {
    const { problems, warnings } = parse({
      mode: 'nftables',
      nftables: { syncPeriod: '30s', minSyncPeriod: '0s' },
      iptables: { masqueradeAll: true, localhostNodePorts: false },
      conntrack: { maxPerCore: 1000 },
      healthzBindAddress: '0.0.0.0:10256',
      featureGates: {},
    })
    expect(problems).toEqual([])
    expect(warnings).toEqual([
      'nftables.syncPeriod: has no effect: every change is applied at once, and the rules are checked against the plan all the time',
      "conntrack: has no effect: the kernel's connection tracking is left as it is",
      'healthzBindAddress: has no effect: there is no HTTP server yet',
      'iptables.masqueradeAll: has no effect: with this mode nftables.masqueradeAll counts',
    ])
  })

  it('as kubeadm writes it has nothing to warn of but what was set', () => {
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
      logging: { flushFrequency: 0, options: { json: { infoBufferSize: '' } }, verbosity: 0 },
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
    expect([problems, warnings]).toEqual([[], ['clientConnection: has no effect: the Kubernetes API is not read yet']])
  })

  it('never throws, whatever it holds', () => {
    const json = fc.jsonValue().map((value) => ({
      ...kubeProxy,
      mode: value,
      nftables: value,
      iptables: value,
      ipvs: value,
      clusterCIDR: value,
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
    )
    const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`
    expect(
      parse(`{"apiVersion":"${kubeProxy.apiVersion}","kind":"${kubeProxy.kind}","ipvs":${deep}}`).warnings,
    ).toHaveLength(1)
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
      expect((await loadConfig(undefined, { clusterCIDR: 'x' })).problems).toMatchObject([
        { where: 'flags', field: '--cluster-cidr' },
      ])
    } finally {
      await rm(directory, { recursive: true })
    }
  })
})
