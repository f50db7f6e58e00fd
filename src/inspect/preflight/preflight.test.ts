import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type Doctored, healthy, look, settings } from '../../../test/support/preflight-node.ts'
import type { ForeignChain, ForeignRule } from '../../kernel/foreign/index.ts'
import { planeOf } from './check.ts'
import { fatalChecks } from './checks.ts'
import { allCodes, codes, parseCodes } from './codes.ts'

const chain = (name: string, hook: number | null, policy: 'accept' | 'drop' = 'accept'): ForeignChain => ({
  family: 'ip',
  table: 'filter',
  name,
  hook: hook === null ? null : { number: hook, priority: 0, policy },
})
const rule = (of: string, target: string): ForeignRule => ({
  family: 'ip',
  table: 'filter',
  chain: of,
  handle: 1,
  targets: [target],
})
const listening = (address: string, inode = '77'): string =>
  `${healthy['/proc/net/tcp']}   0: ${address} 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0 0\n`
const conntrack = (count: number, max: number, buckets = max): Record<string, string> => ({
  '/proc/sys/net/netfilter/nf_conntrack_count': `${count}\n`,
  '/proc/sys/net/netfilter/nf_conntrack_max': `${max}\n`,
  '/proc/sys/net/netfilter/nf_conntrack_buckets': `${buckets}\n`,
})
const bridge = (hairpin: 0 | 1, call: string): Record<string, string> => ({
  '/sys/class/net/cni0/bridge/x': '',
  '/sys/class/net/cni0/brif/veth1': '',
  '/sys/class/net/cni0/ifindex': '3\n',
  '/sys/class/net/cni0/iflink': '3\n',
  '/sys/class/net/veth1/ifindex': '7\n',
  '/sys/class/net/veth1/iflink': '2\n',
  '/sys/class/net/veth1/brport/hairpin_mode': `${hairpin}\n`,
  '/proc/sys/net/bridge/bridge-nf-call-iptables': call,
})
const no = { answer: 'no', since: '5.9', why: 'EOPNOTSUPP' } as const
const proxyMode = (server: string): Doctored => ({
  files: { '/proc/net/tcp': listening('0100007F:2809') },
  settings: { metricsBindAddress: null },
  answers: { 'http://127.0.0.1:10249/proxyMode': { status: 200, server, body: 'iptables' } },
})
const kubeProxy = { '/proc/40/comm': 'kube-proxy\n', '/proc/40/ns/net': '->net:[1]' }
const secondUplink = `${healthy['/proc/net/route']}eth1\t0000000A\t0101A8C0\t0003\t0\t0\t0\t000000FF\t0\t0\t0\n`

test.for<readonly [string, Doctored, readonly string[]]>([
  ['a healthy node', {}, []],
  ['no CAP_NET_ADMIN', { files: { '/proc/self/status': 'CapEff:\t00000000a80425fb\n' } }, ['fatal no-net-admin']],
  ['Linux 5.4', { files: { '/proc/sys/kernel/osrelease': '5.4.0-100\n' } }, ['fatal kernel-too-old', 'note memlock']],
  ['Linux 5.15', { files: { '/proc/sys/kernel/osrelease': '5.15.0\n' } }, ['warning kernel-untested']],
  ['a kernel without numgen', { features: { slotMaps: no } }, ['fatal kernel-too-old']],
  ['a kernel without counters', { features: { elementCounters: no } }, ['note element-counters']],
  ['no nf_tables', { noNft: 'EOPNOTSUPP' }, ['fatal no-nf-tables']],
  ['nf_tables that may not be asked', { noNft: 'EPERM' }, []],
  ['the plane iptables without its programs', { settings: { mode: 'iptables' } }, ['fatal no-iptables']],
  ['with them', { settings: { plane: 'iptables' }, files: { '/usr/sbin/iptables-nft-restore': '' } }, []],
  [
    'the plane iptables on a kernel without nf_tables',
    { settings: { plane: 'iptables' }, noNft: 'EOPNOTSUPP', files: { '/usr/sbin/iptables-restore': '' } },
    [],
  ],
  [
    'the plane iptables’ own rules are no kube-proxy’s',
    { chains: [chain('KUBE-SERVICES', null), chain('EVENKEEL-UNUSED', null)] },
    [],
  ],
  ['a kube-proxy process', { files: kubeProxy }, ['fatal kube-proxy-runs']],
  ['one of another network', { files: { ...kubeProxy, '/proc/40/ns/net': '->net:[2]' } }, []],
  ['a kube-proxy that answers only', proxyMode(''), ['fatal kube-proxy-runs']],
  ['an Evenkeel that answers', proxyMode('evenkeel'), []],
  [
    'beside a kube-proxy',
    { files: kubeProxy, settings: { proxyName: 'evenkeel', masqueradeBit: 12 } },
    ['note beside-kube-proxy'],
  ],
  [
    'beside one, with its mark',
    { files: kubeProxy, settings: { proxyName: 'evenkeel' } },
    ['warning mark-bit-shared', 'note beside-kube-proxy'],
  ],
  ['beside nobody', { settings: { proxyName: 'evenkeel' } }, ['warning kube-proxy-absent', 'note beside-kube-proxy']],
  ['leftover chains of iptables-nft', { chains: [chain('KUBE-SERVICES', null)] }, ['warning kube-proxy-leftovers']],
  ['leftover tables', { tables: [{ family: 'ip', table: 'kube-proxy' }] }, ['warning kube-proxy-leftovers']],
  ['a leftover device', { files: { '/sys/class/net/kube-ipvs0/ifindex': '9\n' } }, ['warning kube-proxy-leftovers']],
  ['leftover ipsets', { sets: ['KUBE-CLUSTER-IP', 'mine'] }, ['warning kube-proxy-leftovers']],
  [
    'leftover chains of iptables-legacy',
    {
      files: { '/proc/net/ip_tables_names': 'nat\n' },
      legacy: { 'ip nat': [{ name: 'KUBE-SEP-ABCDEFGHIJKLMNOP', policy: null, rules: 1, targets: [] }] },
    },
    ['warning kube-proxy-leftovers'],
  ],
  ['rules while it runs', { files: kubeProxy, chains: [chain('KUBE-SERVICES', null)] }, ['fatal kube-proxy-runs']],
  ['the kubelet’s chains', { chains: [chain('KUBE-FIREWALL', null), chain('KUBE-KUBELET-CANARY', null)] }, []],
  ['Cilium at the sockets', { programs: ['cil_sock4_conne'] }, ['fatal cilium-kube-proxy-replacement']],
  [
    'Cilium’s devices',
    { files: { '/sys/class/net/cilium_host/ifindex': '9\n' } },
    ['warning cilium-kube-proxy-replacement'],
  ],
  [
    'beside Cilium',
    { programs: ['cil_sock4_conne'], settings: { proxyName: 'x' } },
    ['warning kube-proxy-absent', 'note cilium-kube-proxy-replacement', 'note beside-kube-proxy'],
  ],
  ['Calico’s eBPF', { files: { '/sys/class/net/bpfin.cali/ifindex': '9\n' } }, ['fatal calico-ebpf']],
  [
    'kube-router',
    {
      files: {
        '/sys/class/net/kube-dummy-if/ifindex': '9\n',
        '/proc/41/comm': 'kube-router\n',
        '/proc/41/ns/net': '->net:[1]',
      },
    },
    ['fatal kube-router'],
  ],
  ['what kube-router left', { files: { '/sys/class/net/kube-dummy-if/ifindex': '9\n' } }, ['warning kube-router']],
  ['LoxiLB', { files: { '/sys/class/net/llb0/ifindex': '9\n' } }, ['warning loxilb']],
  [
    'IPVS of others',
    { files: { '/proc/net/ip_vs': 'TCP  0A00000A:0050 rr\n  -> 0A000001:0050      Masq    1      2          0\n' } },
    ['warning ipvs-services'],
  ],
  ['a taken port', { files: { '/proc/net/tcp': listening('00000000:2810') } }, ['warning port-taken']],
  [
    'a taken port that must be ours',
    { files: { '/proc/net/tcp': listening('00000000:2810') }, settings: { bindAddressHardFail: true } },
    ['fatal port-taken'],
  ],
  [
    'our own agent’s port',
    { files: { '/proc/net/tcp': listening('00000000:2810') }, settings: { agentRuns: true } },
    [],
  ],
  ['that port at another address', { files: { '/proc/net/tcp': listening('0202A8C0:2809') } }, []],
  ['a bound NodePort', { files: { '/proc/net/tcp': listening('00000000:7580') } }, ['note node-port-bound']],
  [
    'rules in both back ends',
    {
      files: { '/proc/net/ip_tables_names': 'filter\n' },
      legacy: { 'ip filter': [{ name: 'INPUT', policy: 'accept', rules: 2, targets: ['accept'] }] },
      chains: [chain('MINE', null)],
    },
    ['warning iptables-both-back-ends'],
  ],
  ['FORWARD that drops', { chains: [chain('FORWARD', 2, 'drop')] }, ['warning forward-drop']],
  [
    'one with Docker’s rules only',
    { chains: [chain('FORWARD', 2, 'drop')], rules: [rule('FORWARD', 'jump DOCKER-USER')] },
    ['warning forward-drop'],
  ],
  [
    'one that the network plugin opens',
    { chains: [chain('FORWARD', 2, 'drop')], rules: [rule('FORWARD', 'jump cali-FORWARD')] },
    ['note forward-drop'],
  ],
  [
    'FORWARD of iptables-legacy that drops',
    {
      files: { '/proc/net/ip_tables_names': 'filter\n' },
      legacy: { 'ip filter': [{ name: 'FORWARD', policy: 'drop', rules: 0, targets: [] }] },
    },
    ['warning forward-drop'],
  ],
  ['INPUT that drops', { chains: [chain('INPUT', 1, 'drop')] }, ['note input-drop']],
  ['firewalld', { tables: [{ family: 'inet', table: 'firewalld' }] }, ['warning firewalld']],
  ['ufw', { chains: [chain('ufw-before-forward', null)] }, ['warning ufw']],
  ['forwarding off', { files: { '/proc/sys/net/ipv4/ip_forward': '0\n' } }, ['warning ip-forward-off']],
  ['forwarding off in a family not used', { files: { '/proc/sys/net/ipv6/conf/all/forwarding': '0\n' } }, []],
  ['no default route', { files: { '/proc/net/route': 'Iface\tDestination\n' } }, ['warning no-default-route']],
  [
    'strict reverse path on two uplinks',
    {
      files: {
        '/proc/net/route': secondUplink,
        '/proc/sys/net/ipv4/conf/all/rp_filter': '1\n',
        '/proc/sys/net/ipv4/conf/eth1/rp_filter': '2\n',
      },
    },
    ['warning rp-filter-strict'],
  ],
  ['strict on the only one', { files: { '/proc/sys/net/ipv4/conf/all/rp_filter': '1\n' } }, []],
  ['pods on a bridge without bridge-nf', { files: bridge(1, '0\n') }, ['warning bridge-nf-off']],
  ['pods on a bridge without hairpin', { files: bridge(0, '1\n') }, ['note bridge-hairpin']],
  ['a bridge as it should be', { files: bridge(1, '1\n') }, []],
  ['a connection table that is nearly full', { files: conntrack(900, 1000) }, ['warning conntrack-pressure']],
  [
    'one that was full',
    {
      files: {
        '/proc/net/stat/nf_conntrack':
          'entries  drop early_drop\n00000001  0000000a 00000000\n00000001  00000001 00000002\n',
      },
    },
    ['warning conntrack-drops'],
  ],
  ['one with few buckets', { files: conntrack(1, 100_000, 1000) }, ['note conntrack-buckets']],
  [
    'read-only sysctls',
    {
      files: { '/proc/self/mounts': 'proc /proc proc rw 0 0\nproc /proc/sys proc ro 0 0\ncgroup2 /c cgroup2 rw 0 0\n' },
    },
    ['warning sysctls-read-only'],
  ],
  ['no cgroup2', { files: { '/proc/self/mounts': 'proc /proc proc rw 0 0\n' } }, ['note no-cgroup2']],
  ['an old nft', { nft: 'nftables v0.9.8 (E.D.S.)' }, ['warning nft-too-old']],
  ['a user namespace', { files: { '/proc/self/uid_map': '0 1000 1\n' } }, ['warning user-namespace']],
  ['seccomp', { files: { '/proc/self/status': 'CapEff:\tffffffffff\nSeccomp:\t2\n' } }, ['note seccomp']],
  ['route_localnet', { files: { '/proc/sys/net/ipv4/conf/all/route_localnet': '1\n' } }, ['note route-localnet']],
  ['a pod’s network', { files: { '/sys/class/net/eth0/iflink': '9\n' } }, ['note pod-network']],
  ['no IPv6', { without: ['/proc/net/if_inet6'] }, ['note ipv6-off']],
  [
    'no IPv6 where pods have it',
    { without: ['/proc/net/if_inet6'], settings: { clusterCIDRs: ['10.244.0.0/16', 'fd00::/64'] } },
    ['warning ipv6-off'],
  ],
  [
    'Calico and a high mark bit',
    { files: { '/sys/class/net/cali0123456789a/ifindex': '9\n' }, settings: { masqueradeBit: 20 } },
    ['warning mark-bit-shared'],
  ],
])('%s', async ([, node, expected]) => {
  const { findings } = await look(node)
  expect(findings.map(({ severity, code }) => `${severity} ${code}`)).toEqual(expected)
  for (const { evidence, cure, code } of findings) {
    expect(cure).not.toBe('')
    if (code !== 'kube-proxy-absent' && code !== 'beside-kube-proxy') expect(evidence.length).toBeGreaterThan(0)
  }
})

test.each([
  [{ plane: 'iptables' }, 'iptables'],
  [{ mode: 'iptables' }, 'iptables'],
  [{ plane: 'nftables', mode: 'iptables' }, 'nftables'],
  [{ plane: null, mode: null }, 'nftables'],
  [{ mode: 'ipvs' }, 'nftables'],
  [{ plane: 'auto' }, 'nftables'],
])('%j asks for what %s needs', (asked, plane) => {
  expect(planeOf({ ...settings, ...asked })).toBe(plane)
})

test('what may not be looked at is told', async () => {
  const { unseen } = await look({ noNft: 'EPERM' })
  expect(unseen).toContainEqual({ source: 'nftables tables', reason: 'nftables list tables: EPERM' })
})

test('in a container other processes are not visible, and that is told', async () => {
  const { unseen } = await look({ files: { '/proc/self/ns/pid': '->pid:[4026539999]' } })
  expect(unseen).toEqual([{ source: '/proc', reason: 'only the processes of this container are visible' }])
})

test('fatal findings come of the fatal checks alone', async () => {
  const { findings } = await look({ files: kubeProxy, programs: ['cil_sock4_conne'] }, fatalChecks)
  expect(findings.map(({ code }) => code)).toEqual(['kube-proxy-runs', 'cilium-kube-proxy-replacement'])
})

test('docs/preflight.md has every code, under its severity, in this order', () => {
  const page = readFileSync(new URL('../../../docs/preflight.md', import.meta.url), 'utf8')
  const sections = page.split(/^## /m)
  const listed = (title: string): string[] =>
    [...(sections.find((section) => section.startsWith(title)) ?? '').matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map(
      ([, code = '']) => code,
    )
  for (const [title, severity] of [
    ['Fatal', 'fatal'],
    ['Warnings', 'warning'],
    ['Notes', 'note'],
  ] as const)
    expect(listed(title)).toEqual(allCodes.filter((code) => codes[code].severity === severity))
})

test('codes are parsed, and one that does not exist is refused', () => {
  expect([...parseCodes('kube-proxy-runs, port-taken')]).toEqual(['kube-proxy-runs', 'port-taken'])
  expect(() => parseCodes('kube-proxy-run')).toThrow('no finding has the code kube-proxy-run; codes: no-net-admin,')
})
