import { serviceKey, type EndpointSlice, type Service, type ServiceKey } from '../model/objects.ts'
import type { NodeView } from '../model/node-view.ts'

/** What a cloud's load balancer asks this node: has the Service endpoints here? (`spec.healthCheckNodePort`) */
export interface HealthCheck {
  readonly service: ServiceKey
  readonly port: number
  /** distinct ready endpoints on this node, a dual-stack pod once */
  readonly localEndpoints: number
}

/** Only a LoadBalancer with externalTrafficPolicy Local is asked. */
export const asksForHealth = ({ type, externalTrafficPolicy }: Service): boolean =>
  type === 'LoadBalancer' && externalTrafficPolicy === 'Local'

export const healthCheckOf = (
  service: Service,
  slices: readonly EndpointSlice[],
  node: NodeView,
): HealthCheck | null => {
  if (!asksForHealth(service) || service.healthCheckNodePort === 0) return null
  const here = new Set<string>()
  for (const { endpoints } of slices) {
    for (const { ready, nodeName, pod, address } of endpoints) {
      if (ready && nodeName !== '' && nodeName === node.name) here.add(pod || address)
    }
  }
  return { service: serviceKey(service), port: service.healthCheckNodePort, localEndpoints: here.size }
}
