import { setTimeout as sleep } from 'node:timers/promises'
import type { Flow } from '../../inspect/skew/observation.ts'
import type { Pattern, SessionsAnswer, SessionsRequest } from '../sessions/protocol.ts'
import { readCounts } from '../pods.ts'
import type { PortCounts } from '../pod-protocol.ts'
import type { Source } from '../sources.ts'
import { drawnAddress } from './client-addresses.ts'
import type { Lane, Stage } from './side-by-side.ts'

/** The clients of lanes: client pods, one on each node, that share each lane's connections as equally as it goes. */

/** What the clients of a lane do; of a pool `sessions` and of arrivals `perSecond` and `count` are of all client pods together. */
export interface LaneTraffic extends Pick<SessionsRequest, 'lifetimes' | 'requestsPerSecond' | 'timeoutMs'> {
  readonly pattern: Pattern
  /** local addresses that a client pod's connections come from, in turn; absent: one that the stage's seed draws */
  readonly addresses?: (source: Source) => readonly string[]
}

/** What one client pod's connections came to. */
export interface ClientAnswer extends SessionsAnswer {
  readonly source: Source
}

export const clientSources = ({ lab }: Pick<Stage, 'lab'>): readonly Source[] =>
  lab.sources.filter(({ kind }) => kind === 'pod')

/** The part of the `index`th of so many clients. */
export const shareOf = (pattern: Pattern, index: number, clients: number): Pattern => {
  const part = (whole: number): number => Math.floor(whole / clients) + (index < whole % clients ? 1 : 0)
  return pattern.kind === 'pool'
    ? { ...pattern, sessions: part(pattern.sessions) }
    : { ...pattern, perSecond: pattern.perSecond / clients, count: pattern.count === null ? null : part(pattern.count) }
}

/** By client pod. */
const drawnAddresses = async ({ lab, seed }: Stage): Promise<ReadonlyMap<string, readonly string[]>> => {
  const names = new Set(clientSources({ lab }).map(({ name }) => name))
  const pods = lab.cluster.pods.filter(({ name }) => names.has(name))
  return new Map(
    await Promise.all(pods.map(async (pod) => [pod.name, await drawnAddress(pod, `${seed} ${pod.name}`)] as const)),
  )
}

/** Starts them all; each lane is dialled by its ClusterIP. */
export const startClients = async (
  stage: Stage,
  lanes: readonly Lane[],
  trafficOf: (lane: Lane) => LaneTraffic,
): Promise<void> => {
  const sources = clientSources(stage)
  const drawn = await drawnAddresses(stage)
  await Promise.all(
    sources.flatMap((source, index) =>
      lanes.map((lane) => {
        const { addresses, ...traffic } = trafficOf(lane)
        const own = addresses?.(source) ?? drawn.get(source.name) ?? []
        const request: SessionsRequest = {
          ...traffic,
          name: lane.service.name,
          pattern: shareOf(traffic.pattern, index, sources.length),
          targets: lane.service.clusterIPs.flatMap((address) =>
            own.map((from) => ({ address, port: 80, protocol: 'TCP' as const, from })),
          ),
          seed: `${stage.seed} ${lane.service.name} ${source.name}`,
        }
        return source.remote.request('startSessions', request)
      }),
    ),
  )
}

/** Closes all and answers what they came to. */
export const stopClients = (stage: Stage, lane: Lane): Promise<readonly ClientAnswer[]> =>
  Promise.all(
    clientSources(stage).map(async (source) => ({
      source,
      ...(await source.remote.request<SessionsAnswer>('stopSessions', { name: lane.service.name }, 60_000)),
    })),
  )

/** `skew`'s view of the connections; `client` is the client pod's address. */
export const flowsOf = (answers: readonly ClientAnswer[], family: 'IPv4' | 'IPv6' = 'IPv4'): readonly Flow[] =>
  answers.flatMap(({ source, connections }) =>
    connections.map(({ pod, openedAt, closedAt, requests }) => ({
      client: source.addresses[family],
      backend: pod,
      node: source.node,
      openedAt,
      closedAt,
      requests,
      protocol: 'TCP' as const,
    })),
  )

/** What a pod counted on the port of each lane. */
export interface PodSample {
  readonly pod: string
  readonly ports: { readonly [port: number]: PortCounts }
}

/** Asked of all running pods; by pod name. */
export const sampleNow = async ({ lab }: Pick<Stage, 'lab'>): Promise<ReadonlyMap<string, PodSample>> =>
  new Map(
    [...(await readCounts(lab.pods))].map(([key, { ports }]) => {
      const pod = key.slice(key.indexOf('/') + 1)
      return [pod, { pod, ports }]
    }),
  )

const none: PortCounts = { connections: 0, requests: 0, open: 0, peers: {} }

/** Nothing for a pod that is not there (any more, or yet). */
export const countsAt = (sample: ReadonlyMap<string, PodSample>, pod: string, { podPort }: Lane): PortCounts =>
  sample.get(pod)?.ports[podPort] ?? none

/** Waits until the pods hold so many connections of each lane. Throws with what is missing when it takes longer than `withinMs`. */
export const untilOpen = async (
  stage: Stage,
  lanes: readonly Lane[],
  sessions: number,
  withinMs = 30_000,
): Promise<void> => {
  const deadline = performance.now() + withinMs
  for (;;) {
    stage.signal.throwIfAborted()
    const sample = await sampleNow(stage)
    const missing = lanes.filter((lane) => openOf(sample, lane) < sessions)
    if (missing.length === 0) return
    if (performance.now() > deadline)
      throw new Error(
        missing
          .map(
            (lane) =>
              `${lane.service.name}: ${openOf(sample, lane)} of ${sessions} connections are open after ${withinMs} ms`,
          )
          .join('; '),
      )
    await sleep(100)
  }
}

const openOf = (sample: ReadonlyMap<string, PodSample>, lane: Lane): number =>
  [...sample.keys()].reduce((sum, pod) => sum + countsAt(sample, pod, lane).open, 0)
