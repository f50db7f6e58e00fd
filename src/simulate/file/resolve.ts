import type { Path } from '../../sources/faults.ts'
import { defaultRequests, exponential, fixed, forever, nodesOf, podAddress, scenarioOf } from '../defaults.ts'
import type { ClientGroup, NodeSpec, PodSpec, Policy, Requests, Scenario, Traffic } from '../model.ts'
import { most } from './common-fields.ts'
import type { ClientGroupDocument } from './client-fields.ts'
import type { ScenarioDocument } from './fields.ts'
import type { PodGroup } from './pod-fields.ts'
import { eventsOf } from './events.ts'
import { find, type Names, namesOf } from './names.ts'
import type { ShapeFault } from './shape.ts'
import { templateOf } from './template.ts'

/** The scenario that a document describes, with all defaults. Faults: too many of something, names that stand for nothing or for two
 * things; null with the first of these. */
export const resolveScenario = (document: ScenarioDocument, policy: Policy, faults: ShapeFault[]): Scenario | null => {
  faults.push(...tooMany(document))
  if (faults.length > 0) return null
  const { nodes, names: nodeNames } = resolveNodes(document, faults)
  const groups = podGroups(document)
  const { pods, names: podNames } = resolvePods(groups, nodeNames, faults)
  const given = clientGroups(document)
  const clients = given.map((group, index) => resolveClients(group, index, nodeNames, faults))
  const { names: clientNames } = namesOf(
    'groups of clients',
    clients.map(({ name }, index) => ({ name, count: null, path: given[index]?.path ?? [] })),
    faults,
  )
  return scenarioOf({
    name: document.name ?? '',
    seconds: document.duration,
    warmUpSeconds: document.warmUp ?? 0,
    ...(document.sample !== undefined && { sampleSeconds: document.sample }),
    ...(document.measure !== undefined && { measure: document.measure }),
    ...(document.evenLimit !== undefined && { evenLimit: document.evenLimit }),
    nodes,
    pods,
    clients,
    events: eventsOf(
      document.events ?? [],
      { template: templateOf(groups[0]?.value), pods, nodeNames, podNames, clientNames },
      faults,
    ),
    policy,
  })
}

/** Bounds on groups together: each has its own already. */
function* tooMany(document: ScenarioDocument): Generator<ShapeFault> {
  const { nodes = 1 } = document
  const counts = {
    nodes: typeof nodes === 'number' ? [nodes] : nodes.map(({ count = 1 }) => count),
    pods: podGroups(document).map(({ value }) => value.count),
    clients: clientGroups(document).map(({ value }) => value.count ?? 1),
  }
  for (const [key, each] of Object.entries(counts)) {
    const limit = most[key as keyof typeof counts]
    const all = each.reduce((sum, count) => sum + count, 0)
    if (all > limit)
      yield {
        path: [key],
        message: `are ${all.toLocaleString('en-US')} together, at most ${limit.toLocaleString('en-US')}`,
      }
  }
}

/** One of a list, or what stands there instead of a list of one. */
export interface Element<T> {
  readonly value: T
  readonly path: Path
}

const elements = <T extends object>(given: T | readonly T[], key: string): readonly Element<T>[] =>
  isList(given) ? given.map((value, index) => ({ value, path: [key, index] })) : [{ value: given, path: [key] }]

const isList = <T extends object>(given: T | readonly T[]): given is readonly T[] => Array.isArray(given)

type PodGroupGiven = Partial<PodGroup> & Pick<PodGroup, 'count'>

const podGroups = ({ pods }: ScenarioDocument): readonly Element<PodGroupGiven>[] =>
  elements<PodGroupGiven>(typeof pods === 'number' ? { count: pods } : pods, 'pods')

export const clientGroups = ({ clients }: ScenarioDocument): readonly Element<ClientGroupDocument>[] =>
  elements(clients, 'clients')

const resolveNodes = (
  { nodes = 1 }: ScenarioDocument,
  faults: ShapeFault[],
): { readonly nodes: readonly NodeSpec[]; readonly names: Names } => {
  if (typeof nodes === 'number') {
    const { names } = namesOf('nodes', [{ name: 'node', count: nodes, path: ['nodes'] }], faults)
    return { nodes: nodesOf(nodes), names }
  }
  const groups = nodes.map(({ name = 'node', count = null }, index) => ({ name, count, path: ['nodes', index] }))
  const { names, single } = namesOf('nodes', groups, faults)
  const specs = nodes.flatMap(({ count = 1, zone = null, lag = fixed(0) }) =>
    Array.from({ length: count }, () => ({ zone, lag })),
  )
  return { nodes: specs.map((spec, index) => ({ ...spec, name: single[index] ?? '' })), names }
}

const resolvePods = (
  groups: readonly Element<PodGroupGiven>[],
  nodeNames: Names,
  faults: ShapeFault[],
): { readonly pods: readonly PodSpec[]; readonly names: Names } => {
  const { names, single } = namesOf(
    'pods',
    groups.map(({ value, path }) => ({ name: value.name ?? 'pod', count: value.count, path })),
    faults,
  )
  const onNode = new Map<number, number>()
  const pods: PodSpec[] = []
  for (const { value: group, path } of groups) {
    const nodes =
      group.nodes === undefined ? everyOf(nodeNames) : find(nodeNames, group.nodes, [...path, 'nodes'], faults)
    for (let i = 0; i < group.count; i++) {
      const node = nodes[i % nodes.length] ?? 0
      const n = onNode.get(node) ?? 0
      onNode.set(node, n + 1)
      pods.push({
        ...templateOf(group),
        name: single[pods.length] ?? '',
        node,
        address: group.address === undefined ? podAddress(node, n) : addressAfter(group.address, i),
        startsAt: group.startsAt ?? Number.NEGATIVE_INFINITY,
      })
    }
  }
  return { pods, names }
}

const resolveClients = (
  { value: group, path }: Element<ClientGroupDocument>,
  index: number,
  nodeNames: Names,
  faults: ShapeFault[],
): ClientGroup => {
  const { from } = group
  return {
    name: group.name ?? (index === 0 ? 'clients' : `clients-${index}`),
    count: group.count ?? 1,
    nodes:
      from === undefined
        ? everyOf(nodeNames)
        : from === 'outside'
          ? []
          : find(nodeNames, from, [...path, 'from'], faults),
    clientsPerAddress: group.clientsPerAddress ?? 1,
    address: group.address ?? `10.${100 + index}.0.1`,
    traffic: trafficOf(group, path, faults),
    requests: requestsOf(group),
    startsAt: group.startsAt ?? Number.NEGATIVE_INFINITY,
    startSpreadSeconds: group.startSpread ?? 0,
    stopsAt: group.stopsAt ?? Number.POSITIVE_INFINITY,
  }
}

const trafficOf = (
  { connections, http2, arrivals, life = forever, reconnect }: ClientGroupDocument,
  path: Path,
  faults: ShapeFault[],
): Traffic => {
  const ways = Object.entries({ connections, http2, arrivals }).flatMap(([way, value]) =>
    value === undefined ? [] : [way],
  )
  if (ways.length > 1)
    faults.push({ path, message: `must have only one of connections, http2, arrivals, not ${ways.join(' and ')}` })
  if (arrivals !== undefined) {
    if (reconnect !== undefined)
      faults.push({ path: [...path, 'reconnect'], message: 'has no effect with arrivals: nobody comes back' })
    const { perSecond, spacing = 'poisson' } = typeof arrivals === 'number' ? { perSecond: arrivals } : arrivals
    return { kind: 'arrivals', perSecond, spacing, life }
  }
  const back = reconnect ?? fixed(0.1)
  if (http2 !== undefined)
    return { kind: 'http2', concurrency: http2.concurrency, streams: http2.streams ?? 100, life, reconnect: back }
  return { kind: 'pool', connections: connections ?? 1, life, reconnect: back }
}

const requestsOf = ({ requests, arrivals }: ClientGroupDocument): Requests => {
  const opens = arrivals !== undefined
  return {
    perSecond: requests?.perSecond ?? (opens ? 0 : defaultRequests.perSecond),
    perConnection: requests?.perConnection ?? (opens ? 1 : defaultRequests.perConnection),
    spacing: requests?.spacing ?? defaultRequests.spacing,
    bytes: requests?.bytes ?? defaultRequests.bytes,
    duration: requests?.duration ?? exponential(0.01),
  }
}

const everyOf = ({ count }: Names): readonly number[] => Array.from({ length: count }, (_, index) => index)

/** The n-th IPv4 address after one. */
const addressAfter = (address: string, n: number): string => {
  const value = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0) + n
  return [24, 16, 8, 0].map((bits) => Math.floor(value / 2 ** bits) % 256).join('.')
}
