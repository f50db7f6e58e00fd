import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { evenkeel, kubeProxy, parse } from '../../../test/support/proxy-config.ts'
import { planeNames } from '../../dataplane/registry.ts'
import { type ConfigFlags, parseConfig } from './config.ts'

describe('a configuration', () => {
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
        `plane: must be auto, ${planeNames.join(', ')}, not "ipfw"`,
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
