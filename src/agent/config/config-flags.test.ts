import { describe, expect, it } from 'vitest'
import { bare, own, parse } from '../../../test/support/proxy-config.ts'
import type { ConfigFlags, ProxyConfig } from './config.ts'

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
