import { setImmediate as nextTurn } from 'node:timers/promises'
import type { RawObject } from '../../dataplane/conformance/case.ts'
import type { Counters, Driver, Plane, PlaneName, PlaneObject } from '../../dataplane/plane.ts'
import { Reconciler } from '../../dataplane/reconciler/reconciler.ts'
import { loadPlane, openDriver } from '../../dataplane/registry.ts'
import { type KernelOptions, openKernel } from '../../kernel/index.ts'
import type { FrontendKey } from '../../model/frontend.ts'
import { nodeView, type NodeSettings, plainSettings } from '../../routing/node-view.ts'
import { type PlanChange, Planner } from '../../routing/planner.ts'
import { type ClusterObject, parseObject } from '../../sources/objects.ts'
import { Store } from '../../sources/store.ts'
import { systemClock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import { type Meter, metered, since } from './meter.ts'
import { POD_CIDR } from './objects.ts'

/** `ms`: from the event to the last acknowledgement; `writes`: operations sent, each element of a set counted */
export interface Measured extends Meter {
  readonly ms: number
  /** CPU time of the agent's process: netlink is worked off inside `send`, so the kernel's part is in `systemMs` */
  readonly userMs: number
  readonly systemMs: number
}

export interface MeasuredAgentOptions {
  readonly log: Log
  /** default: as the namespace uses it already */
  readonly kernel?: KernelOptions
}

const settings: NodeSettings = {
  ...plainSettings,
  nodeName: 'node-0',
  clusterCIDRs: [POD_CIDR],
}

/** The agent under measurement, of this process's network namespace: store → planner → reconciler → driver, as `run` has them, and a stopwatch. */
export class MeasuredAgent {
  readonly #store = new Store()
  readonly #plane: Plane<PlaneObject>
  readonly #driver: Driver<PlaneObject>
  readonly #meter: () => Meter
  readonly #log: Log
  readonly #waiting = new Set<FrontendKey>()
  #applied = (): void => {}
  #planner: Planner | null = null
  #reconciler: Reconciler<PlaneObject> | null = null
  #change: Promise<void> = Promise.resolve()

  private constructor(plane: Plane<PlaneObject>, driver: Driver<PlaneObject>, meter: () => Meter, log: Log) {
    this.#plane = plane
    this.#driver = driver
    this.#meter = meter
    this.#log = log
    this.#store.subscribe((change) => {
      if (this.#planner) this.#change = this.#inForce(this.#planner.update(this.#store.snapshot, change))
    })
  }

  static async open(name: PlaneName, { log, kernel: options }: MeasuredAgentOptions): Promise<MeasuredAgent> {
    const { kernel, read } = metered(await openKernel(options))
    return new MeasuredAgent(await loadPlane(name), await openDriver(name, kernel, { log }), read, log)
  }

  load(objects: Iterable<RawObject>): void {
    this.#put(this.#parse(objects))
  }

  /** The first full sync, of what was loaded. */
  sync(): Promise<Measured> {
    return this.#measure(() => this.#sync())
  }

  change(slice: RawObject): Promise<Measured> {
    const objects = this.#parse([slice])
    return this.#measure(async () => {
      this.#put(objects)
      await this.#change
    })
  }

  /** Until nothing is left to do, removals of what lingers included. Throws where something is not in force. */
  settle(): Promise<Measured> {
    return this.#measure(() => this.#settle())
  }

  counters(): Promise<Counters> {
    return this.#driver.counters()
  }

  /** Everything that is to be in the kernel, by key. Reading it back would take some kernels minutes. */
  planned(): ReadonlyMap<string, PlaneObject> {
    const node = this.#planner?.node ?? nodeView(settings, this.#store.snapshot)
    const programs = [this.#plane.base(node)]
    for (const frontend of this.#planner?.frontends.values() ?? []) programs.push(this.#plane.compile(frontend, node))
    return new Map(programs.flatMap(({ objects }) => objects.map((object) => [object.key, object])))
  }

  /** Rules that are to be in the kernel. */
  plannedRules(): number {
    let rules = 0
    for (const object of this.planned().values()) rules += this.#plane.ruleCount?.(object) ?? 1
    return rules
  }

  /** The kernel keeps what it has. */
  async stop(): Promise<void> {
    await this.#reconciler?.[Symbol.asyncDispose]()
    await this.#driver[Symbol.asyncDispose]()
  }

  #parse(objects: Iterable<RawObject>): readonly ClusterObject[] {
    return Array.from(objects, (raw) => {
      const { object, problems } = parseObject(raw, () => 'generator', this.#store.intern)
      if (!object || problems.length > 0) throw new Error(`the generator made ${JSON.stringify(problems)}`)
      return object
    })
  }

  #put(objects: readonly ClusterObject[]): void {
    this.#store.batch(() => {
      for (const object of objects) this.#store.put(object)
    })
  }

  async #sync(): Promise<void> {
    const node = nodeView(settings, this.#store.snapshot)
    this.#planner = new Planner(node)
    this.#reconciler = new Reconciler({
      plane: this.#plane,
      driver: this.#driver,
      node,
      clock: systemClock,
      log: this.#log,
      random: Math.random,
      onApplied: (keys) => {
        for (const key of keys) this.#waiting.delete(key)
        if (this.#waiting.size === 0) this.#applied()
      },
    })
    let inForce: Promise<void> = Promise.resolve()
    const { snapshot } = this.#store
    const whole = this.#driver.indivisible ?? false
    for (const part of whole ? [this.#planner.sync(snapshot)] : this.#planner.syncInParts(snapshot)) {
      inForce = this.#inForce(part)
      await nextTurn()
    }
    this.#reconciler.sourcesComplete()
    await inForce
  }

  #inForce(change: PlanChange): Promise<void> {
    for (const key of change.frontends.keys()) this.#waiting.add(key)
    return new Promise((resolve) => {
      this.#applied = resolve
      this.#reconciler?.update(change.frontends)
      if (this.#waiting.size === 0) resolve()
    })
  }

  async #settle(): Promise<void> {
    await this.#reconciler?.settled()
    const [late] = this.#reconciler?.status().lagging ?? []
    if (late) throw new Error(`${late.frontend || 'base'}: ${late.reason}`)
  }

  async #measure(run: () => Promise<void>): Promise<Measured> {
    const before = this.#meter()
    const cpu = process.cpuUsage()
    const started = performance.now()
    await run()
    const ms = performance.now() - started
    const { user, system } = process.cpuUsage(cpu)
    return { ms, userMs: user / 1000, systemMs: system / 1000, ...since(before, this.#meter()) }
  }
}
