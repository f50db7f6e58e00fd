import { setTimeout as sleep } from 'node:timers/promises'
import type { Child } from '../../test/support/child-calls.ts'
import type { ChangeKind } from '../../src/lab/scale/changes.ts'
import { podAddress, SERVICE_PORT, TARGET_PORT } from '../../src/lab/scale/objects.ts'
import type { ConnectTimes } from '../../src/lab/scale/connects.ts'
import { percentile, type Quantiles, quantiles, round } from '../../src/util/percentile.ts'
import type { ControlPlaneRequest, ControlPlaneValue, Watched, Written } from './control-plane-protocol.ts'
import { monotonicMs } from './monotonic.ts'
import type { NodeRequest, NodeValue, Sought } from './node-protocol.ts'
import { peerClusterIP } from './objects.ts'

export type Node = Child<NodeRequest, NodeValue>
export type ControlPlane = Child<ControlPlaneRequest, ControlPlaneValue>
/** how a change is seen: by what nf_tables tells, or (iptables-legacy tells nobody) by connections */
export type SeenBy = 'events' | 'connect'

const timesOf = (value: NodeValue): readonly (number | null)[] =>
  value && !isTimes(value) && 'at' in value ? value.at : []

const isTimes = (value: NodeValue): value is ConnectTimes => Array.isArray(value)

/** ms from `from` until connections go through all of these Services; null: not within the time. */
export const untilReachable = async (
  node: Node,
  targets: readonly string[],
  from: number,
  timeoutMs: number,
): Promise<number | null> => {
  const at = timesOf(await node.call({ ask: 'reach all', targets, timeoutMs }))
  const last = at.at(-1) ?? null
  return last === null || at.includes(null) ? null : round(last - from)
}

export const untilHealthy = async (node: Node, from: number, timeoutMs: number): Promise<number | null> => {
  const [at = null] = timesOf(await node.call({ ask: 'healthy', timeoutMs }))
  return at === null ? null : round(at - from)
}

export const unreachable = async (node: Node, targets: readonly string[]): Promise<number> => {
  const value = await node.call({ ask: 'unreachable', targets })
  return value && 'failed' in value ? value.failed.length : Number.NaN
}

/** From the moment the write was sent: to a plain watch's event, and to the kernel. `late`: not in force within the time. */
export interface ChangesReport {
  readonly count: number
  readonly late: number
  readonly ms: Quantiles
  readonly watchMs: Quantiles
  /** from a plain watch's event to the kernel: what the proxy itself adds; below 0 where it was the first to hear */
  readonly ownMs: Quantiles
}

export interface ChangesOptions {
  readonly count: number
  /** no more begin after this */
  readonly budgetMs: number
  readonly pauseMs: number
  readonly timeoutMs: number
  readonly by: SeenBy
}

/** One after the other, each begun a pause after the one before is in force. */
export const measureChanges = async (
  control: ControlPlane,
  node: Node,
  { count, budgetMs, pauseMs, timeoutMs, by }: ChangesOptions,
): Promise<ChangesReport> => {
  // by connections an endpoint that has gone is not seen
  const kinds: readonly ChangeKind[] = by === 'events' ? ['swap', 'add', 'swap', 'remove'] : ['swap', 'add']
  const done: { readonly written: Watched; readonly at: number }[] = []
  let late = 0
  const end = monotonicMs() + budgetMs
  while (done.length + late < count && monotonicMs() < end) {
    await node.call({ ask: 'listen' })
    const written = (await control.call({ ask: 'change', kinds })) as Watched
    const [at = null] = timesOf(await node.call({ ask: 'in force', changes: [soughtOf(written)], timeoutMs, by }))
    if (at === null) late++
    else done.push({ written, at })
    await sleep(pauseMs)
  }
  return {
    count: done.length,
    late,
    ms: quantiles(done.map(({ written, at }) => at - written.sentAt)),
    watchMs: quantiles(done.map(({ written }) => written.watchedAt - written.sentAt)),
    ownMs: quantiles(done.map(({ written, at }) => at - written.watchedAt)),
  }
}

export interface StormReport {
  readonly changes: number
  /** from the first write to the last reply of the API server */
  readonly writtenMs: number
  /** from the first write until all are in force; null: some were not within the time */
  readonly ms: number | null
  /** from the last reply until all are in force */
  readonly afterMs: number | null
  readonly late: number
}

export const measureStorm = async (
  control: ControlPlane,
  node: Node,
  { changes, timeoutMs, by }: { readonly changes: number; readonly timeoutMs: number; readonly by: SeenBy },
): Promise<StormReport> => {
  await node.call({ ask: 'listen' })
  const written = (await control.call({ ask: 'storm', changes })) as readonly Written[]
  const at = timesOf(await node.call({ ask: 'in force', changes: written.map(soughtOf), timeoutMs, by }))
  const first = Math.min(...written.map(({ sentAt }) => sentAt))
  const replied = Math.max(...written.map(({ repliedAt }) => repliedAt))
  const last = at.includes(null) ? null : Math.max(...at.map((one) => one ?? 0))
  return {
    changes: written.length,
    writtenMs: round(replied - first),
    ms: last === null ? null : round(last - first),
    afterMs: last === null ? null : round(Math.max(0, last - replied)),
    late: at.filter((one) => one === null).length,
  }
}

const soughtOf = ({ frontend, endpoint, service, sentAt }: Written): Sought => ({
  frontend,
  endpoint,
  service,
  since: sentAt,
})

/** µs, p50. */
export interface ConnectReport {
  readonly direct: number
  readonly first: number
  readonly last: number
}

export const measureConnect = async (node: Node, services: number): Promise<ConnectReport> => {
  const targets = [
    { address: podAddress(0), port: TARGET_PORT },
    { address: peerClusterIP(0), port: SERVICE_PORT },
    { address: peerClusterIP(services - 1), port: SERVICE_PORT },
  ]
  await node.call({ ask: 'connect', targets, count: 100 })
  const times = (await node.call({ ask: 'connect', targets, count: 2_000 })) as ConnectTimes
  const [direct = Number.NaN, first = Number.NaN, last = Number.NaN] = times.map((one) => round(percentile(one, 50)))
  return { direct, first, last }
}
