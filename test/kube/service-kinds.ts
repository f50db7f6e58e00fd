import type { KubeCluster } from './cluster.ts'

/** Services of every kind that proxies treat differently, without selector, with their slices; pods of node-a and node-b. */
export interface KindOfService {
  readonly name: string
  readonly spec: Readonly<Record<string, unknown>>
  readonly families: readonly ('IPv4' | 'IPv6')[]
  /** last parts of addresses on node-a and node-b; `!` in front: not ready */
  readonly local: readonly number[]
  readonly remote: readonly number[]
  /** load balancer addresses */
  readonly balancer?: readonly string[]
}

const tcp = [{ name: 'http', port: 80, targetPort: 8080 }]
const dual = ['IPv4', 'IPv6'] as const

export const kindsOfService: readonly KindOfService[] = [
  { name: 'plain', spec: { ports: tcp }, families: dual, local: [20, 21], remote: [20] },
  { name: 'one', spec: { ports: tcp }, families: ['IPv4'], local: [22], remote: [] },
  { name: 'empty', spec: { ports: tcp }, families: dual, local: [], remote: [] },
  {
    name: 'datagrams',
    spec: {
      ports: [
        { name: 'dns', port: 53, targetPort: 8080, protocol: 'UDP' },
        { name: 'dns-tcp', port: 53, targetPort: 8080 },
      ],
    },
    families: dual,
    local: [23, 24],
    remote: [23],
  },
  { name: 'open', spec: { type: 'NodePort', ports: tcp }, families: dual, local: [25], remote: [25, 26] },
  {
    name: 'open-local',
    spec: { type: 'NodePort', externalTrafficPolicy: 'Local', ports: tcp },
    families: dual,
    local: [27],
    remote: [27],
  },
  {
    name: 'open-elsewhere',
    spec: { type: 'NodePort', externalTrafficPolicy: 'Local', ports: tcp },
    families: dual,
    local: [],
    remote: [28],
  },
  { name: 'open-empty', spec: { type: 'NodePort', ports: tcp }, families: dual, local: [], remote: [] },
  {
    name: 'balanced',
    spec: { type: 'LoadBalancer', ports: tcp },
    families: ['IPv4'],
    local: [29],
    remote: [29],
    balancer: ['198.18.0.1'],
  },
  {
    name: 'ranged',
    spec: { type: 'LoadBalancer', loadBalancerSourceRanges: ['198.51.100.0/24', '192.0.2.0/24'], ports: tcp },
    families: ['IPv4'],
    local: [30],
    remote: [30],
    balancer: ['198.18.0.2'],
  },
  {
    name: 'ranged-local',
    spec: {
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Local',
      loadBalancerSourceRanges: ['198.51.100.0/24'],
      ports: tcp,
    },
    families: ['IPv4'],
    local: [31],
    remote: [31],
    balancer: ['198.18.0.3'],
  },
  {
    name: 'external',
    spec: { externalIPs: ['198.18.1.1'], ports: tcp },
    families: ['IPv4'],
    local: [32],
    remote: [32],
  },
  {
    name: 'external-local',
    spec: { type: 'NodePort', externalIPs: ['198.18.1.2'], externalTrafficPolicy: 'Local', ports: tcp },
    families: ['IPv4'],
    local: [33],
    remote: [33],
  },
  {
    name: 'faithful',
    spec: {
      type: 'NodePort',
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 100 } },
      ports: tcp,
    },
    families: dual,
    local: [34, 35],
    remote: [34],
  },
  {
    name: 'near',
    spec: { internalTrafficPolicy: 'Local', ports: tcp },
    families: dual,
    local: [36],
    remote: [36],
  },
  { name: 'near-none', spec: { internalTrafficPolicy: 'Local', ports: tcp }, families: dual, local: [], remote: [37] },
]

export const serviceOfKind = ({ name, spec, families }: KindOfService): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { ...spec, ipFamilies: families, ipFamilyPolicy: families.length > 1 ? 'RequireDualStack' : 'SingleStack' },
})

/** All of them, with what a cloud's controller would say of the balancers. */
export const applyKinds = async ({ api, kubectl }: KubeCluster): Promise<void> => {
  const items = kindsOfService.flatMap((kind) => [serviceOfKind(kind), ...slicesOfKind(kind)])
  await kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
  for (const { name, balancer = [] } of kindsOfService)
    if (balancer.length > 0)
      await api.call('PATCH', `/api/v1/namespaces/default/services/${name}/status`, {
        status: { loadBalancer: { ingress: balancer.map((ip) => ({ ip })) } },
      })
}

/** For each family a slice that names every port of the Service. */
export const slicesOfKind = ({ name, spec, families, local, remote }: KindOfService): readonly object[] => {
  const ports = (spec['ports'] as readonly Record<string, unknown>[]).map((port) => ({
    name: port['name'],
    port: port['targetPort'],
    protocol: port['protocol'] ?? 'TCP',
  }))
  return families.map((family) => {
    const address = (node: 0 | 1, last: number): string =>
      family === 'IPv4' ? `10.1.${node}.${last}` : `fd00:1:${node === 0 ? '' : '1:'}:${last.toString(16)}`
    const endpoints = [
      ...local.map((last) => endpoint(address(0, last), 'node-a')),
      ...remote.map((last) => endpoint(address(1, last), 'node-b')),
    ]
    return {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${name}-${family.toLowerCase()}`, labels: { 'kubernetes.io/service-name': name } },
      addressType: family,
      ports,
      endpoints,
    }
  })
}

const endpoint = (address: string, nodeName: string): object => ({
  addresses: [address],
  conditions: { ready: true, serving: true, terminating: false },
  nodeName,
})
