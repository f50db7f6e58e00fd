import type { Backend, BackendSet, ClusterAccess, Frontend, Route, SourceClass } from '../model/frontend.ts'

/** The same to every plane. */
export const equalFrontends = (a: Frontend, b: Frontend): boolean =>
  a.key === b.key &&
  a.kind === b.kind &&
  a.service === b.service &&
  a.portName === b.portName &&
  equalAccess(a.clusterIP, b.clusterIP) &&
  a.healthCheckNodePort === b.healthCheckNodePort &&
  a.scheduler === b.scheduler &&
  a.affinitySeconds === b.affinitySeconds &&
  equalRanges(a.sourceRanges, b.sourceRanges) &&
  equalSets(a.sets.cluster, b.sets.cluster) &&
  equalSets(a.sets.local, b.sets.local) &&
  (a.routes === b.routes || sources.every((source) => equalRoutes(a.routes[source], b.routes[source])))

const equalAccess = (a: ClusterAccess, b: ClusterAccess): boolean =>
  a === b || (a.address === b.address && a.port === b.port && a.policy === b.policy)

const sources: readonly SourceClass[] = ['pods', 'node', 'outside']

const equalRoutes = (a: Route, b: Route): boolean => {
  if (a.to !== 'backends' || b.to !== 'backends') return a.to === b.to
  return a.set === b.set && a.masquerade === b.masquerade
}

const equalRanges = (a: readonly string[] | null, b: readonly string[] | null): boolean =>
  a === b || (a !== null && b !== null && a.length === b.length && a.every((range, i) => range === b[i]))

const equalSets = (a: BackendSet | null, b: BackendSet | null): boolean =>
  a === b ||
  (a !== null &&
    b !== null &&
    a.backends.length === b.backends.length &&
    a.backends.every((backend, i) => equalBackends(backend, b.backends[i] as Backend)))

const equalBackends = (a: Backend, b: Backend): boolean =>
  a === b ||
  (a.address === b.address && a.port === b.port && a.weight === b.weight && a.pod === b.pod && a.node === b.node)
