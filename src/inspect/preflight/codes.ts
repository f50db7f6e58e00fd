/** fatal: `run` refuses to start. warning: some traffic suffers. note: worth knowing, nothing to do now. */
export type Severity = 'fatal' | 'warning' | 'note'

interface CodeEntry {
  /** the gravest it can be */
  readonly severity: Severity
  readonly about: string
}

/** Every code there is, in the order of docs/preflight.md. Codes are stable: scripts and `--skip-preflight` name them. */
export const codes = {
  'no-net-admin': { severity: 'fatal', about: 'CAP_NET_ADMIN is missing' },
  'kernel-too-old': { severity: 'fatal', about: 'the kernel lacks what the rules are made of' },
  'no-nf-tables': { severity: 'fatal', about: 'the kernel has no nf_tables' },
  'no-iptables': { severity: 'fatal', about: 'the plane iptables has no programs to write rules with' },
  'kube-proxy-runs': { severity: 'fatal', about: 'a kube-proxy serves the same Services' },
  'cilium-kube-proxy-replacement': { severity: 'fatal', about: 'Cilium translates Services before us' },
  'calico-ebpf': { severity: 'fatal', about: 'Calico’s eBPF translates Services before us' },
  'kube-router': { severity: 'fatal', about: 'kube-router serves the same Services' },
  'port-taken': { severity: 'fatal', about: 'a health or metrics port is in use' },
  'kube-proxy-leftovers': { severity: 'warning', about: 'rules of a kube-proxy that does not run' },
  'kube-proxy-absent': { severity: 'warning', about: 'nobody serves the other Services' },
  loxilb: { severity: 'warning', about: 'LoxiLB translates Services before us' },
  'ipvs-services': { severity: 'warning', about: 'IPVS virtual services of others' },
  'iptables-both-back-ends': { severity: 'warning', about: 'rules in iptables-legacy and in iptables-nft' },
  'mark-bit-shared': { severity: 'warning', about: 'another component uses our mark bit' },
  'forward-drop': { severity: 'warning', about: 'forwarded packets are dropped' },
  firewalld: { severity: 'warning', about: 'firewalld filters forwarded packets' },
  ufw: { severity: 'warning', about: 'ufw filters forwarded packets' },
  'ip-forward-off': { severity: 'warning', about: 'the node does not forward' },
  'no-default-route': { severity: 'warning', about: 'the node cannot dial Service addresses' },
  'rp-filter-strict': { severity: 'warning', about: 'answers over another interface are dropped' },
  'bridge-nf-off': { severity: 'warning', about: 'pods on one bridge answer around the translation' },
  'conntrack-pressure': { severity: 'warning', about: 'the connection table is nearly full' },
  'conntrack-drops': { severity: 'warning', about: 'the connection table was full' },
  'sysctls-read-only': { severity: 'warning', about: 'conntrack settings cannot be written' },
  'kernel-untested': { severity: 'warning', about: 'older than the oldest kernel that is tested' },
  'nft-too-old': { severity: 'warning', about: 'this nft crashes on others’ rules' },
  'user-namespace': { severity: 'warning', about: 'root only inside a user namespace' },
  'beside-kube-proxy': { severity: 'note', about: 'what differs beside another proxy' },
  'node-port-bound': { severity: 'note', about: 'a process listens in the range of NodePorts' },
  'input-drop': { severity: 'note', about: 'health ports may be closed' },
  'bridge-hairpin': { severity: 'note', about: 'pods on a bridge cannot reach themselves through a Service' },
  'route-localnet': { severity: 'note', about: 'left behind by kube-proxy’s iptables mode' },
  'conntrack-buckets': { severity: 'note', about: 'long hash chains in the connection table' },
  'pod-network': { severity: 'note', about: 'this looks like a pod’s network, not the node’s' },
  'ipv6-off': { severity: 'note', about: 'the kernel has no IPv6' },
  'element-counters': { severity: 'note', about: 'connections per backend cannot be counted' },
  seccomp: { severity: 'note', about: 'system calls are filtered' },
  'no-cgroup2': { severity: 'note', about: 'an eBPF plane would have nowhere to attach' },
  memlock: { severity: 'note', about: 'an eBPF plane could not lock its maps' },
} as const satisfies Readonly<Record<string, CodeEntry>>

export type Code = keyof typeof codes

/** In the order of docs/preflight.md. */
export const allCodes = Object.keys(codes) as readonly Code[]

/** Those that `run` looks for, and that can be skipped. */
export const fatalCodes: readonly Code[] = allCodes.filter((code) => codes[code].severity === 'fatal')

/** @throws Error for text that names a code that does not exist */
export const parseCodes = (text: string): ReadonlySet<Code> => {
  const names = text.split(',').map((name) => name.trim())
  const unknown = names.find((name) => name !== '' && !(name in codes))
  if (unknown !== undefined) throw new Error(`no finding has the code ${unknown}; codes: ${allCodes.join(', ')}`)
  return new Set(names.filter((name) => name !== '') as Code[])
}
