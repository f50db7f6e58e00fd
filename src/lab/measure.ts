import { setTimeout as sleep } from 'node:timers/promises'
import { maxOverMean, type SkewTest, testCounts, variation } from '../inspect/statistics/index.ts'
import { serviceKey } from '../model/objects.ts'
import { shuffle } from '../util/random.ts'
import { selects } from './controller/endpoint-slices.ts'
import type { LabService } from './controller/service.ts'
import type { Dial } from './dials.ts'
import type { Lab } from './lab.ts'
import type { PodCounts } from './pod-protocol.ts'
import { readCounts } from './pods.ts'
import type { BackendReport, RunReport } from './report.ts'
import type { Source } from './sources.ts'
import type { ConnectRequest, ConnectResult } from './traffic-protocol.ts'

/** What a Service's traffic came to; who carried it is added by the caller. */
export type Measured = Omit<RunReport, 'plane' | 'scheduler' | 'verdict'>

export interface MeasureOptions {
  readonly service: LabService
  readonly dials: readonly Dial[]
  readonly connections: number
  readonly seed: number
  readonly level: number
  readonly signal: AbortSignal
  readonly progress: (done: number) => void
}

/** Open at a time from one source. */
const concurrency = 8
/** For one connection with its answer; a SYN that was lost is sent again after one, three and seven seconds. */
export const connectionTimeoutMs = 5000

/** Sends the connections and asks the pods what arrived. Throws when the signal aborts. */
export const measure = async (
  lab: Lab,
  options: MeasureOptions,
): Promise<{ readonly measured: Measured; readonly test: SkewTest }> => {
  const { service, dials, connections, seed, level } = options
  const counts = spread(dials.length, connections, seed)
  const before = await readCounts(lab.pods)
  const results = await watched(lab, before, options, sendAll(dials, counts))
  const after = await readCounts(lab.pods)
  const expected = expectedOf(dials, counts)
  const backends = backendsOf(lab, service, before, after, (pod) => round(expected.get(pod) ?? 0))
  const seen = backends.map((backend) => backend.connections)
  const odds = backends.map(({ expected }) => expected ?? 0)
  const test = testCounts(seen, odds.some((share) => share > 0) ? odds : undefined, { level, seed: String(seed) })
  const measured: Measured = {
    service: serviceKey(service),
    ...sumOf(results),
    backends,
    maxOverMean: maxOverMean(seen),
    cv: variation(seen),
    p: test.p,
    pLower: test.pLower,
  }
  return { measured, test }
}

/** As equal as it goes; which ways get one more is the seed's choice. */
export const spread = (ways: number, connections: number, seed: number): readonly number[] => {
  const counts = Array.from({ length: ways }, () => Math.floor(connections / ways))
  const order = shuffle(
    counts.map((_, i) => i),
    `spread ${seed}`,
  )
  for (const i of order.slice(0, connections % ways)) counts[i] = (counts[i] ?? 0) + 1
  return counts
}

/** One request to each source, all at once. */
export const sendAll = (dials: readonly Dial[], counts: readonly number[]): Promise<readonly ConnectResult[]> => {
  const bySource = Map.groupBy(dials.keys(), (i) => dials[i]?.source)
  return Promise.all(
    [...bySource].flatMap(([source, indices]) => {
      if (source === undefined) return []
      const request: ConnectRequest = {
        targets: indices.flatMap((i) => dials[i]?.target ?? []),
        counts: indices.map((i) => counts[i] ?? 0),
        concurrency,
        timeoutMs: connectionTimeoutMs,
      }
      return [connect(source, request)]
    }),
  )
}

const connect = (source: Source, request: ConnectRequest): Promise<ConnectResult> => {
  const total = request.counts.reduce((sum, count) => sum + count, 0)
  // every connection at its limit, and some
  const timeoutMs = 30_000 + (total * request.timeoutMs) / request.concurrency
  return source.remote.request<ConnectResult>('connect', request, Math.min(timeoutMs, 2 ** 31 - 1))
}

/** Tells how far the traffic is while it goes on. */
const watched = async <T>(
  lab: Lab,
  before: ReadonlyMap<string, PodCounts>,
  { progress, signal }: MeasureOptions,
  traffic: Promise<T>,
): Promise<T> => {
  let going = true
  const finished = traffic.finally(() => (going = false))
  // reported by whoever awaits `finished`
  finished.catch(() => {})
  while (going) {
    signal.throwIfAborted()
    await Promise.race([finished, sleep(300)])
    if (!going) break
    const now = await readCounts(lab.pods)
    progress(
      [...now].reduce((sum, [pod, { connections }]) => sum + connections - (before.get(pod)?.connections ?? 0), 0),
    )
  }
  return finished
}

/** `namespace/pod` → connections that the plan expects. */
const expectedOf = (dials: readonly Dial[], counts: readonly number[]): ReadonlyMap<string, number> => {
  const expected = new Map<string, number>()
  for (const [i, { shares }] of dials.entries())
    for (const [pod, share] of shares) expected.set(pod, (expected.get(pod) ?? 0) + share * (counts[i] ?? 0))
  return expected
}

/** What the pods that a Service selects counted between two readings. */
export const backendsOf = (
  lab: Lab,
  service: LabService,
  before: ReadonlyMap<string, PodCounts>,
  after: ReadonlyMap<string, PodCounts>,
  expected: (pod: string) => number | null,
): readonly BackendReport[] => {
  const family = service.ipFamilies[0] ?? 'IPv4'
  return lab.pods
    .filter(({ pod }) => selects(service, pod))
    .map(({ pod }) => {
      const key = serviceKey(pod)
      const was = before.get(key)
      const is = after.get(key)
      return {
        name: pod.name,
        node: pod.node,
        address: pod.addresses[family],
        connections: (is?.connections ?? 0) - (was?.connections ?? 0),
        requests: (is?.requests ?? 0) - (was?.requests ?? 0),
        cpuMillis: Math.round(((is?.cpuMicros ?? 0) - (was?.cpuMicros ?? 0)) / 1000),
        expected: expected(key),
      }
    })
}

const round = (x: number): number => Math.round(x * 1000) / 1000

/** Attempts, failures, their reasons and the slowest of several sources together. */
export const sumOf = (
  results: readonly ConnectResult[],
): Pick<RunReport, 'connections' | 'failures' | 'errors' | 'slowestMillis'> => {
  const errors: Record<string, number> = {}
  for (const result of results)
    for (const [error, count] of Object.entries(result.errors)) errors[error] = (errors[error] ?? 0) + count
  const failures = results.reduce((sum, result) => sum + result.failures, 0)
  return {
    connections: results.reduce((sum, { attempted }) => sum + attempted, 0),
    failures,
    ...(failures === 0 ? {} : { errors }),
    slowestMillis: Math.round(Math.max(0, ...results.map(({ slowestMs }) => slowestMs))),
  }
}
