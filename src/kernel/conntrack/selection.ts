import { addressBytes, familyOf } from '../../model/address.ts'
import type { Family } from '../../model/objects.ts'
import type { FlowFilter } from '../conntrack-types.ts'
import type { Flow } from './flow.ts'
import { protocolNumbers } from './wire.ts'

/** The filters of one family, for one pass over the table. */
export interface FlowSelection {
  readonly family: Family
  /** what all filters agree on, for the kernel to filter by; null: they differ. Bytes, numbers */
  readonly common: {
    readonly protocol: number | null
    readonly address: string | null
    readonly port: number | null
    /** only flows that are neither answered nor translated */
    readonly unanswered: boolean
  }
  wants(flow: Flow): boolean
}

interface Wanted {
  readonly protocol: number
  readonly address: string | null
  readonly port: number
  readonly backend: FlowFilter['backend']
}

/**
 * A pass over a table of 50,000 flows takes the kernel 22 ms when it can filter them, and us 200 ms when it cannot
 * (it then writes every flow out), so up to this many frontends have a pass each.
 */
const PASSES = 6

/**
 * Selections that together want what the filters want; each is one pass over the table. Unanswered flows are few and told apart by the
 * kernel: one pass looks for those of all frontends.
 */
export function selectFlows(filters: readonly FlowFilter[]): FlowSelection[] {
  return (['IPv4', 'IPv6'] as const).flatMap((family) => {
    const own = filters.filter((filter) => isOf(filter, family)).map(wantedOf)
    const unanswered = own.filter(({ backend }) => backend === 'unanswered')
    const sent = own.filter(({ backend }) => backend !== 'unanswered')
    const frontends = [...Map.groupBy(sent, frontendOf).values()]
    const passes = frontends.length <= PASSES ? frontends : [sent]
    if (unanswered.length > 0) passes.push(unanswered)
    return passes.map((pass) => ({ family, common: commonOf(pass), wants: matcher(pass) }))
  })
}

function isOf({ address, backend }: FlowFilter, family: Family): boolean {
  const known = address ?? (backend === 'unanswered' ? null : (backend?.address ?? null))
  return known === null || familyOf(known) === family
}

const wantedOf = ({ protocol, address, port, backend }: FlowFilter): Wanted => ({
  protocol: protocolNumbers[protocol],
  address: address === null ? null : addressBytes(address),
  port,
  backend:
    backend === null || backend === 'unanswered'
      ? backend
      : { address: addressBytes(backend.address), port: backend.port },
})

const frontendOf = ({ protocol, address, port }: Pick<Wanted, 'protocol' | 'address' | 'port'>): string =>
  `${protocol} ${port} ${address ?? ''}`

function commonOf(wanted: readonly Wanted[]): FlowSelection['common'] {
  const protocol = same(wanted.map((filter) => filter.protocol))
  const unanswered = wanted.every(({ backend }) => backend === 'unanswered')
  if (protocol === null) return { protocol, address: null, port: null, unanswered }
  const address = same(wanted.map((filter) => filter.address))
  return { protocol, address, port: same(wanted.map(({ port }) => port)), unanswered }
}

const same = <T>(values: readonly T[]): T | null =>
  values.every((value) => value === values[0]) ? (values[0] ?? null) : null

/** Filters by frontend, so that a flow meets only those few that may want it. */
function matcher(wanted: readonly Wanted[]): (flow: Flow) => boolean {
  const byFrontend = Map.groupBy(wanted, frontendOf)
  const wants = (flow: Flow, address: string | null): boolean =>
    byFrontend
      .get(frontendOf({ protocol: flow.protocol, address, port: flow.destinationPort }))
      ?.some(({ backend }) => isSentTo(backend, flow)) ?? false
  return (flow) => wants(flow, flow.destination) || wants(flow, null)
}

function isSentTo(backend: Wanted['backend'], flow: Flow): boolean {
  if (backend === null) return true
  if (backend !== 'unanswered') return backend.address === flow.answerer && backend.port === flow.answererPort
  return !flow.answered && flow.answerer === flow.destination && flow.answererPort === flow.destinationPort
}
