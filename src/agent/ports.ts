import type { Driver, PlaneName, PlaneObject } from '../dataplane/plane.ts'
import type { Frontend, FrontendKey } from '../model/frontend.ts'
import type { Node } from '../model/objects.ts'
import type { InputProblem } from '../model/snapshot.ts'
import type { Reconciler } from '../dataplane/reconciler/reconciler.ts'
import type { SourceStatus } from '../sources/source.ts'
import type { Store } from '../sources/store.ts'
import type { Clock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'
import type { BrakeStatus } from './brake/status.ts'
import type { ProxyConfig } from './config/config.ts'
import { healthCheckHosts } from './health/hosts.ts'
import { nodeEligibility } from './health/node-eligible.ts'
import { ProxyHealth } from './health/proxy-health.ts'
import { ServiceHealth } from './health/service-health.ts'
import { type Metrics, openMetrics } from './metrics/metrics.ts'
import type { AgentObserver } from './observer.ts'
import type { ShadowStatus } from './shadow/status.ts'
import { openServers, type Servers } from './servers.ts'
import { version } from './version.ts'

/** What the ports tell of, as it stands when they are asked. null: not yet. */
export interface PortsOptions {
  readonly config: ProxyConfig
  readonly plane: PlaneName
  /** release of the kernel */
  readonly kernel: string
  readonly clock: Clock
  readonly log: Log
  readonly store: Store
  readonly frontends: () => ReadonlyMap<FrontendKey, Frontend>
  readonly problems: () => readonly InputProblem[]
  readonly source: () => SourceStatus | null
  readonly brake: () => BrakeStatus | null
  /** absent: rules are written */
  readonly shadow?: () => ShadowStatus | null
  readonly running: () => {
    readonly reconciler: Reconciler<PlaneObject>
    readonly driver: Pick<Driver<PlaneObject>, 'counters'>
  } | null
  /** a Service's health check port cannot be opened */
  readonly onHealthPortFailed?: ((service: string, message: string) => void) | undefined
}

/** The node's ports: health, metrics, and those of Services. Disposing them closes all. */
export interface Ports extends AsyncDisposable {
  /** they must hear the agent before `open` */
  readonly observers: readonly AgentObserver[]
  /** health check ports that are not open */
  readonly problems: () => readonly InputProblem[]
  /** opens health and metrics; throws ListenError with `bindAddressHardFail` */
  readonly open: () => Promise<Servers>
}

export const preparePorts = async (options: PortsOptions): Promise<Ports> => {
  const { config, clock, log, store } = options
  const node = (): Node | undefined => store.snapshot.node(config.nodeName)
  const nodeEligible = nodeEligibility(node)
  const health = new ProxyHealth({
    clock,
    timeout: 2 * config.syncPeriod,
    nodeEligible,
    queued: () => options.running()?.reconciler.queued() ?? [],
  })
  const services = new ServiceHealth({
    clock,
    log,
    proxyHealthy: () => health.healthy(),
    ...(options.onHealthPortFailed ? { onFailed: options.onHealthPortFailed } : {}),
  })
  const reading = () => ({
    plane: options.running()?.reconciler.status() ?? null,
    source: options.source(),
    brake: options.brake(),
    shadow: options.shadow?.() ?? null,
    healthPorts: services.count(),
    problems: options.problems().length,
    nodeEligible: nodeEligible(),
  })
  const metrics =
    config.metricsBindAddress &&
    (await openMetrics({
      settings: config.metrics,
      build: { version: version(), plane: options.plane, kernel: options.kernel },
      clock,
      log,
      store,
      frontends: options.frontends,
      counters: (which) => options.running()?.driver.counters(which) ?? null,
      reading,
    }))
  return {
    observers: [healthObserver(health, services), ...observerOf(metrics)],
    problems: () =>
      services.problems().map(({ service, reason }) => ({
        where: '',
        object: `Service ${service}`,
        field: 'spec.healthCheckNodePort',
        message: reason,
      })),
    open: () => openServers({ config, plane: options.plane, health, metrics, clock, log }),
    [Symbol.asyncDispose]: () => services[Symbol.asyncDispose](),
  }
}

const observerOf = (metrics: Metrics | null): readonly AgentObserver[] => (metrics ? [metrics.observer] : [])

const healthObserver = (health: ProxyHealth, services: ServiceHealth): AgentObserver => ({
  node: (view) => {
    services.setHosts(healthCheckHosts(view))
    health.begin(view.families)
  },
  healthChecks: (checks) => services.update(checks),
  applied: (keys) => health.applied(keys),
})
