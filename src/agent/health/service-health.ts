import type { Server } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import type { ServiceKey } from '../../model/objects.ts'
import type { HealthCheck } from '../../routing/health.ts'
import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import { close, listen } from '../http/listen.ts'
import { httpServer, type Reply } from '../http/server.ts'

export interface ServiceHealthOptions {
  readonly clock: Clock
  readonly log: Log
  /** is this proxy itself fit? */
  readonly proxyHealthy: () => boolean
  /** where health check ports are open */
  readonly hosts?: readonly string[]
  /** a port that cannot be had, told once for each cause; it is tried again */
  readonly onFailed?: (service: ServiceKey, message: string) => void
}

/** A health check port that is not open. */
export interface ClosedPort {
  readonly service: ServiceKey
  readonly port: number
  readonly reason: string
}

/** One Service's port, on every host. */
interface Opening {
  readonly port: number
  readonly hosts: readonly string[]
  servers: readonly Server[]
  /** '' or why it is not open */
  problem: string
  attempts: number
  listening: boolean
  cancelRetry: (() => void) | null
  closed: boolean
}

/** ms until a port that could not be had is tried again: the first time, and at most */
const RETRY = { first: 1_000, most: 30_000 }

/**
 * `healthCheckNodePort`: a cloud's load balancer asks each node whether it has endpoints of the Service
 * (kube-proxy's pkg/proxy/healthcheck/service_health.go). A change costs the Services that it names.
 */
export class ServiceHealth implements AsyncDisposable {
  readonly #options: ServiceHealthOptions
  #hosts: readonly string[]
  readonly #checks = new Map<ServiceKey, HealthCheck>()
  readonly #openings = new Map<ServiceKey, Opening>()
  readonly #closing = new Set<Promise<unknown>>()

  constructor(options: ServiceHealthOptions) {
    this.#options = options
    this.#hosts = options.hosts ?? []
  }

  /** What a plan changed; null: gone. */
  update(changes: ReadonlyMap<ServiceKey, HealthCheck | null>): void {
    for (const [service, check] of changes) {
      const opening = this.#openings.get(service)
      if (check === null) this.#checks.delete(service)
      else this.#checks.set(service, check)
      if (opening?.port === check?.port) continue
      if (opening) this.#close(service, opening)
      if (check) this.#open(service, check.port)
    }
  }

  /** The node's addresses changed: ports move. */
  setHosts(hosts: readonly string[]): void {
    if (isDeepStrictEqual(hosts, this.#hosts)) return
    this.#hosts = hosts
    // what is opened anew stands at the end of the map again
    const before = Array.from(this.#openings)
    for (const [service, opening] of before) {
      this.#close(service, opening)
      this.#open(service, opening.port)
    }
  }

  /** How many ports are open, and how many are not. */
  count(): { readonly open: number; readonly closed: number } {
    let closed = 0
    for (const { problem } of this.#openings.values()) if (problem !== '') closed++
    return { open: this.#openings.size - closed, closed }
  }

  /** Ports that are not open, by Service. */
  problems(): readonly ClosedPort[] {
    const closed: ClosedPort[] = []
    for (const [service, { port, problem }] of this.#openings)
      if (problem !== '') closed.push({ service, port, reason: problem })
    return closed.sort((a, b) => (a.service < b.service ? -1 : 1))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const [service, opening] of this.#openings) this.#close(service, opening)
    await Promise.all(this.#closing)
  }

  #open(service: ServiceKey, port: number): void {
    const opening: Opening = {
      port,
      hosts: this.#hosts,
      servers: [],
      problem: '',
      attempts: 0,
      listening: false,
      cancelRetry: null,
      closed: false,
    }
    this.#openings.set(service, opening)
    void this.#listen(service, opening)
  }

  /** All hosts or none, so that no balancer hears two answers. */
  async #listen(service: ServiceKey, opening: Opening): Promise<void> {
    if (opening.listening || opening.closed) return
    opening.listening = true
    try {
      await this.#tryToListen(service, opening)
    } finally {
      opening.listening = false
    }
  }

  async #tryToListen(service: ServiceKey, opening: Opening): Promise<void> {
    const { port, hosts } = opening
    if (hosts.length === 0)
      return this.#fail(service, opening, new Error('no address of this node is in nodePortAddresses'))
    const servers = hosts.map(() => httpServer(() => this.#answer(service)))
    const results = await Promise.allSettled(
      servers.map((server, index) => listen(server, hostPort(hosts[index], port))),
    )
    const failed = results.find((result) => result.status === 'rejected')
    if (opening.closed || failed) await Promise.all(servers.map((server) => close(server)))
    if (opening.closed) return
    if (failed) return this.#fail(service, opening, failed.reason)
    if (opening.problem !== '') this.#options.log.info({ service, port }, 'a health check port is open now')
    opening.servers = servers
    opening.problem = ''
    opening.attempts = 0
  }

  #fail(service: ServiceKey, opening: Opening, error: unknown): void {
    const { clock, log, onFailed } = this.#options
    const message = error instanceof Error ? error.message : String(error)
    const wait = Math.min(RETRY.most, RETRY.first * 2 ** opening.attempts++)
    if (message !== opening.problem) {
      log.warn({ service, port: opening.port, error: message, retryMs: wait }, 'a health check port cannot be opened')
      onFailed?.(service, message)
    }
    opening.problem = message
    opening.cancelRetry = clock.after(wait, () => void this.#listen(service, opening))
  }

  #close(service: ServiceKey, opening: Opening): void {
    opening.closed = true
    opening.cancelRetry?.()
    this.#openings.delete(service)
    const closing = this.#closeServers(opening)
    this.#closing.add(closing)
    void closing.finally(() => this.#closing.delete(closing))
  }

  async #closeServers({ servers, port }: Opening): Promise<void> {
    await Promise.all(servers.map((server) => close(server)))
    this.#hurry(port)
  }

  /** The port is free now: who waited for it tries at once. */
  #hurry(port: number): void {
    for (const [service, opening] of this.#openings) {
      if (opening.port !== port || opening.problem === '') continue
      opening.cancelRetry?.()
      opening.attempts = 0
      void this.#listen(service, opening)
    }
  }

  #answer(service: ServiceKey): Reply {
    const count = this.#checks.get(service)?.localEndpoints ?? 0
    const healthy = this.#options.proxyHealthy()
    const [namespace = '', name = ''] = service.split('/')
    return {
      status: count > 0 && healthy ? 200 : 503,
      type: 'application/json',
      body: serviceHealthBody({ namespace, name, count, healthy }),
      headers: { 'X-Content-Type-Options': 'nosniff', 'X-Load-Balancing-Endpoint-Weight': String(count) },
    }
  }
}

/** To the byte what kube-proxy 1.36 writes (dedent turns its tabs into these). */
const serviceHealthBody = (of: {
  readonly namespace: string
  readonly name: string
  readonly count: number
  readonly healthy: boolean
}): string =>
  `{
	"service": {
		"namespace": "${of.namespace}",
		"name": "${of.name}"
	},
	"localEndpoints": ${of.count},
	"serviceProxyHealthy": ${of.healthy}
}`

const hostPort = (host: string | undefined, port: number): { host: string; port: number } => ({
  host: host ?? '',
  port,
})
