import { compareAddresses } from '../../model/address.ts'
import type { Frontend } from '../../model/frontend.ts'
import { serviceKey, type Service, type ServiceKey } from '../../model/objects.ts'
import type { InputProblem, Snapshot } from '../../model/snapshot.ts'
import { explainService, type PortExplanation } from '../../routing/explain.ts'
import { planService } from '../../routing/plan.ts'
import type { HealthCheck } from '../../routing/health.ts'
import { whyNotServed } from '../../routing/service-port.ts'
import type { Planned } from '../options/planned.ts'

/** `evenkeel plan -o json`: sorted by Service, then as the Service has its ports. Documented in docs/json.md. */
export interface PlanReport {
  readonly node: string
  readonly services: readonly ServiceReport[]
  readonly problems: readonly InputProblem[]
}

export interface ServiceReport {
  readonly service: ServiceKey
  /** why this node has no frontends of it; null: it has */
  readonly notServed: string | null
  readonly frontends: readonly FrontendReport[]
  readonly healthCheck: Pick<HealthCheck, 'port' | 'localEndpoints'> | null
  readonly ports: readonly PortExplanation[]
}

export interface FrontendReport {
  readonly key: string
  readonly kind: Frontend['kind']
  readonly family: Frontend['family']
  readonly address: string | null
  readonly protocol: Frontend['protocol']
  readonly port: number
  readonly portName: string
  /** another Service that claims the same and keeps it; null: it is this Service's */
  readonly heldBy: ServiceKey | null
  readonly scheduler: Frontend['scheduler']
  readonly affinitySeconds: number | null
  readonly sourceRanges: readonly string[] | null
  readonly routes: Frontend['routes']
  readonly sets: Frontend['sets']
}

export interface ServiceSelection {
  readonly namespace?: string
  readonly allNamespaces?: boolean
}

/** Throws where a named Service does not exist. */
export const selectServices = (
  snapshot: Snapshot,
  names: readonly string[],
  { namespace, allNamespaces = false }: ServiceSelection,
): readonly Service[] => {
  const all = [...snapshot.services()].sort((a, b) => (serviceKey(a) < serviceKey(b) ? -1 : 1))
  if (names.length === 0) return all.filter((service) => namespace === undefined || service.namespace === namespace)
  const wanted = names.map((name) => {
    const bare = name.replace(/^(services?|svc)\//, '')
    const key = bare.includes('/') ? bare : `${namespace ?? 'default'}/${bare}`
    const found = all.filter((one) =>
      allNamespaces && !bare.includes('/') ? one.name === bare : serviceKey(one) === key,
    )
    if (found.length === 0) throw new Error(`no Service ${allNamespaces ? bare : key} among the objects`)
    return found
  })
  const chosen = new Set(wanted.flat())
  return all.filter((service) => chosen.has(service))
}

export const planReport = (planned: Planned, services: readonly Service[]): PlanReport => ({
  node: planned.node.name,
  services: services.map((service) => serviceReport(planned, service)),
  problems: planned.problems,
})

const serviceReport = ({ snapshot, node, planner }: Planned, service: Service): ServiceReport => {
  const key = serviceKey(service)
  const slices = snapshot.slicesOf(key)
  const { frontends, healthCheck } = planService(service, slices, node)
  return {
    service: key,
    notServed: whyNotServed(service, node),
    frontends: [...frontends].sort(byKind).map((frontend) => {
      const holder = planner.frontends.get(frontend.key)?.service ?? key
      return frontendReport(frontend, holder === key ? null : holder)
    }),
    healthCheck: healthCheck && { port: healthCheck.port, localEndpoints: healthCheck.localEndpoints },
    ports: explainService(service, slices, node),
  }
}

const kinds: readonly Frontend['kind'][] = ['ClusterIP', 'ExternalIP', 'LoadBalancer', 'NodePort']

const byKind = (a: Frontend, b: Frontend): number =>
  kinds.indexOf(a.kind) - kinds.indexOf(b.kind) ||
  (a.address === null || b.address === null ? 0 : compareAddresses(a.address, b.address)) ||
  a.port - b.port ||
  (a.key < b.key ? -1 : 1)

const frontendReport = (frontend: Frontend, heldBy: ServiceKey | null): FrontendReport => {
  const { key, kind, family, address, protocol, port, portName } = frontend
  const { scheduler, affinitySeconds, sourceRanges, routes, sets } = frontend
  const head = { key, kind, family, address, protocol, port, portName, heldBy }
  return { ...head, scheduler, affinitySeconds, sourceRanges, routes, sets }
}
