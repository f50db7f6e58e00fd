import type { PlaneName } from '../../dataplane/plane.ts'
import type { PlaneStatus } from '../../dataplane/reconciler/status.ts'
import type { FrontendKey } from '../../model/frontend.ts'
import type { ServiceKey } from '../../model/objects.ts'
import type { InputProblem } from '../../model/snapshot.ts'
import type { BrakeStatus } from '../brake/status.ts'
import type { Fact, Reason, Regarding } from './fact.ts'

/** Where facts are read from, as it stands when they are asked for. */
export interface FactSources {
  readonly node: string
  readonly plane: PlaneName
  /** faults of objects, by the source */
  readonly inputProblems: () => readonly InputProblem[]
  /** conflicts between objects, and what of them is not served */
  readonly planProblems: () => readonly InputProblem[]
  /** health check ports that are not open here */
  readonly portProblems: () => readonly InputProblem[]
  /** null: not yet */
  readonly status: () => PlaneStatus | null
  /** null: there is none */
  readonly brake: () => BrakeStatus | null
  /** who holds a frontend; undefined: it is not planned */
  readonly serviceOf: (frontend: FrontendKey) => ServiceKey | undefined
}

/** ms that a frontend may fail to be put in force before its owner is told: the next attempts mostly heal it */
const FAILING_FOR = 30_000
/** Services that one node complains about by itself; beyond, it is the node that is ill */
const MOST_SERVICES = 20

/** Everything that holds now, the same facts in the same order whenever nothing has changed. `wall` is ms since the epoch. */
export const factsOf = (sources: FactSources, wall: number): readonly Fact[] => {
  const status = sources.status()
  const brake = sources.brake()
  return [
    ...sources.inputProblems().flatMap((problem) => ofProblem(problem, 'InvalidObject', 'Read')),
    ...sources.planProblems().flatMap((problem) => ofProblem(problem, 'FrontendContested', 'Plan')),
    ...sources.portProblems().flatMap((problem) => ofHealthPort(problem, sources.node)),
    ...(status ? [...refusedBy(status, sources), ...failingOf(status, sources, wall)] : []),
    ...(brake?.engaged ? heldBy(brake, sources.node) : []),
  ]
}

const ofProblem = ({ object, field, message }: InputProblem, reason: Reason, action: string): readonly Fact[] => {
  const regarding = objectNamed(object)
  if (regarding === null) return []
  const note = field === '' ? message : `${field}: ${message}`
  const word = field.startsWith('metadata.annotations') ? 'InvalidAnnotation' : reason
  return [{ regarding, reason: word, action, scope: 'cluster', identity: note, note }]
}

const ofHealthPort = ({ object, field, message }: InputProblem, node: string): readonly Fact[] => {
  const regarding = objectNamed(object)
  if (regarding === null) return []
  const note = `node ${node} does not answer on ${field}, so the balancer sends it nothing: ${message}`
  return [
    {
      regarding,
      reason: 'FailedToStartServiceHealthcheck',
      action: 'Listen',
      scope: 'node',
      identity: `${node} ${message}`,
      note,
    },
  ]
}

/** One for each Service and reason, however many frontends share it. */
const refusedBy = ({ refused }: PlaneStatus, { plane, serviceOf }: FactSources): readonly Fact[] => {
  const groups = new Map<string, { readonly service: ServiceKey; readonly reason: string; frontends: FrontendKey[] }>()
  for (const { frontend, reasons } of refused) {
    const service = serviceOf(frontend)
    if (service === undefined) continue
    for (const reason of reasons) {
      const key = `${service} ${reason}`
      const group = groups.get(key)
      if (group) group.frontends.push(frontend)
      else groups.set(key, { service, reason, frontends: [frontend] })
    }
  }
  return [...groups.values()].map(({ service, reason, frontends }) => ({
    regarding: serviceNamed(service),
    reason: 'NotSupportedByPlane',
    action: 'Compile',
    scope: 'cluster',
    // an endpoint more or less beyond a limit is the same fact
    identity: `${plane} ${reason.replace(/\d+/g, '#')}`,
    note: `plane ${plane}: ${reason} (${few(frontends)})`,
  }))
}

const failingOf = ({ lagging }: PlaneStatus, { node, serviceOf }: FactSources, wall: number): readonly Fact[] => {
  const failing = lagging.filter(({ state, since }) => state === 'failing' && since <= wall - FAILING_FOR)
  const byService = new Map<ServiceKey, typeof failing>()
  for (const one of failing) {
    const service = one.frontend === '' ? '' : (serviceOf(one.frontend) ?? '')
    byService.set(service, [...(byService.get(service) ?? []), one])
  }
  const own = byService.get('')
  byService.delete('')
  const fact = (regarding: Regarding, note: string): Fact => ({
    regarding,
    reason: 'FrontendNotInForce',
    action: 'Apply',
    scope: 'node',
    identity: node,
    note,
  })
  const nodeItself: Regarding = { kind: 'Node', namespace: '', name: node }
  if (byService.size > MOST_SERVICES) {
    const note = `${failing.length} frontends of ${byService.size} Services are not in force; the first: ${failing[0]?.reason ?? ''}`
    return [fact(nodeItself, note)]
  }
  const of = Array.from(byService, ([service, theirs]) => {
    const names = few(theirs.map(({ frontend }) => frontend))
    return fact(serviceNamed(service), `node ${node} cannot put it in force (${names}): ${theirs[0]?.reason ?? ''}`)
  })
  return own ? [fact(nodeItself, `its own rules are not in force: ${own[0]?.reason ?? ''}`), ...of] : of
}

/** The node tells that it holds; each Service, once for the cluster, that its change waits. */
const heldBy = ({ held, maxEmptiedPercent }: BrakeStatus, node: string): readonly Fact[] => {
  const services = [...new Set(held.map(({ service }) => service).filter((service) => service !== ''))].sort()
  const fact = { reason: 'EndpointsHeldByBrake', action: 'Hold' } as const
  const cure = '`evenkeel status` on the node shows them, `evenkeel brake release` lets them go'
  return [
    {
      ...fact,
      regarding: { kind: 'Node', namespace: '', name: node },
      scope: 'node',
      identity: node,
      note: `${held.length} frontends keep endpoints that are gone: more than ${maxEmptiedPercent} % would have lost all at once; ${cure}`,
    },
    ...services.slice(0, MOST_SERVICES).map(
      (service): Fact => ({
        ...fact,
        regarding: serviceNamed(service),
        scope: 'cluster',
        identity: '',
        note: `all its endpoints are gone, together with those of many others: nodes keep sending to them until endpoints come back or somebody confirms; ${cure}`,
      }),
    ),
  ]
}

const few = (frontends: readonly FrontendKey[]): string => {
  const shown = frontends.slice(0, 3).join(', ')
  return frontends.length > 3 ? `${shown} and ${frontends.length - 3} more` : shown
}

const serviceNamed = (key: ServiceKey): Regarding => {
  const [namespace = '', name = ''] = key.split('/')
  return { kind: 'Service', namespace, name }
}

/** `Service shop/web`, `Node node-1`; null: no object that Events are sent for, or without a name that the API could have. */
const objectNamed = (object: string): Regarding | null => {
  const found = /^(?:(Service|EndpointSlice) ([a-z0-9][a-z0-9-]*)\/|(Node) )([a-z0-9][a-z0-9.-]*)$/.exec(object)
  if (found === null) return null
  const [, kind, namespace = '', , name = ''] = found
  return { kind: (kind as 'Service' | 'EndpointSlice' | undefined) ?? 'Node', namespace, name }
}
