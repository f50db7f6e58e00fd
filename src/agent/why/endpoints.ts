import { formatEndpoint } from '../../model/address.ts'
import type { Frontend } from '../../model/frontend.ts'
import type { Service } from '../../model/objects.ts'
import type { EndpointFate, PortExplanation } from '../../routing/explain.ts'
import { endpointId, fateOf, isIn } from './endpoint-states.ts'
import type { ServiceHistory } from './history.ts'
import { type Leads, plannedLeads, sources } from './in-force.ts'
import type { EndpointReason, EndpointReasons, FrontendReasons } from './report.ts'

/** A frontend of the asked Service, what is to be said of it, and where it leads in the kernel. */
export interface FrontendNow {
  readonly planned: Frontend
  readonly told: FrontendReasons
  /** null: it cannot be told */
  readonly leads: Leads | null
}

export const endpointReasons = (
  service: Service,
  port: PortExplanation,
  endpoint: EndpointFate,
  { frontends, history }: { readonly frontends: readonly FrontendNow[]; readonly history: ServiceHistory },
): EndpointReasons => {
  const { address, pod, node, zone, weight, cluster, local } = endpoint
  const name = formatEndpoint(address, endpoint.port)
  const own = frontends.filter(
    ({ planned }) =>
      planned.family === port.family && planned.portName === port.name && planned.protocol === port.protocol,
  )
  // of several entries for one endpoint the first counts
  const counts = cluster !== 'duplicate' && endpoint.port !== 0
  const through = counts ? own.flatMap((frontend) => leadsTo(frontend, name)) : []
  const traffic = through.length === 0 ? 'no' : isLedEverywhere(own, through) ? 'yes' : 'some'
  return {
    endpoint: name,
    address,
    port: endpoint.port,
    servicePort: port.port,
    portName: port.name,
    protocol: port.protocol,
    family: port.family,
    pod,
    node,
    zone,
    weight,
    traffic,
    reason: reasonFor(fateOf(service, endpoint), { name, traffic, frontends: own }),
    cluster,
    local,
    through,
    since: counts ? (history.changes.get(endpointId(port, endpoint)) ?? null) : null,
  }
}

type Through = EndpointReasons['through'][number]

/** Where the kernel cannot be asked, what is planned is no lie as long as it says so. */
const leadsTo = ({ planned, leads }: FrontendNow, endpoint: string): Through[] => {
  const clients = sources.filter((source) => leads?.get(source)?.has(endpoint))
  return clients.length > 0 ? [{ frontend: planned.key, clients }] : []
}

/** Is it led to for all clients of all frontends that lead to backends at all? */
const isLedEverywhere = (frontends: readonly FrontendNow[], through: readonly Through[]): boolean =>
  frontends.every(({ planned, leads }) => {
    const served = sources.filter((source) => (leads?.get(source)?.size ?? 0) > 0)
    const own = through.find(({ frontend }) => frontend === planned.key)
    return served.every((source) => own?.clients.includes(source))
  })

interface Seen {
  readonly name: string
  readonly traffic: EndpointReasons['traffic']
  readonly frontends: readonly FrontendNow[]
}

/** The fate in the plan, unless the kernel does otherwise: then why it does. */
const reasonFor = (fate: EndpointReasons['cluster'], { name, traffic, frontends }: Seen): EndpointReason => {
  const wanted = frontends.some(({ planned }) => [...plannedLeads(planned).values()].some((leads) => leads.has(name)))
  const has = traffic !== 'no'
  const delayed = frontends.find(({ told }) => told.state !== 'in-force' && told.state !== 'refused')
  if (wanted === has) {
    if (traffic === 'some' && delayed) return stateReason(delayed)
    return traffic === 'some' && isIn(fate) ? 'policy' : fate
  }
  const cause = delayed ?? frontends.find(({ told }) => told.state === 'refused')
  return cause ? stateReason(cause) : fate
}

const stateReason = ({ told }: FrontendNow): EndpointReason => (told.state === 'in-force' ? 'pending' : told.state)
