/** What an Event is about. */
export interface Regarding {
  readonly kind: 'Service' | 'EndpointSlice' | 'Node'
  /** '' of a Node */
  readonly namespace: string
  readonly name: string
}

/**
 * Why an Event is sent, as `kubectl get events` shows it. `FailedToStartServiceHealthcheck` is kube-proxy's own word
 * (pkg/proxy/healthcheck/service_health.go).
 */
export type Reason =
  | 'InvalidObject'
  | 'InvalidAnnotation'
  | 'FrontendContested'
  | 'NotSupportedByPlane'
  | 'FrontendNotInForce'
  | 'FailedToStartServiceHealthcheck'
  | 'EndpointsHeldByBrake'

/** Something wrong that an object's owner must know, as long as it holds. */
export interface Fact {
  readonly regarding: Regarding
  readonly reason: Reason
  /** what was attempted, e.g. `Plan`; at most 128 bytes */
  readonly action: string
  /** every node finds the same from the same objects, or this node speaks for itself */
  readonly scope: 'cluster' | 'node'
  /** what else makes it this fact and no other: a fact with other words but the same identity is told once */
  readonly identity: string
  /** one line */
  readonly note: string
}

export const factKey = ({ regarding: { kind, namespace, name }, reason, identity }: Fact): string =>
  [kind, namespace, name, reason, identity].join('\0')
