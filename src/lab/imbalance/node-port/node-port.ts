import { setTimeout as sleep } from 'node:timers/promises'
import type { Observation } from '../../../inspect/skew/observation.ts'
import { serviceKey } from '../../../model/objects.ts'
import { clientsOf, fixed, policyOf, scenarioOf, defaultLoadBalancer } from '../../../simulate/defaults.ts'
import type { RunOutcome, Scenario } from '../../../simulate/model.ts'
import { randomBelow, seededRandom } from '../../../util/random.ts'
import type { LabPod } from '../../cluster.ts'
import { dialsOf, planLab } from '../../dials.ts'
import { attachHost, type LabHost } from '../../host.ts'
import { connectionTimeoutMs, sumOf } from '../../measure.ts'
import type { ConnectResult } from '../../traffic-protocol.ts'
import { judging } from '../judging.ts'
import { countsAt, type PodSample, sampleNow } from '../lane-clients.ts'
import { simulatedNodes, simulatedPods } from '../lane-scenario.ts'
import { simulatedRows, simulatedScheduler, withOtherAddresses } from '../predict.ts'
import type { Claim, FigureTable, ImbalanceRun } from '../report.ts'
import { imbalanceResult, nameOfRun } from '../result.ts'
import { isPerClient } from '../../scenario.ts'
import type { RunImbalance } from '../scenario.ts'
import { type Lane, podOfLanes, runSideBySide, type Stage } from '../side-by-side.ts'
import { type Arrived, arrivalsOf, countOf, flowsOf, nodeObservations } from './arrivals.ts'
import { findHaproxy, type Haproxy, startHaproxy } from './haproxy.ts'
import { serversOf, wayOf, ways } from './ways.ts'

const labels = { app: 'server' }

/** On the underlay, beside the client. To nodes it is one client, so what hashes clients asks for its address: drawn, or each repetition would be dealt the same. */
const balancerAddresses = (seed: string) => {
  const host = 101 + randomBelow(seededRandom(`balancer ${seed}`), 100)
  return { IPv4: `192.168.77.${host}`, IPv6: `fd00:77::${host}` } as const
}

const claims: readonly Claim[] = [
  {
    text: 'with externalTrafficPolicy Local a balancer spreads over nodes and not over pods, so pods on nodes with few of them get more',
    source:
      'https://kubernetes.io/docs/tasks/access-application-cluster/create-external-load-balancer/#caveats-and-limitations-when-preserving-source-ips',
  },
]

/**
 * The scenario `node-port`: HAProxy outside of the cluster, in front of a pod alone on its node, three on another and a node with none; by every
 * node's port (policy Cluster and Local) and straight to the pods. Share of each pod, hops, and the source address that the pods see.
 */
export const runNodePort: RunImbalance = async (options) => {
  await findHaproxy()
  const pods = Math.max(2, options.pods ?? 4)
  const nodes = Math.max(2, options.nodes ?? 3)
  const connections = options.connections ?? 600
  const plan = {
    scenario: 'node-port',
    nodes,
    pods: Array.from({ length: pods }, (_, i) => podOfLanes(`pod-${i}`, labels, [], i === 0 ? 'node-0' : 'node-1')),
    schedulers: ['random', 'rr', 'maglev', 'sh', 'lc'],
    variants: ways.map(({ name, spec }) => ({ name, selector: labels, spec })),
  } as const
  const { results, skipped } = await runSideBySide(options, plan, (stage) => balance(stage, connections, options.level))
  return imbalanceResult(options, {
    scenario: 'node-port',
    claims,
    runs: results,
    skipped,
    tables: [wayTable(results)],
    findings: findingsOf(results),
  })
}

/** In IP mode no rule of a Service is asked: one scheduler stands for all. */
const lanesToTry = ({ lanes }: Stage): readonly Lane[] =>
  lanes.filter((lane) => isByRules(lane) || lane.scheduler === lanes[0]?.scheduler)

const isByRules = (lane: Lane): boolean => wayOf(lane).simulated.mode === 'instance'

const balance = async (stage: Stage, connections: number, level: number): Promise<readonly ImbalanceRun[]> => {
  const { lab, signal, progress } = stage
  const lanes = lanesToTry(stage)
  const pods = lab.cluster.pods
  const host = await attachHost(lab.cluster, 'balancer', balancerAddresses(stage.seed))
  const portOf = (lane: Lane): number => 9000 + lanes.indexOf(lane)
  await using haproxy = await startHaproxy(
    lab,
    host,
    lanes.map((lane) => ({ name: lane.service.name, port: portOf(lane), servers: serversOf(stage, lane, pods) })),
  )
  progress('HAProxy asks the nodes for their health')
  await untilHealthy(haproxy, lanes, pods, signal)
  const before = await sampleNow(stage)
  progress(`${connections} connections through HAProxy to each of ${lanes.length} Services`)
  const traffic = await Promise.all(lanes.map((lane) => send(stage, host, { port: portOf(lane), connections })))
  const after = await sampleNow(stage)
  progress('what the simulator says')
  await using judge = judging(signal)
  const runs: ImbalanceRun[] = []
  for (const [i, lane] of lanes.entries()) {
    const seen = { host, pods, before, after, result: traffic[i] as ConnectResult }
    runs.push(withoutRules(lane, await judge.run(await measured(stage, lane, seen), level)))
  }
  return runs
}

/** The scheduler of what the balancer passes by says nothing. */
const withoutRules = (lane: Lane, run: ImbalanceRun): ImbalanceRun =>
  isByRules(lane) ? run : { ...run, scheduler: 'none' }

/** With policy Local: until it gives nothing to nodes without pods. */
const untilHealthy = async (
  haproxy: Haproxy,
  lanes: readonly Lane[],
  pods: readonly LabPod[],
  signal: AbortSignal,
): Promise<void> => {
  const hasPods = new Set(pods.map(({ node }) => node))
  const asked = new Set(
    lanes.filter(({ service }) => service.healthCheckNodePort !== 0).map(({ service }) => service.name),
  )
  const deadline = performance.now() + 20_000
  for (;;) {
    signal.throwIfAborted()
    const servers = await haproxy.servers().catch((error: unknown) => {
      if (performance.now() > deadline) throw error
      return null
    })
    const wrong = servers?.filter(({ listener, server, up }) => asked.has(listener) && up !== hasPods.has(server))
    if (wrong?.length === 0) return
    if (performance.now() > deadline)
      throw new Error(
        `HAProxy's health checks: ${wrong?.map(({ listener, server, up }) => `${listener} ${server} is ${up ? 'up' : 'down'}`).join(', ')}`,
      )
    await sleep(100)
  }
}

const send = async (
  { lab }: Stage,
  { addresses }: LabHost,
  { port, connections }: { readonly port: number; readonly connections: number },
): Promise<ConnectResult> => {
  const client = lab.sources.find(({ kind }) => kind === 'client')
  if (client === undefined) throw new Error('the lab has no client')
  return client.remote.request<ConnectResult>(
    'connect',
    {
      targets: [{ address: addresses.IPv4, port, protocol: 'TCP' }],
      counts: [connections],
      concurrency: 4,
      timeoutMs: connectionTimeoutMs,
    },
    30_000 + connections * connectionTimeoutMs,
  )
}

interface Seen {
  readonly host: LabHost
  readonly pods: readonly LabPod[]
  readonly before: ReadonlyMap<string, PodSample>
  readonly after: ReadonlyMap<string, PodSample>
  readonly result: ConnectResult
}

const measured = async (stage: Stage, lane: Lane, { host, pods, before, after, result }: Seen) => {
  const { lab, plane, seed, repetition } = stage
  const way = wayOf(lane)
  const balancer = host.addresses.IPv4
  const counted = pods.map((pod) => ({
    pod,
    was: countsAt(before, pod.name, lane),
    is: countsAt(after, pod.name, lane),
  }))
  const arrived = arrivalsOf(
    counted.map(({ pod, was, is }) => ({ pod, peers: difference(is.peers, was.peers) })),
    balancer,
    lab.cluster.nodes,
  )
  const odds = oddsByNode(stage, lane, pods)
  const expected = expectedOf(odds, result.attempted)
  const backends = counted.map(({ pod, was, is }) => ({
    name: pod.name,
    node: pod.node,
    address: pod.addresses.IPv4,
    connections: is.connections - was.connections,
    requests: is.requests - was.requests,
    cpuMillis: 0,
    expected: expected.get(`${pod.namespace}/${pod.name}`) ?? 0,
  }))
  const secondHops = countOf(arrived, ({ hops }) => hops === 2)
  const observation: Observation = {
    service: serviceKey(lane.service),
    unit: 'connections',
    backends: backends.map(({ name, node, address, connections }) => ({
      name,
      node,
      address,
      count: connections,
      ready: true,
    })),
    ...(isByRules(lane) && { nodes: nodeObservations(arrived, pods, odds) }),
    // one connection is as good as another, unless the rules keep clients: then skew must know that there is one
    ...(isByRules(lane) && isPerClient(lane.scheduler, lane.service) && { flows: flowsOf(arrived, balancer) }),
    facts: {
      ...(isByRules(lane)
        ? { scheduler: lane.scheduler, externalTrafficPolicy: way.simulated.externalTrafficPolicy }
        : { scheduler: 'rr', bypassed: backends.map(({ connections }) => connections) }),
      sharedAddresses: [balancer],
    },
  }
  return {
    ...sumOf([result]),
    trial: { plane, scheduler: lane.scheduler, repetition, seed: `${seed} ${lane.service.name}` },
    variant: way.name,
    service: serviceKey(lane.service),
    claimed: way.claimed,
    backends,
    quantities: [
      ...backends.map(({ name, connections }) => ({ name, unit: 'connections', value: connections })),
      { name: 'second hops', unit: 'connections', value: secondHops },
    ],
    simulated: await simulatedRows(
      withOtherAddresses(scenarioOfLane(stage, lane, pods, result.attempted), seed),
      { seed, signal: stage.signal },
      (outcome) => [...openedBy(outcome), outcome.secondHops],
    ),
    observation,
    facts: {
      'connections that made a second hop': secondHops,
      'nodes passed by a connection': (
        (result.attempted - result.failures + secondHops) /
        Math.max(1, result.attempted - result.failures)
      ).toFixed(2),
      'the pods saw': arrived.every(({ source }) => source === 'balancer') ? 'the balancer' : 'nodes',
      'source addresses that the pods saw': sourcesOf(arrived),
    },
  }
}

const difference = (
  is: Readonly<Record<string, number>>,
  was: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(is)
      .map(([address, count]) => [address, count - (was[address] ?? 0)] as const)
      .filter(([, count]) => count > 0),
  )

const sourcesOf = (arrived: readonly Arrived[]): string =>
  [...Map.groupBy(arrived, ({ peer, source }) => `${peer} (${source})`)]
    .map(([words, some]) => `${words} ${countOf(some, () => true)} ×`)
    .sort()
    .join(', ')

/** By the rules of each node that the balancer can give connections to; in IP mode the balancer's own, which are even. */
const oddsByNode = (
  { lab }: Stage,
  lane: Lane,
  pods: readonly LabPod[],
): ReadonlyMap<string, ReadonlyMap<string, number>> => {
  if (!isByRules(lane)) return new Map([['', new Map(pods.map((pod) => [serviceKey(pod), 1 / pods.length]))]])
  const client = lab.sources.filter(({ kind }) => kind === 'client')
  const dials = dialsOf(planLab(lab.control), lane.service, client, lane.scheduler)
  return new Map(dials.filter(({ via }) => via === 'NodePort').map(({ node, shares }) => [node, shares]))
}

/** The balancer gives each of its nodes as many. */
const expectedOf = (
  odds: ReadonlyMap<string, ReadonlyMap<string, number>>,
  connections: number,
): ReadonlyMap<string, number> => {
  const expected = new Map<string, number>()
  for (const shares of odds.values())
    for (const [pod, share] of shares) expected.set(pod, (expected.get(pod) ?? 0) + (share * connections) / odds.size)
  return expected
}

const perSecond = 100

const scenarioOfLane = (stage: Stage, lane: Lane, pods: readonly LabPod[], connections: number): Scenario =>
  scenarioOf({
    name: 'node-port',
    seconds: (connections + 0.5) / perSecond,
    sampleSeconds: (connections + 0.5) / perSecond,
    measure: 'opened',
    nodes: simulatedNodes(stage),
    pods: simulatedPods(stage, pods),
    clients: [clientsOf('client', 1, [], { kind: 'arrivals', perSecond, spacing: 'steady', life: fixed(0.001) })],
    policy: policyOf(simulatedScheduler(stage.plane, lane.scheduler), {
      // to nodes the balancer is the one client there is
      loadBalancer: { ...defaultLoadBalancer, ...wayOf(lane).simulated, keepsSource: true },
    }),
  })

const openedBy = ({ totals, pods }: RunOutcome): readonly number[] => pods.map((_, i) => totals.opened[i] ?? 0)

const wayTable = (runs: readonly ImbalanceRun[]): FigureTable => ({
  title: 'each way to the pods',
  header: ['', 'most / fair share', 'second hops', 'the pods saw'],
  rows: runs.map((run) => [
    nameOfRun(run),
    run.maxOverMean.toFixed(2),
    run.facts?.['connections that made a second hop'] ?? '-',
    run.facts?.['the pods saw'] ?? '-',
  ]),
})

const findingsOf = (runs: readonly ImbalanceRun[]): readonly string[] => [
  ...ways.map(({ name }) => {
    const most = runs
      .filter(({ variant }) => variant === name)
      .map(({ plane, scheduler, maxOverMean }) => `${maxOverMean.toFixed(2)} × (${plane}, ${scheduler})`)
    return `${name}: of its fair share the busiest pod has ${most.join(', ')}`
  }),
  'to nodes a balancer that does not keep the source is one client: a hash of the source gives all of it to one pod of each node',
]
