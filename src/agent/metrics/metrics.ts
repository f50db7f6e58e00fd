import type { Counters, CountersOptions } from '../../dataplane/plane.ts'
import { readConntrackUsage } from '../../kernel/conntrack-usage.ts'
import type { Frontend, FrontendKey } from '../../model/frontend.ts'
import type { Store } from '../../sources/store.ts'
import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import type { MetricsSettings } from '../config/config.ts'
import type { Handler, Reply } from '../http/server.ts'
import { type AgentBuild, agentMetrics, type AgentReading } from './agent-metrics.ts'
import { BackendConnections, type BackendReading } from './backend-series.ts'
import { backendText } from './backend-text.ts'
import { type KubeProxyMetrics, kubeProxyMetrics } from './kube-proxy.ts'
import { paced } from './paced.ts'
import { processMetrics } from './process.ts'

export interface MetricsOptions {
  readonly settings: MetricsSettings
  readonly build: AgentBuild
  readonly clock: Clock
  readonly log: Log
  readonly store: Pick<Store, 'changes'>
  /** a live view */
  readonly frontends: () => ReadonlyMap<FrontendKey, Frontend>
  /** null: no plane yet */
  readonly counters: (options: CountersOptions) => Promise<Counters> | null
  readonly reading: () => Omit<AgentReading, 'conntrack' | 'counters'>
}

export interface Metrics {
  readonly observer: KubeProxyMetrics
  /** `/metrics` */
  readonly handler: Handler
}

/** ms that the text of one scrape serves others */
const TEXT_SERVES = 500
/** ms that one reading of the kernel's counters serves, at least */
const COUNTERS_SERVE = 5_000
/** ms to wait for the counters before the rest is told without new ones */
const COUNTERS_WITHIN = 5_000

const nothing: BackendReading = { series: [], dropped: { services: 0, series: 0 } }

/** Everything that `/metrics` tells. However often it is asked, it costs a small part of the time (`paced`). */
export const openMetrics = async (options: MetricsOptions): Promise<Metrics> => {
  const { clock, store, frontends, build } = options
  const prometheus = await import('prom-client')
  const registry = new prometheus.Registry()
  const observer = kubeProxyMetrics({ prometheus, registry, clock, store, frontends: () => frontends().values() })
  const agent = agentMetrics(prometheus, registry, build)
  const ownProcess = processMetrics(prometheus, registry, clock)
  const counters = countersReader(options)
  const text = paced(
    async () => {
      const read = await counters()
      agent.show({
        ...options.reading(),
        conntrack: await readConntrackUsage(),
        counters: read,
      })
      await ownProcess()
      return Buffer.from(`${await registry.metrics()}\n${backendText(read?.backends ?? nothing)}`)
    },
    // what is dear in it, the counters, has a pace of its own
    { clock, least: TEXT_SERVES, timesCost: 0 },
  )
  return {
    observer,
    handler: async (): Promise<Reply> => ({ status: 200, type: registry.contentType, body: await text() }),
  }
}

/** The kernel's counters, as fresh as may be had in time; null: never yet. */
const countersReader = (options: MetricsOptions): (() => Promise<AgentReading['counters']>) => {
  const { settings, clock, log, frontends } = options
  const connections = new BackendConnections(settings.maxSeries)
  let latest: AgentReading['counters'] = null
  let told = false
  const read = paced(
    async () => {
      const named = await options.counters({ backends: settings.backends, dialled: true })
      if (named === null) return
      const backends = settings.backends ? connections.read(named.backends, frontends()) : nothing
      latest = { named: { ...named, backends: [] }, backends, at: clock.wall() }
      if (backends.dropped.series > 0 && !told)
        log.warn(
          { ...backends.dropped, maxSeries: settings.maxSeries },
          'not every Service has backend metrics: those with the most connections do; raise metrics.maxSeries for more',
        )
      told = backends.dropped.series > 0
    },
    { clock, least: COUNTERS_SERVE },
  )
  return async () => {
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const cancel = clock.after(COUNTERS_WITHIN, resolve)
    const failed = (error: unknown): void =>
      log.warn({ error: error instanceof Error ? error.message : String(error) }, 'the counters cannot be read')
    await Promise.race([read().catch(failed), late]).finally(cancel)
    return latest
  }
}
