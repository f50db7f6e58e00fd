import { addressBytes, familyOf } from '../../model/address.ts'
import type { Family } from '../../model/objects.ts'
import type { FlowFilter } from '../conntrack-types.ts'
import type { Flow } from './flow.ts'
import { protocolNumbers } from './wire.ts'

/** The filters of one family, for one pass over the table. */
export interface FlowSelection {
  readonly family: Family
  /** what all filters agree on, for the kernel to filter by; null: they differ. Bytes, numbers */
  readonly common: { readonly protocol: number | null; readonly address: string | null; readonly port: number | null }
  wants(flow: Flow): boolean
}

interface Wanted {
  readonly protocol: number
  readonly address: string | null
  readonly port: number
  readonly backend: { readonly address: string; readonly port: number } | null
}

/**
 * A pass over a table of 50,000 flows takes the kernel 22 ms when it can filter them, and us 200 ms when it cannot
 * (it then writes every flow out), so up to this many frontends have a pass each.
 */
const PASSES = 6

/** Selections that together want what the filters want; each is one pass over the table. */
export function selectFlows(filters: readonly FlowFilter[]): FlowSelection[] {
  return (['IPv4', 'IPv6'] as const).flatMap((family) => {
    const wanted = filters.filter((filter) => isOf(filter, family)).map(wantedOf)
    const frontends = [
      ...Map.groupBy(wanted, ({ protocol, address, port }) => `${protocol} ${port} ${address}`).values(),
    ]
    const passes = frontends.length <= PASSES ? frontends : [wanted]
    return passes.map((pass) => ({ family, common: commonOf(pass), wants: matcher(pass) }))
  })
}

function isOf({ address, backend }: FlowFilter, family: Family): boolean {
  const known = address ?? backend?.address ?? null
  return known === null || familyOf(known) === family
}

const wantedOf = ({ protocol, address, port, backend }: FlowFilter): Wanted => ({
  protocol: protocolNumbers[protocol],
  address: address === null ? null : addressBytes(address),
  port,
  backend: backend === null ? null : { address: addressBytes(backend.address), port: backend.port },
})

function commonOf(wanted: readonly Wanted[]): FlowSelection['common'] {
  const protocol = same(wanted.map((filter) => filter.protocol))
  if (protocol === null) return { protocol, address: null, port: null }
  return { protocol, address: same(wanted.map(({ address }) => address)), port: same(wanted.map(({ port }) => port)) }
}

const same = <T>(values: readonly T[]): T | null =>
  values.every((value) => value === values[0]) ? (values[0] ?? null) : null

/** Filters by protocol and port, so that a flow meets only those few that may want it. */
function matcher(wanted: readonly Wanted[]): (flow: Flow) => boolean {
  const byPort = Map.groupBy(wanted, ({ protocol, port }) => (protocol << 16) | port)
  return (flow) =>
    byPort.get((flow.protocol << 16) | flow.destinationPort)?.some((filter) => matches(filter, flow)) ?? false
}

const matches = ({ address, backend }: Wanted, flow: Flow): boolean =>
  (address === null || address === flow.destination) &&
  (backend === null || (backend.address === flow.answerer && backend.port === flow.answererPort))
