import type { PlaneName } from '../dataplane/plane.ts'
import type { Clock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'
import type { BindAddress, ProxyConfig } from './config/config.ts'
import type { ProxyHealth } from './health/proxy-health.ts'
import { goHost, type PersistentServer, listenPersistently } from './http/listen.ts'
import { type Handler, httpServer, plainText, routes } from './http/server.ts'
import type { Metrics } from './metrics/metrics.ts'

export interface ServersOptions {
  readonly config: Pick<ProxyConfig, 'healthzBindAddress' | 'metricsBindAddress' | 'bindAddressHardFail' | 'document'>
  readonly plane: PlaneName
  readonly health: ProxyHealth
  /** null with a metricsBindAddress of null */
  readonly metrics: Metrics | null
  readonly clock: Clock
  readonly log: Log
}

/** The node's ports, as kube-proxy has them. Without an address there is no server. */
export interface Servers extends AsyncDisposable {
  readonly healthz: PersistentServer | null
  readonly metrics: PersistentServer | null
}

/** Throws ListenError with `bindAddressHardFail`; else a port that is taken is waited for. */
export const openServers = async (options: ServersOptions): Promise<Servers> => {
  const { config, health, metrics } = options
  await using stack = new AsyncDisposableStack()
  const open = async (name: string, address: BindAddress | null, handler: Handler): Promise<PersistentServer | null> =>
    address &&
    stack.use(
      await listenPersistently({
        name,
        address: { ...address, host: goHost(address.host) },
        open: () => httpServer(handler),
        hardFail: config.bindAddressHardFail,
        clock: options.clock,
        log: options.log,
      }),
    )
  const healthz = await open('healthz', config.healthzBindAddress, healthRoutes(health, metrics))
  const served = metrics && (await open('metrics', config.metricsBindAddress, metricsRoutes(options, metrics)))
  const resources = stack.move()
  return { healthz, metrics: served, [Symbol.asyncDispose]: () => resources.disposeAsync() }
}

const healthRoutes = (health: ProxyHealth, metrics: Metrics | null): Handler => {
  const probe =
    (name: 'healthz' | 'livez'): Handler =>
    () => {
      const reply = health[name]()
      metrics?.observer.probed(name, reply.status)
      return reply
    }
  return routes({ '/healthz': probe('healthz'), '/livez': probe('livez') })
}

const metricsRoutes = ({ config, plane }: ServersOptions, metrics: Metrics): Handler =>
  routes({
    '/metrics': metrics.handler,
    '/proxyMode': () => plainText(plane),
    // that the server answers, and nothing else: k8s.io/apiserver's healthz with no checks
    '/healthz': () => plainText('ok'),
    '/configz': () => ({
      status: 200,
      type: 'application/json',
      body: JSON.stringify({ 'kubeproxy.config.k8s.io': config.document }),
      headers: { 'X-Content-Type-Options': 'nosniff' },
    }),
  })
