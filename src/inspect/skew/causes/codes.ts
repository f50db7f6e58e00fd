/** Every cause there is, in the order of docs/causes/README.md. Codes are stable: scripts name them, and each has a page. */
export const causes = {
  weights: 'the rules give the pods different odds, because they have different weights',
  'local-traffic-policy': 'traffic policy Local: each node uses its own pods only, and nodes have unequally many',
  'topology-hints': 'topology hints: each zone uses its own pods only, and zones have unequally many',
  'stale-rules': 'rules of some nodes are behind the endpoints, or differ between nodes',
  'unready-pods': 'pods that are not ready, or are terminating, get no new connections',
  bypass: 'connections that do not go through the proxy: headless, a mesh, pods dialled directly',
  'young-pods': 'pods that are younger than the connections: those could not choose them',
  'same-start': 'the round robin (or least connection) of every node begins at the same pod',
  affinity: 'few clients, each kept on one pod by affinity or a hash',
  'shared-address': 'many clients behind one address, which affinity or a hash keeps on one pod',
  'heavy-client': 'one client makes most of the load',
  'connection-reuse': 'one connection carries many requests (HTTP/2, gRPC, keep-alive)',
  'few-connections': 'so few long-lived connections that luck does not even them out',
  'round-robin-lifetimes': 'round robin dealt connections evenly, and some live longer',
  'round-robin': 'counted out one by one: more even than luck',
  unexplained: 'nothing that the data can tell',
} as const satisfies Readonly<Record<string, string>>

export type CauseCode = keyof typeof causes

/** One that was found. */
export type NamedCause = Exclude<CauseCode, 'unexplained'>

/** In the order of docs/causes/README.md. */
export const causeCodes = Object.keys(causes) as readonly CauseCode[]

/** Relative to the repository. */
export const causePage = (code: CauseCode): string => `docs/causes/${code}.md`
