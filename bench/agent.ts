import { setImmediate as nextTurn } from 'node:timers/promises'
import { compactHeap } from '../src/agent/memory.ts'
import type { RawObject } from '../src/dataplane/conformance-case.ts'
import type { Driver, Plane, PlaneName, PlaneObject } from '../src/dataplane/plane.ts'
import { Reconciler } from '../src/dataplane/reconcile.ts'
import { loadPlane, openDriver } from '../src/dataplane/registry.ts'
import { openKernel } from '../src/kernel/index.ts'
import type { FrontendKey } from '../src/model/frontend.ts'
import { nodeView, type NodeSettings, plainSettings } from '../src/routing/node-view.ts'
import { type PlanChange, Planner } from '../src/routing/planner.ts'
import { type ClusterObject, parseObject } from '../src/sources/objects.ts'
import { Store } from '../src/sources/store.ts'
import { systemClock } from '../src/util/clock.ts'
import { type Log, silent } from '../src/util/log.ts'
import { answerCalls } from '../test/support/child-calls.ts'
import type { AgentRequest, AgentValue, Measured } from './agent-protocol.ts'
import { POD_CIDR } from './cluster.ts'
import { type Meter, metered, since } from './meter.ts'

const settings: NodeSettings = {
  ...plainSettings,
  nodeName: 'node-0',
  clusterCIDRs: [POD_CIDR],
}

/** What an agent warns of has a part in what is measured. */
const warn = (fields: object, message: string): void =>
  void process.stderr.write(`bench: the agent: ${message} ${JSON.stringify(fields)}\n`)
const log: Log = { ...silent, warn, error: warn }

/** The agent under measurement: store → planner → reconciler → driver, as `run` has them, and a stopwatch. */
class MeasuredAgent {
  readonly #store = new Store()
  readonly #plane: Plane<PlaneObject>
  readonly #driver: Driver<PlaneObject>
  readonly #meter: () => Meter
  readonly #waiting = new Set<FrontendKey>()
  #applied = (): void => {}
  #planner: Planner | null = null
  #reconciler: Reconciler<PlaneObject> | null = null
  #change: Promise<void> = Promise.resolve()

  private constructor(plane: Plane<PlaneObject>, driver: Driver<PlaneObject>, meter: () => Meter) {
    this.#plane = plane
    this.#driver = driver
    this.#meter = meter
    this.#store.subscribe((change) => {
      if (this.#planner) this.#change = this.#inForce(this.#planner.update(this.#store.snapshot, change))
    })
  }

  static async open(name: PlaneName): Promise<MeasuredAgent> {
    const { kernel, read } = metered(await openKernel())
    return new MeasuredAgent(await loadPlane(name), await openDriver(name, kernel, { log }), read)
  }

  async answer(request: AgentRequest): Promise<AgentValue> {
    switch (request.ask) {
      case 'load':
        this.#put(this.#parse(request.objects))
        return null
      case 'sync':
        return await this.#measure(() => this.#sync())
      case 'change': {
        const objects = this.#parse([request.slice])
        return await this.#measure(async () => {
          this.#put(objects)
          await this.#change
        })
      }
      case 'settle':
        return await this.#measure(() => this.#settle())
      case 'compact':
        compactHeap()
        return null
      case 'memory':
        return {
          rssMiB: process.memoryUsage.rss() / 2 ** 20,
          maxRssMiB: process.resourceUsage().maxRSS / 1024,
          heapMiB: process.memoryUsage().heapUsed / 2 ** 20,
        }
      case 'counters':
        return await this.#driver.counters()
      case 'stop':
        await this.#reconciler?.[Symbol.asyncDispose]()
        await this.#driver[Symbol.asyncDispose]()
        return null
    }
  }

  #parse(objects: readonly RawObject[]): readonly ClusterObject[] {
    return objects.map((raw) => {
      const { object, problems } = parseObject(raw, () => 'bench', this.#store.intern)
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
      log,
      random: Math.random,
      onApplied: (keys) => {
        for (const key of keys) this.#waiting.delete(key)
        if (this.#waiting.size === 0) this.#applied()
      },
    })
    let inForce: Promise<void> = Promise.resolve()
    for (const part of this.#planner.syncInParts(this.#store.snapshot)) {
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

const agent = MeasuredAgent.open((process.argv[2] ?? 'nftables') as PlaneName)
answerCalls<AgentRequest, AgentValue>(async (request) => (await agent).answer(request))
