import type * as prom from 'prom-client'
import type { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { SyncRound } from '../../dataplane/reconciler/options.ts'
import { familyOfFrontend, type Frontend, type FrontendKey } from '../../model/frontend.ts'
import type { Family } from '../../model/objects.ts'
import type { Store } from '../../sources/store.ts'
import type { Clock } from '../../util/clock.ts'
import type { AgentObserver } from '../observer.ts'
import type { FlowPass } from '../stale-flows.ts'
import { noLocalEndpoints } from './no-local-endpoints.ts'
import { PendingServices, type Trigger } from './pending-services.ts'

/** The library, which is loaded when metrics are asked for. */
export type Prometheus = typeof prom

export interface KubeProxyMetricsOptions {
  readonly prometheus: Prometheus
  readonly registry: Registry
  readonly clock: Clock
  readonly store: Pick<Store, 'changes'>
  readonly frontends: () => Iterable<Frontend>
}

/** What kube-proxy 1.36 counts (pkg/proxy/metrics/metrics.go, nftables mode): names, labels, types, buckets and meaning. */
export interface KubeProxyMetrics extends AgentObserver {
  probed(probe: 'healthz' | 'livez', status: number): void
  cleanupFailed(): void
  flowsReconciled(pass: FlowPass): void
}

const families: readonly Family[] = ['IPv4', 'IPv6']

export const kubeProxyMetrics = (options: KubeProxyMetricsOptions): KubeProxyMetrics => {
  const { clock } = options
  const metrics = syncMetrics(options)
  const probes = probeMetrics(options)
  const conntrack = conntrackMetrics(options)
  const latency = programmingLatency(options)
  const pending = new PendingServices({
    startedAt: clock.wall(),
    onProgrammed: (triggers) => latency(triggers),
  })
  changeMetrics(options, pending)
  return {
    changed: (change, snapshot) => pending.changed(change, snapshot),
    planned: (plan, first) => {
      if (!first) pending.planned(plan.frontends, plan.before)
    },
    queued: (frontends) => metrics.queued(familiesOf(frontends.keys())),
    applied: (keys) => pending.applied(keys),
    synced: (round) => metrics.synced(round),
    probed: (probe, status) => probes[probe].inc({ code: status }),
    cleanupFailed: () => metrics.cleanupFailed(),
    flowsReconciled: (pass) => conntrack(pass),
  }
}

const syncMetrics = ({ prometheus, registry, clock }: KubeProxyMetricsOptions) => {
  const { Counter, Gauge, Histogram, exponentialBuckets } = prometheus
  const registers = [registry]
  const labelNames = ['ip_family'] as const
  const buckets = exponentialBuckets(0.001, 2, 15)
  const duration = (name: string, help: string): Histogram<'ip_family'> =>
    new Histogram({ name, help, labelNames, buckets, registers })
  const timestamp = (name: string, help: string): Gauge<'ip_family'> => new Gauge({ name, help, labelNames, registers })
  const failures = (name: string, help: string): Counter<'ip_family'> => {
    const counter = new Counter({ name, help, labelNames, registers })
    for (const family of families) counter.inc({ ip_family: family }, 0)
    return counter
  }
  const all = duration('kubeproxy_sync_proxy_rules_duration_seconds', 'SyncProxyRules latency in seconds')
  const full = duration(
    'kubeproxy_sync_full_proxy_rules_duration_seconds',
    'SyncProxyRules latency in seconds for full resyncs',
  )
  const partial = duration(
    'kubeproxy_sync_partial_proxy_rules_duration_seconds',
    'SyncProxyRules latency in seconds for partial resyncs',
  )
  const last = timestamp(
    'kubeproxy_sync_proxy_rules_last_timestamp_seconds',
    'The last time proxy rules were successfully synced',
  )
  const lastQueued = timestamp(
    'kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds',
    'The last time a sync of proxy rules was queued',
  )
  const syncFailures = failures(
    'kubeproxy_sync_proxy_rules_nftables_sync_failures_total',
    'Cumulative proxy nftables sync failures',
  )
  const cleanupFailures = failures(
    'kubeproxy_sync_proxy_rules_nftables_cleanup_failures_total',
    'Cumulative proxy nftables cleanup failures',
  )
  const seconds = (): number => clock.wall() / 1_000
  return {
    queued: (touched: ReadonlySet<Family>): void => {
      for (const family of touched) lastQueued.set({ ip_family: family }, seconds())
    },
    synced: (round: SyncRound): void => {
      for (const family of familiesOf(round.keys)) {
        const labels = { ip_family: family }
        all.observe(labels, round.ms / 1_000)
        ;(round.full ? full : partial).observe(labels, round.ms / 1_000)
        if (round.failures > 0) syncFailures.inc(labels, round.failures)
        else last.set(labels, seconds())
      }
    },
    // a transaction removes what it finds, of both families
    cleanupFailed: (): void => families.forEach((family) => cleanupFailures.inc({ ip_family: family })),
  }
}

const probeMetrics = ({ prometheus, registry }: KubeProxyMetricsOptions) => {
  const counter = (name: string, help: string): Counter<'code'> => {
    const made = new prometheus.Counter({ name, help, labelNames: ['code'], registers: [registry] })
    for (const code of ['200', '503']) made.inc({ code }, 0)
    return made
  }
  return {
    healthz: counter('kubeproxy_proxy_healthz_total', 'Cumulative proxy healthz HTTP status'),
    livez: counter('kubeproxy_proxy_livez_total', 'Cumulative proxy livez HTTP status'),
  }
}

const conntrackMetrics = ({ prometheus, registry }: KubeProxyMetricsOptions): ((pass: FlowPass) => void) => {
  const registers = [registry]
  const labelNames = ['ip_family'] as const
  const duration = new prometheus.Histogram({
    name: 'kubeproxy_conntrack_reconciler_sync_duration_seconds',
    help: 'ReconcileConntrackFlowsLatency latency in seconds',
    labelNames,
    buckets: prometheus.exponentialBuckets(0.001, 2, 15),
    registers,
  })
  const deleted = new prometheus.Counter({
    name: 'kubeproxy_conntrack_reconciler_deleted_entries_total',
    help: 'Cumulative conntrack flows deleted by conntrack reconciler',
    labelNames,
    registers,
  })
  for (const family of families) deleted.inc({ ip_family: family }, 0)
  return (pass) => {
    duration.observe({ ip_family: pass.family }, pass.ms / 1_000)
    deleted.inc({ ip_family: pass.family }, pass.deleted)
  }
}

const programmingLatency = (options: KubeProxyMetricsOptions): ((triggers: readonly Trigger[]) => void) => {
  const { prometheus, registry, clock } = options
  const { linearBuckets } = prometheus
  const latency = new prometheus.Histogram({
    name: 'kubeproxy_network_programming_duration_seconds',
    help: 'In Cluster Network Programming Latency in seconds',
    labelNames: ['ip_family'],
    buckets: [
      ...linearBuckets(0.25, 0.25, 2),
      ...linearBuckets(1, 1, 59),
      ...linearBuckets(60, 5, 12),
      ...linearBuckets(120, 30, 7),
    ],
    registers: [registry],
  })
  return (triggers) => {
    const now = clock.wall()
    // the control plane's clock may be ahead of ours
    for (const { family, at } of triggers) latency.observe({ ip_family: family }, Math.max(0, now - at) / 1_000)
  }
}

/** Read when somebody asks. */
const changeMetrics = (options: KubeProxyMetricsOptions, pending: PendingServices): void => {
  const { prometheus, registry, store, frontends } = options
  const { Counter, Gauge } = prometheus
  const total = (name: string, help: string, read: () => number): void => {
    const counter = new Counter({
      name,
      help,
      registers: [],
      collect() {
        this.reset()
        this.inc(read())
      },
    })
    registry.registerMetric(counter)
  }
  const gauge = (name: string, help: string, read: () => number): void => {
    const made = new Gauge({
      name,
      help,
      registers: [],
      collect() {
        this.set(read())
      },
    })
    registry.registerMetric(made)
  }
  const prefix = 'kubeproxy_sync_proxy_rules'
  gauge(`${prefix}_endpoint_changes_pending`, 'Pending proxy rules Endpoint changes', () => pending.count().endpoints)
  total(
    `${prefix}_endpoint_changes_total`,
    'Cumulative proxy rules Endpoint changes',
    () => store.changes.EndpointSlice,
  )
  gauge(`${prefix}_service_changes_pending`, 'Pending proxy rules Service changes', () => pending.count().services)
  total(`${prefix}_service_changes_total`, 'Cumulative proxy rules Service changes', () => store.changes.Service)
  const noLocal = new Gauge({
    name: `${prefix}_no_local_endpoints_total`,
    help: 'Number of services with a Local traffic policy and no endpoints',
    labelNames: ['traffic_policy', 'ip_family'],
    registers: [],
    collect() {
      for (const { policy, family, count } of noLocalEndpoints(frontends()))
        this.set({ traffic_policy: policy, ip_family: family }, count)
    },
  })
  registry.registerMetric(noLocal)
}

/** The node's own part ('') concerns both. */
const familiesOf = (keys: Iterable<FrontendKey>): ReadonlySet<Family> => {
  const found = new Set<Family>()
  for (const key of keys) {
    if (key !== '') found.add(familyOfFrontend(key))
    else for (const family of families) found.add(family)
    if (found.size === families.length) break
  }
  return found
}
