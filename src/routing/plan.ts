import type { Backend, BackendSet, Frontend, SchedulerName } from '../model/frontend.ts'
import type { NodeView } from '../model/node-view.ts'
import { serviceKey, type EndpointSlice, type Service, type TrafficPolicy } from '../model/objects.ts'
import type { InputProblem } from '../model/snapshot.ts'
import { candidatesOf, type Candidate } from './candidates.ts'
import { admitted, clusterFate, localFate, selectionFor } from './categorize.ts'
import type { Admission, Exclusion, Selection } from './categorize.ts'
import { externallyDialled, frontendOf, type Dialled } from './frontends.ts'
import { healthCheckOf, type HealthCheck } from './health.ts'
import { podsKnown } from './node-view.ts'
import { externalRoutes, internalRoutes, type RouteInput } from './routes.ts'
import { schedulerOf } from './scheduler.ts'
import { portsOnNode, type PortOnNode } from './service-port.ts'

/** What one Service means on one node. */
export interface ServicePlan {
  /** keys are unique within the plan; other Services may claim them too (`Planner` settles that) */
  readonly frontends: readonly Frontend[]
  readonly healthCheck: HealthCheck | null
  readonly problems: readonly InputProblem[]
}

const nothing: ServicePlan = { frontends: [], healthCheck: null, problems: [] }

/** Pure. A Service that is not served here (`whyNotServed`) yields nothing. */
export const planService = (service: Service, slices: readonly EndpointSlice[], node: NodeView): ServicePlan => {
  const ports = portsOnNode(service, slices, node)
  if (ports.length === 0) return nothing
  const { scheduler, problem } = schedulerOf(service)
  const problems: InputProblem[] = problem ? [problem] : []
  const frontends = new Map<string, Frontend>()
  for (const at of ports) {
    for (const frontend of planPort(at, scheduler)) {
      const taken = frontends.get(frontend.key)
      if (taken) problems.push(claimedTwice(at, frontend, taken))
      else frontends.set(frontend.key, frontend)
    }
  }
  return { frontends: [...frontends.values()], healthCheck: healthCheckOf(service, slices, node), problems }
}

const planPort = (at: PortOnNode, scheduler: SchedulerName | null): readonly Frontend[] => {
  const { service, port, family, clusterIP, node } = at
  const { candidates } = candidatesOf(at)
  const selection = selectionFor(candidates, node)
  const external = externallyDialled(at)
  const sets = setsOf(at, external.length > 0, candidates, selection)
  const input: Omit<RouteInput, 'policy'> = {
    ...sets,
    anywhere: selection.anywhere,
    masqueradeAll: node.masqueradeAll,
    podsKnown: podsKnown(node, family),
  }
  const access = { address: clusterIP, port: port.port, policy: service.internalTrafficPolicy }
  const parts = { service, port, family, clusterIP: access, scheduler, sets }
  const internal: Dialled = { kind: 'ClusterIP', address: clusterIP, port: port.port, sourceRanges: null }
  const planned = [frontendOf(parts, internal, internalRoutes({ ...input, policy: service.internalTrafficPolicy }))]
  if (external.length === 0) return planned
  const routes = externalRoutes({ ...input, policy: externalPolicyOf(service) })
  for (const dialled of external) planned.push(frontendOf(parts, dialled, routes))
  return planned
}

/** The API knows no external policy for a ClusterIP Service without external IPs, even if its status has an address. */
const externalPolicyOf = ({ type, externalIPs, externalTrafficPolicy }: Service): TrafficPolicy =>
  type === 'ClusterIP' && externalIPs.length === 0 ? 'Cluster' : externalTrafficPolicy

/** One set for each traffic policy that the ServicePort uses at all, shared by its frontends; empty ones are null. */
const setsOf = (
  { service, node }: PortOnNode,
  external: boolean,
  candidates: readonly Candidate[],
  selection: Selection,
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

const claimedTwice = ({ service, port }: PortOnNode, frontend: Frontend, taken: Frontend): InputProblem => ({
  where: '',
  object: `Service ${serviceKey(service)}`,
  field: `spec.ports[${service.ports.indexOf(port)}]`,
  message: `${frontend.key} (${frontend.kind}) is already the ${taken.kind} of port ${JSON.stringify(taken.portName)}; the first keeps it`,
})
