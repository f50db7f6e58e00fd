import type { FrontendKey } from '../../model/frontend.ts'
import { familyOfFrontend } from '../../model/frontend.ts'
import type { Family } from '../../model/objects.ts'
import type { Clock } from '../../util/clock.ts'
import type { Reply } from '../http/server.ts'

/** A change that is not in force. `''` is the node's own part, which both families need. */
export interface Queued {
  readonly key: FrontendKey
  /** when what is still to be tried was queued, ms since the epoch */
  readonly queuedAt: number
  /** failures of its own: one bad Service must not drain the node */
  readonly attempts: number
}

export interface ProxyHealthOptions {
  readonly clock: Clock
  /** ms: a change that waits longer makes its family unhealthy (twice the sync period) */
  readonly timeout: number
  /** false: the node is being deleted, or is gone */
  readonly nodeEligible: () => boolean
  /** what is not in force now */
  readonly queued: () => Iterable<Queued>
}

interface FamilyHealth {
  readonly lastUpdated: string
  readonly healthy: boolean
}

/**
 * Is this proxy fit, as kube-proxy's pkg/proxy/healthcheck/proxy_health.go tells it. Healthy until `begin`: what an API outage keeps from
 * being known is not waiting for the kernel.
 */
export class ProxyHealth {
  readonly #options: ProxyHealthOptions
  readonly #updated = new Map<Family, number>()
  /** null: nothing was planned yet */
  #began: number | null = null

  constructor(options: ProxyHealthOptions) {
    this.#options = options
  }

  /** The first plan is handed on: from now on changes of these families must come into force. */
  begin(families: readonly Family[]): void {
    const now = this.#options.clock.wall()
    this.#began ??= now
    for (const family of families) this.#updated.set(family, this.#updated.get(family) ?? now)
  }

  /** These are in force. */
  applied(keys: readonly FrontendKey[]): void {
    const now = this.#options.clock.wall()
    for (const family of new Set(keys.map(familyOfFrontend))) this.#updated.set(family, now)
  }

  healthy(): boolean {
    return this.#late().size === 0
  }

  /** `/healthz`: may this node get traffic? */
  healthz(): Reply {
    return this.#reply(this.#options.nodeEligible())
  }

  /** `/livez`: does this process work? It goes on while its node is drained. */
  livez(): Reply {
    return this.#reply(null)
  }

  #reply(nodeEligible: boolean | null): Reply {
    const late = this.#late()
    const healthy = late.size === 0
    const good = healthy && nodeEligible !== false
    const now = new Date(this.#options.clock.wall()).toISOString()
    const body = {
      lastUpdated: good ? now : this.#lastUpdated(),
      currentTime: now,
      ...(nodeEligible === null ? {} : { nodeEligible }),
      healthy,
      ...this.#status(late),
    }
    return {
      status: good ? 200 : 503,
      type: 'application/json',
      body: JSON.stringify(body),
      headers: { 'X-Content-Type-Options': 'nosniff' },
    }
  }

  /** Families of which a change waits for too long. */
  #late(): ReadonlySet<Family> {
    const late = new Set<Family>()
    if (this.#began === null) return late
    const { clock, timeout, queued } = this.#options
    const limit = clock.wall() - timeout
    if (this.#began > limit) return late
    for (const { key, queuedAt, attempts } of queued()) {
      if (queuedAt > limit || (attempts > 0 && key !== '')) continue
      if (key !== '') late.add(familyOfFrontend(key))
      else for (const family of this.#updated.keys()) late.add(family)
    }
    return late
  }

  #lastUpdated(): string {
    // Go's zero time, as kube-proxy says it before its first sync
    if (this.#updated.size === 0) return '0001-01-01T00:00:00Z'
    return new Date(Math.max(...this.#updated.values())).toISOString()
  }

  #status(late: ReadonlySet<Family>): { readonly status?: Readonly<Record<string, FamilyHealth>> } {
    if (this.#updated.size === 0) return {}
    const families = [...this.#updated].sort(([a], [b]) => (a < b ? -1 : 1))
    const status = families.map(([family, updated]) => [
      family,
      { lastUpdated: new Date(updated).toISOString(), healthy: !late.has(family) },
    ])
    return { status: Object.fromEntries(status) as Record<string, FamilyHealth> }
  }
}
