/**
 * What kube-proxy calls its things, in all modes (pkg/proxy/{iptables,ipvs,nftables} of Kubernetes 1.36; names that older ones had
 * are among them).
 */
export const NFT_TABLE = 'kube-proxy'
export const IPVS_DEVICE = 'kube-ipvs0'
export const HEALTHZ_PORT = 10256
export const METRICS_PORT = 10249

/** Chains of the tables nat, filter and mangle. */
const chains: Readonly<Record<string, readonly string[]>> = {
  nat: [
    'KUBE-SERVICES',
    'KUBE-NODEPORTS',
    'KUBE-POSTROUTING',
    'KUBE-MARK-MASQ',
    'KUBE-PROXY-CANARY',
    'KUBE-NODE-PORT',
    'KUBE-LOAD-BALANCER',
    'KUBE-FIRE-WALL',
  ],
  filter: [
    'KUBE-SERVICES',
    'KUBE-EXTERNAL-SERVICES',
    'KUBE-FORWARD',
    'KUBE-NODEPORTS',
    'KUBE-PROXY-FIREWALL',
    'KUBE-PROXY-CANARY',
    'KUBE-NODE-PORT',
    'KUBE-SOURCE-RANGES-FIREWALL',
    'KUBE-IPVS-FILTER',
    'KUBE-IPVS-OUT-FILTER',
  ],
  mangle: ['KUBE-PROXY-CANARY'],
}

/** One for each Service port or endpoint, in nat: the prefix, then a hash. KUBE-XLB- until 1.23. */
const perService = /^KUBE-(?:SVC|SVL|SEP|EXT|FW|XLB)-[A-Z2-7]{16}$/

/**
 * Chains of the kubelet or of network policies, which look alike and are not kube-proxy's: KUBE-FIREWALL, KUBE-KUBELET-CANARY,
 * KUBE-MARK-DROP, KUBE-IPTABLES-HINT, KUBE-ROUTER-…, KUBE-POD-FW-…, KUBE-NWPLCY-….
 */
export const isKubeProxyChain = (table: string, name: string): boolean =>
  chains[table]?.includes(name) === true || (table === 'nat' && perService.test(name))

/** The tables that hold such chains. */
export const chainTables: readonly string[] = Object.keys(chains)

const sets = [
  'LOOP-BACK',
  'CLUSTER-IP',
  'EXTERNAL-IP',
  'EXTERNAL-IP-LOCAL',
  'LOAD-BALANCER',
  'LOAD-BALANCER-LOCAL',
  'LOAD-BALANCER-FW',
  'LOAD-BALANCER-SOURCE-IP',
  'LOAD-BALANCER-SOURCE-CIDR',
  'NODE-PORT-TCP',
  'NODE-PORT-LOCAL-TCP',
  'NODE-PORT-UDP',
  'NODE-PORT-LOCAL-UDP',
  'NODE-PORT-SCTP-HASH',
  'NODE-PORT-LOCAL-SCTP-HASH',
  'HEALTH-CHECK-NODE-PORT',
  'IPVS-IPS',
]

/** ipsets of the mode ipvs, both families'. */
export const ipsets: ReadonlySet<string> = new Set(sets.flatMap((name) => [`KUBE-${name}`, `KUBE-6-${name}`]))

/** ipsets whose ports are NodePorts, by protocol. */
export const nodePortSets = {
  TCP: ['KUBE-NODE-PORT-TCP', 'KUBE-6-NODE-PORT-TCP'],
  UDP: ['KUBE-NODE-PORT-UDP', 'KUBE-6-NODE-PORT-UDP'],
  SCTP: ['KUBE-NODE-PORT-SCTP-HASH', 'KUBE-6-NODE-PORT-SCTP-HASH'],
} as const
