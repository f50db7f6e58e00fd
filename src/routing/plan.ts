import { familyOf } from '../model/address.ts'
import type { Backend, BackendSet, Frontend } from '../model/frontend.ts'
import type { NodeView } from '../model/node-view.ts'
import { serviceKey, type EndpointSlice, type Family, type Service, type TrafficPolicy } from '../model/objects.ts'
import type { InputProblem } from '../model/snapshot.ts'
import { candidatesOf, type Candidate } from './candidates.ts'
import { admitted, clusterFate, localFate, selectionFor } from './categorize.ts'
import type { Admission, Exclusion, Selection } from './categorize.ts'
import { externallyDialled, frontendOf, type Dialled, type FrontendParts } from './frontends.ts'
import { healthCheckOf, type HealthCheck } from './health.ts'
import { podCidrsOf } from './node-view.ts'
import { externalRoutes, internalRoutes, type RouteInput } from './routes.ts'
import { schedulerOf } from './scheduler.ts'

/** What one Service means on one node. */
export interface ServicePlan {
  /** keys are unique within the plan; other Services may claim them too (`Planner` settles that) */
  readonly frontends: readonly Frontend[]
  readonly healthCheck: HealthCheck | null
  readonly problems: readonly InputProblem[]
}

const nothing: ServicePlan = { frontends: [], healthCheck: null, problems: [] }

/** Pure. Services that another proxy serves, ExternalName and headless ones yield nothing. */
export const planService = (service: Service, slices: readonly EndpointSlice[], node: NodeView): ServicePlan => {
  if (!isServed(service, node)) return nothing
  const { scheduler, problem } = schedulerOf(service)
  const problems: InputProblem[] = problem ? [problem] : []
  const frontends = new Map<string, Frontend>()
  for (const { family, clusterIP } of familiesOf(service, node)) {
    service.ports.forEach((port, index) => {
      for (const frontend of planPort({ service, port, family, scheduler }, clusterIP, slices, node)) {
        const taken = frontends.get(frontend.key)
        if (taken) problems.push(claimedTwice(service, index, frontend, taken))
        else frontends.set(frontend.key, frontend)
      }
    })
  }
  return { frontends: [...frontends.values()], healthCheck: healthCheckOf(service, slices, node), problems }
}

export const isServed = (service: Service, node: NodeView): boolean =>
  service.proxyName === node.proxyName && service.type !== 'ExternalName' && !service.headless

/** A family in which the Service has no cluster IP is not served at all, external addresses included. */
export const familiesOf = (service: Service, node: NodeView): readonly { family: Family; clusterIP: string }[] =>
  node.families.flatMap((family) => {
    const clusterIP = service.clusterIPs.find((address) => familyOf(address) === family)
    return clusterIP === undefined ? [] : [{ family, clusterIP }]
  })

const planPort = (
  parts: FrontendParts,
  clusterIP: string,
  slices: readonly EndpointSlice[],
  node: NodeView,
): readonly Frontend[] => {
  const { service, port, family } = parts
  const { candidates } = candidatesOf(service, port, family, slices, node)
  const selection = selectionFor(candidates, node)
  const external = externallyDialled(service, port, family, node)
  const sets = setsOf(service, external.length > 0, candidates, selection, node)
  const input: Omit<RouteInput, 'policy'> = {
    ...sets,
    anywhere: selection.anywhere,
    masqueradeAll: node.masqueradeAll,
    podsKnown: podCidrsOf(node, family).length > 0,
  }
  const internal: Dialled = { kind: 'ClusterIP', address: clusterIP, port: port.port, sourceRanges: null }
  const inside = internalRoutes({ ...input, policy: service.internalTrafficPolicy })
  const planned = [frontendOf(parts, internal, inside, sets)]
  if (external.length === 0) return planned
  const outside = externalRoutes({ ...input, policy: externalPolicyOf(service) })
  for (const dialled of external) planned.push(frontendOf(parts, dialled, outside, sets))
  return planned
}

/** The API knows no external policy for a ClusterIP Service without external IPs, even if its status has an address. */
const externalPolicyOf = ({ type, externalIPs, externalTrafficPolicy }: Service): TrafficPolicy =>
  type === 'ClusterIP' && externalIPs.length === 0 ? 'Cluster' : externalTrafficPolicy

/** One set for each traffic policy that the ServicePort uses at all, shared by its frontends; empty ones are null. */
const setsOf = (
  service: Service,
  external: boolean,
  candidates: readonly Candidate[],
  selection: Selection,
  node: NodeView,
): { readonly cluster: BackendSet | null; readonly local: BackendSet | null } => {
  const usesCluster = service.internalTrafficPolicy === 'Cluster' || external
  const usesLocal = service.internalTrafficPolicy === 'Local' || (external && externalPolicyOf(service) === 'Local')
  return {
    cluster: usesCluster ? setOf(candidates, (candidate) => clusterFate(candidate, selection, node)) : null,
    local: usesLocal ? setOf(candidates, (candidate) => localFate(candidate, selection)) : null,
  }
}

const setOf = (
  candidates: readonly Candidate[],
  fate: (candidate: Candidate) => Admission | Exclusion,
): BackendSet | null => {
  const backends: Backend[] = []
  for (const candidate of candidates) if (admitted(fate(candidate))) backends.push(candidate.backend)
  return backends.length === 0 ? null : { backends }
}

const claimedTwice = (service: Service, index: number, frontend: Frontend, taken: Frontend): InputProblem => ({
  where: '',
  object: `Service ${serviceKey(service)}`,
  field: `spec.ports[${index}]`,
  message: `${frontend.key} (${frontend.kind}) is already the ${taken.kind} of port ${JSON.stringify(taken.portName)}; the first keeps it`,
})
