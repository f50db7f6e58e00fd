import type { NodeView } from '../model/node-view.ts'
import type { EndpointSlice, Service } from '../model/objects.ts'
import { formatEndpoint } from '../model/address.ts'
import type { Frontend } from '../model/frontend.ts'
import { candidatesOf } from './candidates.ts'
import { portsOnNode } from './service-port.ts'

/**
 * A UDP flow that conntrack keeps sending to the wrong place, because UDP has no end. Shaped as `kernel/`'s FlowFilter:
 * address null: any (NodePort); backend null: every flow to the frontend, NATed or not.
 */
export interface StaleFlow {
  readonly protocol: 'UDP'
  readonly address: string | null
  readonly port: number
  readonly backend: { readonly address: string; readonly port: number } | null
}

/** What is remembered of one UDP ServicePort in one family: where it is dialled and who serves, on whatever node. */
export interface UdpPort {
  readonly key: string
  readonly dialled: readonly { readonly address: string | null; readonly port: number }[]
  readonly serving: ReadonlyMap<string, { readonly address: string; readonly port: number }>
}

const none: readonly UdpPort[] = []

/** `frontends`: the Service's own plan. Readiness, policy and hints do not matter: an endpoint that serves keeps its flows. */
export const udpPortsOf = (
  service: Service,
  slices: readonly EndpointSlice[],
  frontends: readonly Frontend[],
  node: NodeView,
): readonly UdpPort[] => {
  if (!service.ports.some(({ protocol }) => protocol === 'UDP')) return none
  return portsOnNode(service, slices, node)
    .filter(({ port }) => port.protocol === 'UDP')
    .map((at) => {
      const { port, family } = at
      const serving = candidatesOf(at).candidates.filter(({ endpoint }) => endpoint.serving || endpoint.ready)
      const own = frontends.filter(
        (one) => one.family === family && one.protocol === 'UDP' && one.portName === port.name,
      )
      return {
        key: `${family} ${port.name}`,
        dialled: own.map(({ address, port }) => ({ address, port })),
        serving: new Map(
          serving.map(({ backend: { address, port } }) => [formatEndpoint(address, port), { address, port }]),
        ),
      }
    })
}

/** Flows to endpoints that are gone, and, where the first endpoints came, flows from the time when there was nobody. */
export const staleFlows = (before: readonly UdpPort[], after: readonly UdpPort[]): readonly StaleFlow[] => {
  if (before.length === 0 && after.length === 0) return []
  const old = new Map(before.map((port) => [port.key, port]))
  const stale = after.flatMap((port) => changed(old.get(port.key), port))
  const kept = new Set(after.map(({ key }) => key))
  for (const port of before) if (!kept.has(port.key)) stale.push(...flowsTo(port.dialled, [...port.serving.values()]))
  return stale
}

const changed = (before: UdpPort | undefined, after: UdpPort): readonly StaleFlow[] => {
  const gone = before === undefined ? [] : [...before.serving].filter(([name]) => !after.serving.has(name))
  const dialled = [...(before?.dialled ?? []), ...after.dialled]
  const begins = (before?.serving.size ?? 0) === 0 && after.serving.size > 0
  return [
    ...flowsTo(
      unique(dialled),
      gone.map(([, backend]) => backend),
    ),
    ...(begins ? flowsTo(after.dialled, [null]) : []),
  ]
}

const unique = (dialled: UdpPort['dialled']): UdpPort['dialled'] => [
  ...new Map(dialled.map((one) => [`${one.address} ${one.port}`, one])).values(),
]

const flowsTo = (dialled: UdpPort['dialled'], backends: readonly StaleFlow['backend'][]): StaleFlow[] =>
  dialled.flatMap(({ address, port }) => backends.map((backend) => ({ protocol: 'UDP', address, port, backend })))
