import type { Backend, Frontend } from '../../src/model/frontend.ts'
import type { NodeView } from '../../src/model/node-view.ts'
import type { Protocol } from '../../src/model/objects.ts'

export const someNode: NodeView = {
  name: 'node-a',
  zone: '',
  families: ['IPv4', 'IPv6'],
  addresses: ['192.0.2.1'],
  clusterCIDRs: ['10.1.0.0/16'],
  podInterface: null,
  serviceCIDRs: ['10.96.0.0/16'],
  nodePortAddresses: null,
  localhostNodePorts: false,
  externalIPs: true,
  masqueradeAll: false,
  masqueradeBit: 14,
  tcpBeLiberal: false,
  nfacct: false,
  proxyName: '',
}

export const backend = (last: number): Backend => ({
  address: `10.1.${last >> 8}.${last & 255}`,
  port: 8080,
  weight: 1,
  pod: `shop/pod-${last}`,
  node: '',
})

/** A ClusterIP frontend `10.96.<index>:80` with backends `10.1.0.<n>`; none: refused. */
export const frontend = (index: number, backends: readonly number[], more: Partial<Frontend> = {}): Frontend => {
  const address = `10.96.${index >> 8}.${index & 255}`
  const protocol: Protocol = more.protocol ?? 'TCP'
  const route =
    backends.length > 0
      ? { to: 'backends' as const, set: 'cluster' as const, masquerade: false }
      : { to: 'reject' as const }
  return {
    key: `${address}:80/${protocol}`,
    kind: 'ClusterIP',
    family: 'IPv4',
    address,
    protocol,
    port: 80,
    service: `shop/web-${index}`,
    portName: '',
    clusterIP: { address, port: 80, policy: 'Cluster' },
    healthCheckNodePort: 0,
    scheduler: null,
    affinitySeconds: null,
    sourceRanges: null,
    sets: {
      cluster: backends.length > 0 ? { backends: [...backends].sort((a, b) => a - b).map(backend) } : null,
      local: null,
    },
    routes: { pods: route, node: route, outside: route },
    ...more,
  }
}
