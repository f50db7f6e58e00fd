import type { InputProblem } from '../../model/snapshot.ts'
import type { Source, SourceContext, SourceStatus } from '../source.ts'
import type { ObjectId } from '../objects.ts'
import type { Store } from '../store.ts'
import { type ApiClient, type ClientOptions, connect } from './client.ts'
import { Handover } from './handover.ts'
import { Reflector } from './reflector.ts'
import { type Resource, resourcesOf, type Scope } from './resources.ts'
import { Troubles } from './troubles.ts'

export interface KubernetesOptions extends SourceContext, Scope {
  readonly client: ClientOptions
  /** ms that a Service which leaves `proxyName` for another proxy is still served, default 0: not at all */
  readonly handover?: number
  /** ms that being in sync waits for the Node's object to come to be, default 5,000 */
  readonly nodeWaitMs?: number
}

export interface KubernetesSource extends Source {
  readonly client: ApiClient
}

/**
 * Keeps `store` at what the API server says: Services, EndpointSlices, ServiceCIDRs and this Node. An API server that cannot be
 * reached changes nothing. Rejects with a KubeconfigError for what no waiting heals.
 */
export const openKubernetes = async (store: Store, options: KubernetesOptions): Promise<KubernetesSource> =>
  new FollowedCluster(store, await connect(options.client), options)

/** ms without events after which what is in force may be out of date: a watch that ends goes on sooner */
const staleAfter = 2_000

class FollowedCluster implements KubernetesSource {
  readonly name: string
  readonly client: ApiClient
  readonly synced: Promise<void>

  readonly #options: KubernetesOptions
  readonly #store: Store
  readonly #reflectors: readonly Reflector[]
  readonly #troubles: Troubles
  readonly #handover: Handover | null
  readonly #ending = new AbortController()
  readonly #closed: Promise<unknown>
  readonly #sync = Promise.withResolvers<void>()
  readonly #unsubscribe: () => void
  #synced = false
  #cancelNodeWait: (() => void) | null = null
  #modified = 0
  #revision = 0

  constructor(store: Store, client: ApiClient, options: KubernetesOptions) {
    this.name = `kubernetes:${client.server}`
    this.client = client
    this.#store = store
    this.#options = options
    this.#troubles = new Troubles(this.name, options.log, options.clock)
    this.synced = this.#sync.promise
    this.synced.catch(() => {})
    this.#unsubscribe = store.subscribe(({ nodes }) => {
      this.#modified = options.clock.wall()
      if (nodes.size > 0) this.#look()
    })
    const { clock, log, random, signal, proxyName, handover: keepMs = 0 } = options
    const remove = (id: ObjectId): void => store.remove(id)
    this.#handover = proxyName !== '' && keepMs > 0 ? new Handover({ client, clock, log, keepMs, remove }) : null
    const handoverOf = ({ kind }: Resource): Handover | null => (kind === 'Service' ? this.#handover : null)
    this.#reflectors = resourcesOf(options).map(
      (resource) =>
        new Reflector(resource, {
          client,
          store,
          clock,
          log,
          random,
          handover: handoverOf(resource),
          onChange: () => this.#look(),
        }),
    )
    const end = (): void => this.#ending.abort(signal?.reason)
    if (signal?.aborted) end()
    signal?.addEventListener('abort', end, { signal: this.#ending.signal })
    this.#closed = Promise.all(this.#reflectors.map((reflector) => reflector.run(this.#ending.signal)))
    this.#ending.signal.addEventListener('abort', () => this.#sync.reject(this.#ending.signal.reason))
  }

  status(): SourceStatus {
    const essential = this.#reflectors.filter((reflector) => !isDispensable(reflector))
    const since = Math.min(...essential.map(({ followedAt }) => followedAt))
    const stale = this.#synced && since < this.#options.clock.wall() - staleAfter
    const [problem] = this.#messages()
    return {
      synced: this.#synced,
      stale,
      since,
      modified: this.#modified,
      ...(problem === undefined ? {} : { problem }),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(new Error('the source is closed'))
    await this.#closed
    this.#handover?.[Symbol.dispose]()
    this.#unsubscribe()
    this.#cancelNodeWait?.()
    this.client[Symbol.dispose]()
  }

  #look(): void {
    if (this.#ending.signal.aborted) return
    if (this.#reflectors.some(({ following }) => following))
      for (const reflector of this.#reflectors) reflector.retrySoon()
    this.#troubles.set(this.#messages())
    this.#report()
    if (!this.#synced && this.#reflectors.every((reflector) => reflector.listed || isDispensable(reflector)))
      this.#complete()
  }

  /** Everything is there but perhaps the Node, which may be about to register. */
  #complete(): void {
    if (this.#hasNode()) this.#settle()
    else this.#cancelNodeWait ??= this.#options.clock.after(this.#options.nodeWaitMs ?? 5_000, () => this.#settle())
  }

  #settle(): void {
    this.#cancelNodeWait?.()
    this.#synced = true
    this.#sync.resolve()
    this.#troubles.set(this.#messages())
  }

  #hasNode(): boolean {
    return this.#store.snapshot.node(this.#options.nodeName) !== undefined
  }

  /** What is wrong with the source as a whole, the worst first. */
  #messages(): string[] {
    const failing = this.#reflectors.filter(({ failure }) => failure !== null)
    const worst = failing.sort((a, b) => Number(isDispensable(a)) - Number(isDispensable(b)))
    const messages = worst.map((reflector) => {
      const message = reflector.failure?.message ?? ''
      return isDispensable(reflector) ? `${message}; the rest goes on without` : message
    })
    if (this.#synced && !this.#hasNode()) messages.push(this.#noNode())
    return [...new Set(messages)]
  }

  #noNode(): string {
    const { nodeName } = this.#options
    return `there is no Node ${JSON.stringify(nodeName)} in the cluster: give this Node's name (--node, hostnameOverride); until then its zone, pod CIDRs and order of addresses are unknown`
  }

  #report(): void {
    const revision = this.#reflectors.reduce((sum, { records }) => sum + records.revision, 0)
    if (revision === this.#revision) return
    this.#revision = revision
    const problems = this.#reflectors.flatMap(({ records }) => records.problems())
    this.#options.onProblems(problems.sort(byObject))
  }
}

/** A resource that others go on without: the server has none, or does not let us read it. */
const isDispensable = ({ resource, failure, listed }: Reflector): boolean =>
  resource.optional && !listed && failure !== null && (failure.status === 404 || failure.status === 403)

const byObject = (a: InputProblem, b: InputProblem): number =>
  a.object < b.object ? -1 : a.object > b.object ? 1 : a.field < b.field ? -1 : 1
