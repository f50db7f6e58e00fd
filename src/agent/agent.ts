import { Reconciler } from '../dataplane/reconcile.ts'
import type { Driver, PlaneName, PlaneObject } from '../dataplane/plane.ts'
import type { Verification } from '../dataplane/reconcile-status.ts'
import { loadPlane, openDriver } from '../dataplane/registry.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { NodeView } from '../model/node-view.ts'
import type { InputProblem, SnapshotChange } from '../model/snapshot.ts'
import { type PlanChange, Planner } from '../routing/planner.ts'
import { type Manifests, openManifests } from '../sources/manifests.ts'
import { Store } from '../sources/store.ts'
import { type Clock, systemClock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'
import type { ProxyConfig } from './config.ts'
import { openControl, type StatusRequest } from './control.ts'
import { liveNodeView } from './live-node.ts'
import { StaleFlows } from './stale-flows.ts'
import { type AgentStatus, isInSync, planeReport } from './status.ts'

export interface AgentOptions {
  readonly config: ProxyConfig
  readonly plane: PlaneName
  /** directory of manifests */
  readonly manifests: string
  readonly kernel: Kernel
  readonly log: Log
  /** ends the start; a started agent is ended by disposing it */
  readonly signal?: AbortSignal
  readonly clock?: Clock
  readonly random?: () => number
  /** answer `evenkeel status` and keep a second agent out of this network namespace, default true */
  readonly control?: boolean
}

/** Keeps this node's kernel at what the sources say. Disposing it leaves the kernel as it is. */
export interface Agent extends AsyncDisposable {
  status(request: Omit<StatusRequest, 'request'>): Promise<AgentStatus>
  /** resolves when every frontend is in force or has failed by itself */
  settled(): Promise<void>
}

/** ms that a reading of the kernel answers further questions */
const VERIFIED_FOR = 500
/** ms to wait for a reading of the kernel before the status is told without */
const VERIFY_WITHIN = 5_000
/** ms that changes of addresses gather: they come one by one when an interface is set up */
const ADDRESSES_GATHER = 100

/** Composition root of `run`. Resolves when the sources were read once and their plan was handed on. */
export const startAgent = async (options: AgentOptions): Promise<Agent> => {
  await using stack = new AsyncDisposableStack()
  const agent = new RunningAgent(options, stack)
  await agent.start()
  const resources = stack.move()
  return {
    status: (request) => agent.status(request),
    settled: () => agent.settled(),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

class RunningAgent {
  readonly #options: AgentOptions
  readonly #stack: AsyncDisposableStack
  readonly #clock: Clock
  readonly #log: Log
  readonly #store = new Store()
  #addresses: readonly string[] = []
  #node: NodeView
  readonly #planner: Planner
  #manifests: Manifests | null = null
  #driver: Driver<PlaneObject> | null = null
  #reconciler: Reconciler<PlaneObject> | null = null
  #staleFlows: StaleFlows | null = null
  #verification: { readonly asked: number; readonly found: Promise<Verification | null> } | null = null
  #problems: readonly InputProblem[] = []
  #cancelAddresses: (() => void) | null = null

  constructor(options: AgentOptions, stack: AsyncDisposableStack) {
    this.#options = options
    this.#stack = stack
    this.#clock = options.clock ?? systemClock
    this.#log = options.log
    this.#node = this.#viewNode()
    this.#planner = new Planner(this.#node)
  }

  async start(): Promise<void> {
    const { kernel, plane, config, control = true } = this.#options
    if (control) this.#stack.use(await openControl((request) => this.status(request)))
    const addresses = this.#stack.use(await kernel.addresses((current) => this.#onAddresses(current)))
    this.#stack.defer(() => this.#cancelAddresses?.())
    this.#addresses = addresses.current
    this.#driver = this.#stack.use(await openDriver(plane, kernel, { log: this.#log }))
    const conntrack = this.#stack.use(await kernel.conntrack(this.#log))
    await this.#readSources()
    this.#node = this.#viewNode()
    const plan = this.#planner.sync(this.#store.snapshot, this.#node)
    const reconciler = await this.#reconcile(this.#driver)
    const staleFlows = new StaleFlows({
      conntrack,
      clock: this.#clock,
      log: this.#log,
      isPending: (key) => reconciler.isPending(key),
    })
    this.#staleFlows = this.#stack.use(staleFlows)
    this.#hand(plan)
    reconciler.sourcesComplete()
    this.#stack.defer(this.#store.subscribe((change) => this.#onChange(change)))
    const services = plan.frontends.size
    this.#log.info({ node: config.nodeName, plane, frontends: services, kernel: kernel.release }, 'the plan is made')
  }

  async settled(): Promise<void> {
    await this.#reconciler?.settled()
  }

  async status({ verify, counters }: Omit<StatusRequest, 'request'>): Promise<AgentStatus> {
    const { manifests, config } = this.#options
    const source = {
      name: `manifests:${manifests}`,
      synced: this.#reconciler !== null,
      modified: this.#manifests?.modified() ?? 0,
    }
    const problems = [...this.#problems, ...this.#planner.problems()].sort(byObject)
    const reconciler = this.#reconciler
    if (!reconciler) return { node: config.nodeName, agent: true, inSync: false, source, planes: [], problems }
    const verification = verify ? await this.#verify(reconciler) : null
    const report = planeReport(reconciler.status(), verification)
    const counted = counters ? await this.#driver?.counters() : undefined
    const planes = [counted ? { ...report, counters: counted } : report]
    return { node: config.nodeName, agent: true, inSync: planes.every(isInSync), source, planes, problems }
  }

  /** Many who ask at once cost one reading. null: the kernel cannot be read. */
  #verify(reconciler: Reconciler<PlaneObject>): Promise<Verification | null> {
    const now = this.#clock.now()
    if (this.#verification && now - this.#verification.asked < VERIFIED_FOR) return this.#verification.found
    const { promise: late, resolve } = Promise.withResolvers<null>()
    const cancel = this.#clock.after(VERIFY_WITHIN, () => resolve(null))
    const found = Promise.race([reconciler.verify(), late]).finally(cancel)
    this.#verification = { asked: now, found }
    return found
  }

  async #readSources(): Promise<void> {
    const stop = new AbortController()
    const { signal } = this.#options
    signal?.addEventListener('abort', () => stop.abort(signal.reason), { once: true })
    const manifests = openManifests(this.#options.manifests, this.#store, {
      signal: stop.signal,
      log: this.#log,
      onProblems: (problems) => this.#onProblems(problems),
    })
    this.#manifests = manifests
    this.#stack.defer(async () => {
      stop.abort()
      await manifests.closed
    })
    await manifests.synced
  }

  async #reconcile(driver: Driver<PlaneObject>): Promise<Reconciler<PlaneObject>> {
    const reconciler = new Reconciler({
      plane: await loadPlane(this.#options.plane),
      driver,
      node: this.#node,
      clock: this.#clock,
      log: this.#log,
      random: this.#options.random ?? Math.random,
      onApplied: () => this.#staleFlows?.applied(),
    })
    this.#reconciler = this.#stack.use(reconciler)
    return reconciler
  }

  #onChange(change: SnapshotChange, addressesChanged = false): void {
    const concernsNode = addressesChanged || change.serviceCIDRs || change.nodes.has(this.#options.config.nodeName)
    const node = concernsNode ? this.#viewNode() : this.#node
    const plan = this.#planner.update(this.#store.snapshot, change, node)
    if (node !== this.#node && !sameView(node, this.#node)) this.#reconciler?.setNode(node)
    this.#node = node
    this.#hand(plan)
  }

  #hand({ frontends, staleFlows }: PlanChange): void {
    if (frontends.size > 0) this.#reconciler?.update(frontends)
    if (staleFlows.length > 0) this.#staleFlows?.add(staleFlows)
  }

  #onAddresses(addresses: readonly string[]): void {
    this.#addresses = addresses
    this.#cancelAddresses ??= this.#clock.after(ADDRESSES_GATHER, () => {
      this.#cancelAddresses = null
      if (this.#reconciler) this.#onChange({ services: new Set(), nodes: new Set(), serviceCIDRs: false }, true)
    })
  }

  #onProblems(problems: readonly InputProblem[]): void {
    const known = new Set(this.#problems.map((problem) => JSON.stringify(problem)))
    for (const problem of problems)
      if (!known.has(JSON.stringify(problem))) this.#log.warn(problem, 'a fault in the input')
    this.#problems = problems
  }

  #viewNode(): NodeView {
    return liveNodeView(this.#options.config, this.#store.snapshot, this.#addresses)
  }
}

const sameView = (a: NodeView, b: NodeView): boolean => JSON.stringify(a) === JSON.stringify(b)

const byObject = (a: InputProblem, b: InputProblem): number => {
  const x = `${a.object} ${a.field} ${a.where} ${a.message}`
  const y = `${b.object} ${b.field} ${b.where} ${b.message}`
  return x < y ? -1 : x > y ? 1 : 0
}
