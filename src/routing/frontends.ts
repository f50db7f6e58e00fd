import { familyOf, formatEndpoint, inCidr } from '../model/address.ts'
import type { ClusterAccess, Frontend, FrontendKey, FrontendKind, Route, SchedulerName } from '../model/frontend.ts'
import type { NodeView } from '../model/node-view.ts'
import { serviceKey, type Family, type Protocol, type Service, type ServicePort } from '../model/objects.ts'
import { asksForHealth } from './health.ts'
import { addressesOf } from './node-view.ts'
import type { Routes } from './routes.ts'
import type { PortOnNode } from './service-port.ts'

export const frontendKey = (family: Family, address: string | null, protocol: Protocol, port: number): FrontendKey =>
  address === null
    ? `${family === 'IPv4' ? 'node' : 'node6'}:${port}/${protocol}`
    : `${formatEndpoint(address, port)}/${protocol}`

/** Where clients dial a ServicePort in one family. */
export interface Dialled {
  readonly kind: FrontendKind
  readonly address: string | null
  readonly port: number
  readonly sourceRanges: readonly string[] | null
}

/** Reachable from outside the cluster by node port, external IP or load balancer address. */
export const externallyDialled = ({ service, port, family, node }: PortOnNode): readonly Dialled[] => {
  const externalIPs = node.externalIPs ? service.externalIPs : noAddresses
  if (port.nodePort === 0 && service.loadBalancerIngress.length === 0 && externalIPs.length === 0) return nowhere
  const dialled: Dialled[] = []
  if (port.nodePort !== 0) dialled.push({ kind: 'NodePort', address: null, port: port.nodePort, sourceRanges: null })
  const balancers = balancerAddresses(service, family)
  for (const address of balancers) {
    const sourceRanges = sourceRangesOf(service, family, balancers, node)
    dialled.push({ kind: 'LoadBalancer', address, port: port.port, sourceRanges })
  }
  // an external IP that is also a load balancer's address stays under its source ranges
  for (const address of new Set(externalIPs)) {
    if (familyOf(address) !== family || balancers.includes(address)) continue
    dialled.push({ kind: 'ExternalIP', address, port: port.port, sourceRanges: null })
  }
  return dialled
}

const nowhere: readonly Dialled[] = []
const noAddresses: readonly string[] = []

/** KEP-1860: under ipMode Proxy the balancer itself must see the traffic. */
const balancerAddresses = (service: Service, family: Family): readonly string[] => {
  if (service.loadBalancerIngress.length === 0) return noAddresses
  const virtual = service.loadBalancerIngress.filter(({ ip, ipMode }) => ipMode === 'VIP' && familyOf(ip) === family)
  return [...new Set(virtual.map(({ ip }) => ip))]
}

/**
 * Ranges of the other family alone restrict nobody, as in kube-proxy. Where the balancer's address is the node's too, the
 * node's own packets to it carry it as their source: allowed where the node is.
 */
const sourceRangesOf = (
  service: Service,
  family: Family,
  balancers: readonly string[],
  node: NodeView,
): readonly string[] | null => {
  const ranges = service.loadBalancerSourceRanges.filter((cidr) => familyOf(cidr) === family)
  if (ranges.length === 0) return null
  const primary = addressesOf(node, family)[0]
  if (primary === undefined || !ranges.some((cidr) => inCidr(primary, cidr))) return ranges
  return [...ranges, ...balancers.map((address) => `${address}/${family === 'IPv4' ? 32 : 128}`)]
}

/** What all frontends of a ServicePort in one family share. */
export interface FrontendParts {
  readonly service: Service
  readonly port: ServicePort
  readonly family: Family
  readonly clusterIP: ClusterAccess
  readonly scheduler: SchedulerName | null
  readonly sets: Frontend['sets']
}

export const frontendOf = (
  { service, port, family, clusterIP, scheduler, sets }: FrontendParts,
  dialled: Dialled,
  routes: Routes,
): Frontend => ({
  key: frontendKey(family, dialled.address, port.protocol, dialled.port),
  kind: dialled.kind,
  family,
  address: dialled.address,
  protocol: port.protocol,
  port: dialled.port,
  service: serviceKey(service),
  portName: port.name,
  clusterIP,
  healthCheckNodePort: asksForHealth(service) ? service.healthCheckNodePort : 0,
  scheduler,
  affinitySeconds: service.affinitySeconds,
  sourceRanges: dialled.sourceRanges,
  sets: usedSets(routes, sets),
  routes,
})

const noSets: Frontend['sets'] = { cluster: null, local: null }

const usedSets = (routes: Routes, sets: Frontend['sets']): Frontend['sets'] => {
  const cluster = uses(routes, 'cluster') ? sets.cluster : null
  const local = uses(routes, 'local') ? sets.local : null
  if (cluster === null && local === null) return noSets
  return cluster === sets.cluster && local === sets.local ? sets : { cluster, local }
}

const uses = ({ pods, node, outside }: Routes, set: 'cluster' | 'local'): boolean =>
  leadsTo(pods, set) || leadsTo(node, set) || leadsTo(outside, set)

const leadsTo = (route: Route, set: 'cluster' | 'local'): boolean => route.to === 'backends' && route.set === set
