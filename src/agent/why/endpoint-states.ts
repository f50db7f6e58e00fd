import { formatEndpoint } from '../../model/address.ts'
import type { Frontend } from '../../model/frontend.ts'
import type { Service } from '../../model/objects.ts'
import type { EndpointFate, Fate, PortExplanation } from '../../routing/explain.ts'
import type { EndpointChange } from './trail.ts'

/** What is known of an endpoint whose story cannot be told from the present alone. */
export interface EndpointState<C> {
  readonly fate: Fate
  /** `80/TCP` */
  readonly port: string
  readonly pod: string
  /** the change that made it so; null: it was so when it was first looked at */
  readonly change: C | null
}

/** The endpoints of one Service that are not simply in, or that changed: one in since before anybody looked takes no memory. */
export type EndpointStates<C> = Map<string, EndpointState<C>>

/** `family port-name protocol endpoint` */
export const endpointId = ({ family, name, protocol }: PortExplanation, { address, port }: EndpointFate): string =>
  `${family} ${name} ${protocol} ${formatEndpoint(address, port)}`

/** The fate that counts: under policy Local where the Service uses no other. */
export const fateOf = (service: Service, { cluster, local }: EndpointFate): Fate =>
  service.internalTrafficPolicy === 'Local' && service.externalTrafficPolicy === 'Local' ? local : cluster

export const isIn = (fate: Fate): boolean => fate === 'ready' || fate === 'serving-terminating'

/** Where frontends lead, by endpoint. */
export type Served = ReadonlyMap<string, { readonly pod: string; readonly port: string }>

export const servedBy = (frontends: Iterable<Frontend>): Served => {
  const served = new Map<string, { readonly pod: string; readonly port: string }>()
  for (const { family, portName, protocol, port, kind, sets } of frontends) {
    for (const set of [sets.cluster, sets.local]) {
      for (const { address, port: number, pod } of set?.backends ?? []) {
        const id = `${family} ${portName} ${protocol} ${formatEndpoint(address, number)}`
        // the number of a node port is not that of the Service's port
        if (kind !== 'NodePort' || !served.has(id)) served.set(id, { pod, port: `${port}/${protocol}` })
      }
    }
  }
  return served
}

export interface Look<C> {
  readonly service: Service | undefined
  readonly explained: readonly PortExplanation[]
  /** what the frontends that changed led to, and lead to */
  readonly before: Served
  readonly after: Served
  /** nobody looked at this Service yet, so what is out may have been out for long */
  readonly isFirst: boolean
  readonly change: C
}

/** Takes over how the endpoints of a Service are now, and answers which changed. */
export const lookAgain = <C>(states: EndpointStates<C>, look: Look<C>): readonly EndpointChange[] => {
  const changes: EndpointChange[] = []
  const present = new Set<string>()
  for (const explanation of look.explained) {
    const port = `${explanation.port}/${explanation.protocol}`
    for (const endpoint of explanation.endpoints) {
      const id = endpointId(explanation, endpoint)
      if (look.service === undefined || present.has(id)) continue
      present.add(id)
      const fate = fateOf(look.service, endpoint)
      const { pod } = endpoint
      const before = fateBefore(states, id, fate, look)
      if (before !== fate) {
        states.set(id, { fate, port, pod, change: look.change })
        changes.push({ endpoint: formatEndpoint(endpoint.address, endpoint.port), port, pod, before, after: fate })
      } else if (!states.has(id) && fate !== 'ready') {
        states.set(id, { fate, port, pod, change: null })
      }
    }
  }
  return [...changes, ...gone(states, look.before, present)]
}

const fateBefore = <C>(
  states: EndpointStates<C>,
  id: string,
  now: Fate,
  { before, after, isFirst }: Look<C>,
): EndpointChange['before'] => {
  const known = states.get(id)
  if (known) return known.fate
  if (before.has(id)) return isIn(now) ? now : 'ready'
  if (isIn(now)) return after.has(id) ? (isFirst ? 'unknown' : 'absent') : now
  return isFirst ? now : 'absent'
}

const gone = <C>(
  states: EndpointStates<C>,
  before: Served,
  present: ReadonlySet<string>,
): readonly EndpointChange[] => {
  const changes: EndpointChange[] = []
  const add = (id: string, port: string, pod: string, fate: Fate): void =>
    void changes.push({ endpoint: id.slice(id.lastIndexOf(' ') + 1), port, pod, before: fate, after: 'absent' })
  for (const [id, { port, pod, fate }] of states) if (!present.has(id)) add(id, port, pod, fate)
  for (const [id, { port, pod }] of before) if (!present.has(id) && !states.has(id)) add(id, port, pod, 'ready')
  for (const id of states.keys()) if (!present.has(id)) states.delete(id)
  return changes
}
