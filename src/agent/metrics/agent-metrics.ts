import type { Registry } from 'prom-client'
import type { Counters } from '../../dataplane/plane.ts'
import type { PlaneStatus } from '../../dataplane/reconciler/status.ts'
import type { ConntrackUsage } from '../../kernel/conntrack-usage.ts'
import type { SourceStatus } from '../../sources/source.ts'
import { differenceKinds } from '../../inspect/compare.ts'
import type { BrakeStatus } from '../brake/status.ts'
import type { ShadowStatus } from '../shadow/status.ts'
import type { BackendReading } from './backend-series.ts'
import type { Prometheus } from './kube-proxy.ts'

/** What the agent knows when it is asked. null: not yet, or not here. */
export interface AgentReading {
  readonly plane: PlaneStatus | null
  readonly source: SourceStatus | null
  readonly brake: BrakeStatus | null
  readonly shadow: ShadowStatus | null
  readonly healthPorts: { readonly open: number; readonly closed: number }
  readonly problems: number
  readonly nodeEligible: boolean
  readonly conntrack: ConntrackUsage | null
  /** null: the counters could not be read in time */
  readonly counters: { readonly named: Counters; readonly backends: BackendReading; readonly at: number } | null
}

export interface AgentBuild {
  readonly version: string
  readonly plane: string
  /** of the kernel */
  readonly kernel: string
}

/** Metrics of ours; `show` puts a reading into them. What is null keeps its last value, or is not there. */
export const agentMetrics = (
  prometheus: Prometheus,
  registry: Registry,
  build: AgentBuild,
): { show(reading: AgentReading): void } => {
  const registers = [registry]
  const gauge = (name: string, help: string) => {
    const made = new prometheus.Gauge({ name: `evenkeel_${name}`, help, registers })
    return (value: number): void => made.set(value)
  }
  const total = (name: string, help: string) => {
    const made = new prometheus.Counter({ name: `evenkeel_${name}`, help, registers })
    return (value: number): void => {
      made.reset()
      made.inc(value)
    }
  }
  const byState = (name: string, help: string) => {
    const made = new prometheus.Gauge({ name: `evenkeel_${name}`, help, labelNames: ['state'], registers })
    return (values: Readonly<Record<string, number>>): void => {
      for (const [state, value] of Object.entries(values)) made.set({ state }, value)
    }
  }
  new prometheus.Gauge({
    name: 'evenkeel_build_info',
    help: 'Always 1; what runs here',
    labelNames: Object.keys(build),
    registers,
  }).set({ ...build }, 1)

  const plane = planeGauges({ gauge, total, byState })
  const source = {
    synced: gauge('source_synced', '1 when the source has delivered everything once'),
    stale: gauge('source_stale', '1 while the source is cut off: what is in force may be out of date'),
    current: gauge('source_last_current_timestamp_seconds', 'When all was last known to be up to date'),
    modified: gauge(
      'source_modified_timestamp_seconds',
      'When the newest of what the source holds was written, 0 unknown',
    ),
  }
  const brake = {
    engaged: gauge('brake_engaged', '1 while an update that would empty too much waits to be confirmed'),
    held: gauge('brake_held_frontends', 'Frontends that keep the backends they had'),
    engagedTotal: total('brake_engaged_total', 'How often the brake engaged'),
  }
  const shadow = shadowGauges(prometheus, registry)
  const health = byState('health_check_ports', 'healthCheckNodePorts of Services; closed: the port could not be had')
  const problems = gauge('input_problems', 'Faults of the input and conflicts between objects')
  const eligible = gauge('node_eligible', '0 while the node is being deleted: /healthz turns traffic away')
  const conntrack = {
    entries: gauge('conntrack_entries', 'Flows in the flow table of the kernel'),
    limit: gauge('conntrack_entries_limit', 'Flows that fit; beyond, new connections are dropped'),
  }
  const counters = {
    fallbacks: total('fallback_packets_total', 'Packets that met a change in flight and took the first backend'),
    missed: total('missed_packets_total', 'Packets that met a change in flight and were dropped'),
    age: gauge('counters_read_timestamp_seconds', 'When the counters of the kernel were read'),
    services: gauge(
      'backend_metrics_dropped_services',
      'Services without backend metrics because of metrics.maxSeries',
    ),
    series: gauge('backend_metrics_dropped_series', 'Time series left out because of metrics.maxSeries'),
  }
  return {
    show(reading) {
      if (reading.plane) plane(reading.plane)
      if (reading.source) {
        source.synced(Number(reading.source.synced))
        source.stale(Number(reading.source.stale))
        source.current(reading.source.since / 1_000)
        source.modified(reading.source.modified / 1_000)
      }
      brake.engaged(Number(reading.brake?.engaged ?? false))
      brake.held(reading.brake?.held.length ?? 0)
      brake.engagedTotal(reading.brake?.engagedTotal ?? 0)
      if (reading.shadow) shadow(reading.shadow)
      health(reading.healthPorts)
      problems(reading.problems)
      eligible(Number(reading.nodeEligible))
      if (reading.conntrack) {
        conntrack.entries(reading.conntrack.entries)
        conntrack.limit(reading.conntrack.limit)
      }
      if (reading.counters) {
        counters.fallbacks(reading.counters.named.fallbacks)
        counters.missed(reading.counters.named.missed)
        counters.age(reading.counters.at / 1_000)
        counters.services(reading.counters.backends.dropped.services)
        counters.series(reading.counters.backends.dropped.series)
      }
    },
  }
}

interface Makers {
  readonly gauge: (name: string, help: string) => (value: number) => void
  readonly total: (name: string, help: string) => (value: number) => void
  readonly byState: (name: string, help: string) => (values: Readonly<Record<string, number>>) => void
}

const planeGauges = ({ gauge, total, byState }: Makers): ((status: PlaneStatus) => void) => {
  const frontends = byState(
    'frontends',
    'Frontends by how they stand: in_sync, pending (on their way), failing (refused by the kernel), extra (to be removed), kept (as found at the start)',
  )
  const refused = gauge(
    'frontends_limited',
    'Frontends that this plane cannot serve as asked (evenkeel status names them)',
  )
  const strays = gauge('stray_objects', 'Objects in our tables that belong to nothing')
  const readable = gauge('kernel_readable', '0 while the rules in the kernel cannot be read')
  const lastChange = gauge('last_change_timestamp_seconds', 'When the kernel was last changed')
  const oldest = gauge(
    'oldest_pending_timestamp_seconds',
    'Since when the oldest frontend is not in force as planned, 0 none',
  )
  const transactions = total('transactions_total', 'Kernel transactions')
  const foreign = total('foreign_changes_total', 'Changes of our rules by somebody else')
  return (status) => {
    const failing = status.lagging.filter(({ state }) => state === 'failing').length
    frontends({
      in_sync: status.inSync,
      pending: status.lagging.length - failing,
      failing,
      extra: status.extra,
      kept: status.kept,
    })
    refused(status.refused.length)
    strays(status.strays)
    readable(Number(status.unreadable === ''))
    lastChange(status.lastChange / 1_000)
    oldest(status.lagging.reduce((least, { since }) => (least === 0 ? since : Math.min(least, since)), 0) / 1_000)
    transactions(status.transactions)
    foreign(status.foreignChanges)
  }
}

/** Only with `run --shadow`: without it they would say that nothing differs, where nothing was looked at. */
const shadowGauges = (prometheus: Prometheus, registry: Registry): ((status: ShadowStatus) => void) => {
  const make = () => {
    const registers = [registry]
    const gauge = (name: string, help: string, labelNames: readonly string[] = []) =>
      new prometheus.Gauge({ name: `evenkeel_shadow_${name}`, help, labelNames, registers })
    return {
      differences: gauge(
        'differences',
        'Frontends that the rules in force have served otherwise than planned for a while, by what differs first',
        ['kind'],
      ),
      settling: gauge('settling', 'Frontends that differ, but not for long yet'),
      unsure: gauge('unsure', 'Frontends whose rules hold something that is not understood'),
      compared: gauge('compared', 'Frontends that were compared'),
      planned: gauge('planned', 'Frontends that are planned'),
      read: gauge('rules_read_timestamp_seconds', 'When the rules in force were read, 0 never'),
      passed: gauge('pass_timestamp_seconds', 'When all frontends were last compared, 0 never'),
      readable: gauge('rules_readable', '0 while the rules in force cannot be read'),
    }
  }
  let gauges: ReturnType<typeof make> | null = null
  return ({ differences, settling, unsure, compared, frontends, rules }) => {
    gauges ??= make()
    for (const kind of differenceKinds)
      gauges.differences.set({ kind }, differences.filter((one) => one.kind === kind).length)
    gauges.settling.set(settling)
    gauges.unsure.set(unsure.length)
    gauges.compared.set(compared)
    gauges.planned.set(frontends)
    gauges.read.set(rules.read / 1_000)
    gauges.passed.set(rules.passed / 1_000)
    gauges.readable.set(Number(rules.unreadable === ''))
  }
}
