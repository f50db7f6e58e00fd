import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { bare, evenkeel, kubeProxy, own, parse } from '../../../test/support/proxy-config.ts'
import { type ConfigFlags, loadConfig, parseConfig, type ProxyConfig } from './config.ts'

/** What beside another proxy is another way. */
const beside: Partial<ProxyConfig> = {
  proxyName: 'evenkeel',
  masqueradeBit: 12,
  healthzBindAddress: { host: '0.0.0.0', port: 10_356 },
  metricsBindAddress: { host: '127.0.0.1', port: 10_349 },
  conntrack: { ...bare.conntrack, maxPerCore: null, tcpEstablishedTimeout: null, tcpCloseWaitTimeout: null },
}

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
