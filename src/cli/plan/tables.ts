import type { Route } from '../../model/frontend.ts'
import { formatEndpoint } from '../../model/address.ts'
import type { EndpointFate, Fate, PortExplanation } from '../../routing/explain.ts'
import type { FrontendReport, PlanReport, ServiceReport } from './report.ts'
import { formatTable } from '../text/table.ts'

/** Two tables: what clients dial, and which endpoints that leads to. Services without either come last, with the reason. */
export const planTables = (
  { services }: PlanReport,
  { wide, headers }: { readonly wide: boolean; readonly headers: boolean },
): string => {
  const header = (columns: readonly string[]): readonly string[] | null => (headers ? columns : null)
  const frontends = services.flatMap((service) => service.frontends.map((one) => frontendRow(service, one, wide)))
  const endpoints = services.flatMap((service) =>
    service.ports.flatMap((port) => port.endpoints.map((one) => endpointRow(service, port, one, wide))),
  )
  const others = services.flatMap(({ service, notServed }) => (notServed === null ? [] : [[service, notServed]]))
  return [
    formatTable(header([...frontendColumns, ...(wide ? wideFrontendColumns : [])]), frontends),
    formatTable(header([...endpointColumns, ...(wide ? wideEndpointColumns : [])]), endpoints),
    formatTable(header(['SERVICE', 'NOT SERVED HERE']), others),
  ]
    .filter((table) => table !== '')
    .join('\n')
}

const frontendColumns = ['SERVICE', 'FRONTEND', 'KIND', 'PODS', 'NODE', 'OUTSIDE']
const wideFrontendColumns = ['SCHEDULER', 'AFFINITY', 'SOURCE RANGES']

const frontendRow = ({ service }: ServiceReport, frontend: FrontendReport, wide: boolean): readonly string[] => {
  const { key, kind, routes, heldBy, scheduler, affinitySeconds, sourceRanges } = frontend
  const cells = [routes.pods, routes.node, routes.outside].map((route) =>
    heldBy === null ? routeCell(route, frontend) : `held by ${heldBy}`,
  )
  const row = [service, key, kind, ...cells]
  if (!wide) return row
  const affinity = affinitySeconds === null ? '-' : `${affinitySeconds}s`
  return [...row, scheduler ?? 'default', affinity, sourceRanges === null ? 'all' : sourceRanges.join(',')]
}

/** `cluster(3)`, `local(1) masquerade`, `reject` */
const routeCell = (route: Route, { sets }: FrontendReport): string => {
  if (route.to !== 'backends') return route.to
  return `${route.set}(${sets[route.set]?.backends.length ?? 0})${route.masquerade ? ' masquerade' : ''}`
}

const endpointColumns = ['SERVICE', 'PORT', 'ENDPOINT', 'NODE', 'CLUSTER', 'LOCAL']
const wideEndpointColumns = ['POD', 'ZONE', 'WEIGHT', 'TOPOLOGY']

const endpointRow = (
  { service }: ServiceReport,
  port: PortExplanation,
  endpoint: EndpointFate,
  wide: boolean,
): readonly string[] => {
  const { address, node, cluster, local, pod, zone, weight } = endpoint
  const where = endpoint.port === 0 ? address : formatEndpoint(address, endpoint.port)
  const row = [service, `${port.port}/${port.protocol}`, where, node || '-', fateCell(cluster), fateCell(local)]
  return wide ? [...row, pod || '-', zone || '-', `${weight}`, port.topology] : row
}

const reasons: { readonly [F in Fate]: string } = {
  ready: 'in: ready',
  'serving-terminating': 'in: still serving, nothing is ready',
  'weight-0': 'out: weight 0',
  'not-ready': 'out: not ready',
  terminating: 'out: terminating',
  'other-zone': 'out: hinted for another zone',
  'other-node': 'out: hinted for another node',
  'not-local': 'out: not on this node',
  duplicate: 'out: counted in another slice',
  'no-port': 'out: its slice lacks the port',
}

const fateCell = (fate: Fate): string => reasons[fate]
