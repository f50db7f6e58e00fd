import { FOUND } from '../../dataplane/reconciler/found.ts'
import { BASE } from '../../dataplane/ledger/ledger.ts'
import type { Plane, PlaneName, PlaneObject } from '../../dataplane/plane.ts'
import type { Reconciler } from '../../dataplane/reconciler/reconciler.ts'
import type { Frontend, FrontendKey } from '../../model/frontend.ts'
import type { NodeView } from '../../model/node-view.ts'
import { serviceKey, type ServiceKey } from '../../model/objects.ts'
import type { Snapshot } from '../../model/snapshot.ts'
import { explainService } from '../../routing/explain.ts'
import { planService } from '../../routing/plan.ts'
import { whyNotServed } from '../../routing/service-port.ts'
import type { BrakeStatus } from '../brake/status.ts'
import type { SourceReport } from '../status/status.ts'
import { endpointReasons, type FrontendNow } from './endpoints.ts'
import { type FrontendFacts, frontendReasons } from './frontends.ts'
import type { History, ServiceHistory } from './history.ts'
import { plannedLeads, tracedLeads } from './in-force.ts'
import { notesOn } from './notes.ts'
import type { ServiceReasons, WhyReport } from './report.ts'

/** What is asked about. `any`: a Service of that name, else a Pod. */
export interface WhyRequest {
  readonly request: 'why'
  readonly kind: 'service' | 'pod' | 'any'
  readonly namespace: string
  readonly name: string
}

export interface WhyParts {
  readonly plane: PlaneName
  readonly loadPlane: () => Promise<Plane<PlaneObject>>
  readonly snapshot: Snapshot
  readonly node: () => NodeView
  readonly history: History
  readonly source: () => SourceReport
  readonly brake: () => BrakeStatus | null
  readonly isPlanned: () => boolean
  /** who holds each frontend */
  readonly frontends: () => ReadonlyMap<FrontendKey, Frontend>
  /** null: not yet started */
  readonly reconciler: () => Pick<Reconciler<PlaneObject>, 'status' | 'programsOf'> | null
}

export type AnswerWhy = (request: WhyRequest) => Promise<WhyReport>

/** Since when each endpoint gets traffic on this node, or why not. Costs the Services asked for, and for a Pod one look at every slice. */
export const answerWhy = (parts: WhyParts): AnswerWhy => {
  const report = reporter(parts)
  return async ({ kind, namespace, name }) => {
    const { snapshot, history } = parts
    const key = `${namespace}/${name}`
    const known = snapshot.service(key) !== undefined || snapshot.slicesOf(key).length > 0
    const isService = kind === 'service' || (kind === 'any' && (known || history.of(key).trail.length > 0))
    const plane = await parts.loadPlane()
    return isService
      ? report(plane, `Service ${key}`, [key], null)
      : report(plane, `Pod ${key}`, servicesOf(key, parts), key)
  }
}

/** Services that a Pod is, or was, an endpoint of. */
const servicesOf = (pod: string, { snapshot, history }: WhyParts): readonly ServiceKey[] => {
  const [namespace = '', name = ''] = pod.split('/')
  const found = new Set<ServiceKey>(history.servicesOf(pod))
  for (const service of snapshot.services()) {
    if (service.namespace !== namespace) continue
    const key = serviceKey(service)
    const names = snapshot.slicesOf(key).some(({ endpoints }) => endpoints.some((endpoint) => endpoint.pod === name))
    if (names) found.add(key)
  }
  return [...found].sort()
}

const reporter =
  (parts: WhyParts) =>
  (plane: Plane<PlaneObject>, asked: string, keys: readonly ServiceKey[], pod: string | null): WhyReport => {
    const facts = factsOf(parts)
    const services = keys.map((key) => {
      const reasons = serviceReasons(key, plane, parts, facts)
      return pod === null ? reasons : { ...reasons, endpoints: reasons.endpoints.filter((one) => one.pod === pod) }
    })
    const source = parts.source()
    const planned = parts.isPlanned()
    const notes = notesOn({ asked, pod, services, source, planned, snapshot: parts.snapshot })
    return {
      node: parts.node().name,
      plane: parts.plane,
      asked,
      source,
      planned,
      services,
      notes,
      fine: planned && services.length > 0 && services.every((service) => isFine(service, pod)),
    }
  }

type KnownFacts = Omit<FrontendFacts, 'lastChange'>

const factsOf = ({ reconciler, frontends, brake }: WhyParts): KnownFacts => {
  const status = reconciler()?.status()
  return {
    holder: (key) => frontends().get(key),
    lagging: new Map(status?.lagging.map((late) => [late.frontend, late])),
    held: new Map(brake()?.held.map((held) => [held.frontend, held])),
    refused: new Map(status?.refused.map(({ frontend, reasons }) => [frontend, reasons])),
    unreadable: status?.unreadable ?? '',
    keptSince: 0,
  }
}

const serviceReasons = (
  key: ServiceKey,
  plane: Plane<PlaneObject>,
  parts: WhyParts,
  known: KnownFacts,
): ServiceReasons => {
  const { snapshot, history, isPlanned, reconciler } = parts
  const past = history.of(key)
  const head = { service: key, knownSince: past.knownSince, trail: past.trail }
  const service = snapshot.service(key)
  const node = parts.node()
  if (service === undefined) {
    const notServed = isPlanned() ? 'there is no such Service' : 'the source was not read yet'
    return { ...head, notServed, frontends: [], endpoints: [] }
  }
  const slices = snapshot.slicesOf(key)
  const keptSince = isPlanned() ? 0 : (reconciler()?.status().keptSince ?? 0)
  const facts: FrontendFacts = { ...known, keptSince, lastChange: (frontend) => lastChangeOf(past, frontend) }
  const frontends = planService(service, slices, node).frontends.map((planned): FrontendNow => {
    const told = frontendReasons(planned, facts)
    return { planned, told, leads: leadsOf(planned, told.state, plane, parts) }
  })
  return {
    ...head,
    notServed: whyNotServed(service, node),
    frontends: frontends.map(({ told }) => told),
    endpoints: explainService(service, slices, node).flatMap((port) =>
      port.endpoints.map((endpoint) => endpointReasons(service, port, endpoint, { frontends, history: past })),
    ),
  }
}

const lastChangeOf = ({ trail }: ServiceHistory, key: FrontendKey): ServiceHistory['trail'][number] | undefined =>
  trail.findLast(({ frontends }) => frontends.includes(key))

/** As planned where that is in force; else the rules in the kernel are walked through. */
const leadsOf = (
  frontend: Frontend,
  state: FrontendNow['told']['state'],
  plane: Plane<PlaneObject>,
  { reconciler, node }: WhyParts,
): FrontendNow['leads'] => {
  if (state === 'in-force') return plannedLeads(frontend)
  if (state === 'contested') return new Map()
  const programs = reconciler()?.programsOf([BASE, FOUND, frontend.key]) ?? []
  return tracedLeads(frontend, { plane, programs, node: node() })
}

const isFine = ({ notServed, frontends, endpoints }: ServiceReasons, pod: string | null): boolean =>
  notServed === null &&
  frontends.every(({ state }) => state === 'in-force') &&
  endpoints.length > 0 &&
  (pod === null
    ? endpoints.some(({ traffic }) => traffic !== 'no')
    : endpoints.every(({ traffic }) => traffic !== 'no'))
