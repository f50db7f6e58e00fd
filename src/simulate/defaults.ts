import { addressText } from './address.ts'
import type {
  ClientGroup,
  Duration,
  LoadBalancer,
  NodeSpec,
  PodSpec,
  PodTemplate,
  Policy,
  Probe,
  Requests,
  Scenario,
  Scheduler,
  Traffic,
} from './model.ts'

export const fixed = (seconds: number): Duration => ({ kind: 'fixed', seconds })
export const exponential = (mean: number): Duration => ({ kind: 'exponential', mean })
export const forever: Duration = { kind: 'forever' }

/** Kubernetes' own. */
export const defaultProbe: Probe = { periodSeconds: 10, successThreshold: 1, failureThreshold: 3 }

export const defaultTemplate: PodTemplate = {
  weight: 1,
  capacity: Number.POSITIVE_INFINITY,
  cost: 1,
  startup: fixed(0),
  probe: null,
  lameDuckSeconds: 0,
  graceSeconds: 30,
  drain: 'cut',
}

export const defaultRequests: Requests = {
  perSecond: 1,
  perConnection: 0,
  spacing: 'poisson',
  bytes: 1,
  duration: exponential(0.01),
}

export const defaultLoadBalancer: LoadBalancer = {
  mode: 'instance',
  scheduler: 'rr',
  externalTrafficPolicy: 'Cluster',
  instances: 1,
  keepsSource: false,
  lag: fixed(0),
}

/** A policy named after its scheduler, with every default but the `changes`. */
export const policyOf = (scheduler: Scheduler, changes: Partial<Policy> = {}): Policy => ({
  name: scheduler,
  scheduler,
  order: 'fixed',
  counts: 'node',
  affinitySeconds: null,
  maxAgeSeconds: null,
  maxAgeJitter: 0.1,
  maxRequests: null,
  slowStartSeconds: 0,
  internalTrafficPolicy: 'Cluster',
  trafficDistribution: null,
  loadBalancer: null,
  ...changes,
})

/** `node-0` … without lag or zones. */
export const nodesOf = (count: number, changes: Partial<NodeSpec> = {}): NodeSpec[] =>
  Array.from({ length: count }, (_, i) => ({ name: `node-${i}`, zone: null, lag: fixed(0), ...changes }))

/** The address a pod has when none is given: 10.244.<node>.<n>, upwards where a node or n passes 255. */
export const podAddress = (node: number, n: number): string => addressText(0x0af40000 + node * 256 + 1 + n)

/** `pod-0` … on the nodes in turn, there from the beginning. */
export const podsOf = (count: number, nodes: number, changes: Partial<PodSpec> = {}): PodSpec[] =>
  Array.from({ length: count }, (_, i) => ({
    ...defaultTemplate,
    name: `pod-${i}`,
    node: i % nodes,
    address: podAddress(i % nodes, Math.floor(i / nodes)),
    startsAt: Number.NEGATIVE_INFINITY,
    ...changes,
  }))

/** A group on these nodes, one address per client, one request per second (per connection with arrivals). */
export const clientsOf = (
  name: string,
  count: number,
  nodes: readonly number[],
  traffic: Traffic,
  changes: Partial<ClientGroup> = {},
): ClientGroup => ({
  name,
  count,
  nodes,
  clientsPerAddress: 1,
  address: '',
  traffic,
  requests: traffic.kind === 'arrivals' ? { ...defaultRequests, perSecond: 0, perConnection: 1 } : defaultRequests,
  startsAt: Number.NEGATIVE_INFINITY,
  startSpreadSeconds: 0,
  stopsAt: Number.POSITIVE_INFINITY,
  ...changes,
})

/** The rest of a scenario: sixty samples, nothing before 0, open connections measured. */
export const scenarioOf = (
  parts: Pick<Scenario, 'nodes' | 'pods' | 'clients' | 'policy' | 'seconds'> & Partial<Scenario>,
): Scenario => ({
  name: 'scenario',
  warmUpSeconds: 0,
  sampleSeconds: parts.seconds / 60,
  measure: 'open',
  evenLimit: 1.25,
  events: [],
  ...parts,
})
