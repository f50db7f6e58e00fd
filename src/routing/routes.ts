import type { BackendSet, Frontend, Route } from '../model/frontend.ts'
import type { TrafficPolicy } from '../model/objects.ts'

/** Everything a frontend's routes depend on. Empty sets are null. */
export interface RouteInput {
  readonly policy: TrafficPolicy
  readonly cluster: BackendSet | null
  readonly local: BackendSet | null
  /** `Selection.anywhere` */
  readonly anywhere: boolean
  readonly masqueradeAll: boolean
  /** pods of this family can be told from strangers */
  readonly podsKnown: boolean
}

export type Routes = Frontend['routes']

const reject: Route = { to: 'reject' }
const drop: Route = { to: 'drop' }
const refused: Routes = { pods: reject, node: reject, outside: reject }
const dropped: Routes = { pods: drop, node: drop, outside: drop }

const backends = {
  cluster: {
    plain: { to: 'backends', set: 'cluster', masquerade: false },
    masqueraded: { to: 'backends', set: 'cluster', masquerade: true },
  },
  local: {
    plain: { to: 'backends', set: 'local', masquerade: false },
    masqueraded: { to: 'backends', set: 'local', masquerade: true },
  },
} as const satisfies Record<string, Record<string, Route>>

/** A ClusterIP: strangers are masqueraded (a static route may bring them here), pods only with masqueradeAll. */
export const internalRoutes = (input: RouteInput): Routes => {
  if (!input.anywhere) return refused
  const set = input.policy === 'Local' ? 'local' : 'cluster'
  if (input[set] === null) return dropped
  const { plain, masqueraded } = backends[set]
  const stranger = input.masqueradeAll || input.podsKnown ? masqueraded : plain
  return { pods: input.masqueradeAll ? masqueraded : plain, node: stranger, outside: stranger }
}

/**
 * NodePort, external IP, load balancer. Under policy Local only the outside is held to it: pods and the node take a short
 * circuit to the cluster set, as if they had gone out to the balancer and come back anywhere.
 */
export const externalRoutes = (input: RouteInput): Routes => {
  if (!input.anywhere) return refused
  const everywhere = backends.cluster
  if (input.policy === 'Cluster') {
    return { pods: everywhere.masqueraded, node: everywhere.masqueraded, outside: everywhere.masqueraded }
  }
  const outside = input.local === null ? drop : backends.local.plain
  return { pods: input.podsKnown ? everywhere.plain : outside, node: everywhere.masqueraded, outside }
}
