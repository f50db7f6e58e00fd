import { familyOf } from '../model/address.ts'
import type { NodeView } from '../model/node-view.ts'
import type { EndpointSlice, Family, Service, ServicePort } from '../model/objects.ts'

/** One port of a Service in one family, with all that this node knows of it: the unit that routing decides. */
export interface PortOnNode {
  readonly service: Service
  readonly port: ServicePort
  readonly family: Family
  readonly clusterIP: string
  readonly slices: readonly EndpointSlice[]
  readonly node: NodeView
}

/**
 * Nothing for Services that another proxy serves, ExternalName and headless ones. A family in which the Service has no
 * cluster IP is not served at all, external addresses included.
 */
export const portsOnNode = (
  service: Service,
  slices: readonly EndpointSlice[],
  node: NodeView,
): readonly PortOnNode[] => {
  if (whyNotServed(service, node) !== null) return []
  return node.families.flatMap((family) => {
    const clusterIP = service.clusterIPs.find((address) => familyOf(address) === family)
    if (clusterIP === undefined) return []
    return service.ports.map((port) => ({ service, port, family, clusterIP, slices, node }))
  })
}

/** Why a Service has no frontends on this node; null: it is served. */
export const whyNotServed = (service: Service, node: NodeView): string | null => {
  if (service.proxyName !== node.proxyName) {
    const owner = service.proxyName === '' ? 'the default proxy' : `proxy ${JSON.stringify(service.proxyName)}`
    return `it belongs to ${owner} (label service.kubernetes.io/service-proxy-name)`
  }
  if (service.type === 'ExternalName') return 'type ExternalName is a DNS alias'
  if (service.headless) return 'it is headless: clients find its endpoints by DNS'
  if (service.clusterIPs.length === 0) return 'it has no cluster IP'
  return service.ports.length === 0 ? 'it has no ports' : null
}
