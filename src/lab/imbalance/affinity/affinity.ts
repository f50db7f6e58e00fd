import type { Flow, Observation } from '../../../inspect/skew/observation.ts'
import { serviceKey } from '../../../model/objects.ts'
import type { LabPod } from '../../cluster.ts'
import { judging } from '../judging.ts'
import {
  type ClientAnswer,
  clientSources,
  countsAt,
  type PodSample,
  sampleNow,
  startClients,
  stopClients,
  untilOpen,
} from '../lane-clients.ts'
import { laneMeasurement } from '../lane-measurement.ts'
import { checkConnections } from '../limits.ts'
import { moveTurns } from '../lane-turns.ts'
import type { Claim, ImbalanceRun } from '../report.ts'
import { imbalanceResult, nameOfRun } from '../result.ts'
import type { Measurement } from '../run.ts'
import type { RunImbalance } from '../scenario.ts'
import { clientPods, type Lane, podOfLanes, runSideBySide, type Stage } from '../side-by-side.ts'
import { affinityRows } from './predict.ts'
import { type Addresses, type AffinityVariant, affinityVariants, type Crowd, crowdAddresses } from './variants.ts'

const labels = { app: 'server' }

const claims: readonly Claim[] = [
  {
    text: 'sessionAffinity ClientIP behind an external load balancer: all traffic goes to one of two pods',
    source: 'https://github.com/kubernetes/kubernetes/issues/55603',
  },
  {
    text: 'with sessionAffinity ClientIP different clients are sent to the same pod',
    source: 'https://github.com/kubernetes/kubernetes/issues/43958',
  },
]

const usualConnections = 200
/** of each Service; all are open at once */
const mostConnections = 1000

/**
 * The scenario `affinity`: what keeps a client on its pod (session affinity, the hash of its address) draws once for each address and not for each
 * connection. Many clients, few clients, and many clients behind one address on each node.
 */
export const runAffinity: RunImbalance = async (options) => {
  const nodes = options.nodes ?? 2
  const pods = options.pods ?? 4
  const connections = options.connections ?? usualConnections
  checkConnections('affinity', connections, mostConnections)
  const variants = affinityVariants(connections, nodes, labels)
  const { results, skipped } = await runSideBySide(
    options,
    {
      scenario: 'affinity',
      nodes,
      pods: [...clientPods(nodes), ...Array.from({ length: pods }, (_, i) => podOfLanes(`pod-${i}`, labels, []))],
      schedulers: ['rr', 'random', 'sh'],
      variants,
    },
    (stage) => onStage(stage, variants, options.level),
  )
  return imbalanceResult(options, { scenario: 'affinity', claims, runs: results, skipped, findings: findings(results) })
}

/** in which all are opened */
const openingSeconds = 3

/** By client pod. */
type AllAddresses = ReadonlyMap<string, Addresses>

const onStage = async (
  stage: Stage,
  variants: readonly AffinityVariant[],
  level: number,
): Promise<readonly ImbalanceRun[]> => {
  const variantOf = ({ variant }: Lane): AffinityVariant =>
    variants.find(({ name }) => name === variant.name) as AffinityVariant
  const since = now()
  const addresses = await addressesOf(stage, variants)
  await moveTurns(stage, stage.lanes, (name) => addresses.get(name)?.first ?? [])
  const before = await sampleNow(stage)
  await startClients(stage, stage.lanes, (lane) => {
    const { crowd } = variantOf(lane)
    const count = crowd.clients * crowd.perClient * stage.lab.cluster.nodes.length
    return {
      pattern: { kind: 'arrivals', perSecond: count / openingSeconds, count },
      lifetimes: [{ kind: 'forever' }],
      requestsPerSecond: 0,
      timeoutMs: 5000,
      addresses: ({ name }) => addresses.get(name)?.of(crowd) ?? [],
    }
  })
  stage.progress(`connections to ${stage.lanes.length} Services`)
  for (const lane of stage.lanes) {
    const { clients, perClient } = variantOf(lane).crowd
    await untilOpen(stage, [lane], clients * perClient * stage.lab.cluster.nodes.length)
  }
  const sample = await sampleNow(stage)
  stage.progress('what the simulator says')
  await using judge = judging(stage.signal)
  const runs: ImbalanceRun[] = []
  for (const lane of stage.lanes) {
    const seen = { variant: variantOf(lane), before, sample, since, addresses, answers: await stopClients(stage, lane) }
    runs.push(await judge.run(await measured(stage, lane, seen), level))
  }
  return runs
}

const serversOf = ({ lab }: Stage): readonly LabPod[] =>
  lab.cluster.pods.filter((pod) => pod.labels['app'] === labels.app)

/** Seconds since the epoch, as sessions have them. */
const now = (): number => Date.now() / 1000

const addressesOf = async (stage: Stage, variants: readonly AffinityVariant[]): Promise<AllAddresses> => {
  const crowds = variants.map(({ crowd }) => crowd)
  const sources = clientSources(stage)
  const pods = sources.flatMap(({ name }) => stage.lab.cluster.pods.filter((pod) => pod.name === name))
  const turns = serversOf(stage).length - 1
  return new Map(
    await Promise.all(
      pods.map(async (pod) => [pod.name, await crowdAddresses(pod, crowds, { turns, seed: stage.seed })] as const),
    ),
  )
}

interface Seen {
  readonly variant: AffinityVariant
  readonly before: ReadonlyMap<string, PodSample>
  readonly sample: ReadonlyMap<string, PodSample>
  readonly since: number
  readonly addresses: AllAddresses
  readonly answers: readonly ClientAnswer[]
}

const measured = async (stage: Stage, lane: Lane, seen: Seen): Promise<Measurement> => {
  const { variant, before, sample, answers } = seen
  const { crowd } = variant
  const servers = serversOf(stage)
  const backends = servers.map((pod) => ({ pod, counts: countsAt(sample, pod.name, lane) }))
  const total = backends.reduce((sum, { counts }) => sum + counts.open, 0)
  const sources = new Set(
    backends.flatMap(({ pod, counts }) => {
      // those that probed it are no clients
      const { peers } = countsAt(before, pod.name, lane)
      return Object.entries(counts.peers).flatMap(([address, count]) =>
        count > (peers[address] ?? 0) ? [address] : [],
      )
    }),
  )
  return laneMeasurement(stage, lane, {
    claimed: claimedOf(crowd),
    answers,
    backends: backends.map(({ pod, counts }) => ({
      pod,
      connections: counts.open,
      requests: counts.requests,
      expected: total / servers.length,
    })),
    quantities: backends.map(({ pod, counts }) => ({ name: pod.name, unit: 'connections', value: counts.open })),
    simulated: await affinityRows(stage, lane, { servers, crowd, affinity: variant.affinity }),
    observation: observationOf(stage, lane, { ...seen, servers }),
    facts: { clients: crowd.clients * stage.lab.cluster.nodes.length, 'addresses that the pods saw': sources.size },
  })
}

const claimedOf = ({ nat, clients }: Crowd): string => {
  if (nat) return 'everybody behind one address goes to one pod'
  return clients > 10 ? 'clients are kept, and spread' : 'few clients that are kept go to few pods'
}

const observationOf = (
  { lab }: Stage,
  { service, scheduler }: Lane,
  { variant, sample, since, addresses, answers, servers }: Seen & { readonly servers: readonly LabPod[] },
): Observation => {
  const port = service.ports[0]?.targetPort ?? 0
  const { crowd, affinity } = variant
  return {
    service: serviceKey(service),
    unit: 'connections',
    backends: servers.map(({ name, node, addresses: { IPv4 } }) => ({
      name,
      node,
      address: IPv4,
      count: sample.get(name)?.ports[Number(port)]?.open ?? 0,
      ready: true,
    })),
    flows: answers.flatMap(({ source, connections }) => {
      const own = addresses.get(source.name)?.of(crowd) ?? []
      return connections.map(
        ({ session, pod, openedAt, closedAt, requests }): Flow => ({
          client: crowd.nat ? source.addresses.IPv4 : (own[session % own.length] ?? source.addresses.IPv4),
          backend: pod,
          node: source.node,
          openedAt,
          closedAt,
          requests,
          protocol: 'TCP',
        }),
      )
    }),
    facts: {
      scheduler,
      affinity: affinity ? 'ClientIP' : 'None',
      since,
      at: now(),
      ...(crowd.nat && {
        sharedAddresses: lab.cluster.pods
          .filter(({ name }) => addresses.has(name))
          .map(({ addresses: { IPv4 } }) => IPv4),
      }),
    },
  }
}

const findings = (runs: readonly ImbalanceRun[]): readonly string[] =>
  runs.map((run) => {
    const used = run.backends.filter(({ connections }) => connections > 0).length
    return `${nameOfRun(run)}: ${used} of ${run.backends.length} pods have connections, the busiest ${run.maxOverMean.toFixed(2)} × the mean`
  })
