import type { Driver, PlaneName, PlaneObject } from '../dataplane/plane.ts'
import { loadPlane, openDriver } from '../dataplane/registry.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { FrontendKey } from '../model/frontend.ts'
import type { InputProblem } from '../model/snapshot.ts'
import type { OpenSource, Source } from '../sources/source.ts'
import { Store } from '../sources/store.ts'
import { type Clock, systemClock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'
import { type BrakedPlane, behindBrake } from './brake/behind-brake.ts'
import type { ProxyConfig } from './config.ts'
import { type BrakeAnswer, openControl } from './control.ts'
import { sendEvents } from './events/open.ts'
import { inputProblems } from './input-problems.ts'
import { withKernelFacts } from './kernel-facts.ts'
import { type AgentObserver, everybody } from './observer.ts'
import { OtherPlanes } from './other-planes.ts'
import { type RunningPlane, runPlane } from './plane.ts'
import { Planning } from './planning.ts'
import { type Ports, preparePorts } from './ports.ts'
import { sourceReport } from './source.ts'
import { type AnswerStatus, answerStatus } from './status-answer.ts'
import { type AnswerWhy, answerWhy } from './why/answer.ts'
import { History } from './why/history.ts'

export interface AgentOptions {
  readonly config: ProxyConfig
  readonly plane: PlaneName
  readonly openSource: OpenSource
  readonly kernel: Kernel
  readonly log: Log
  /** ends the start; a started agent is ended by disposing it */
  readonly signal?: AbortSignal
  readonly clock?: Clock
  readonly random?: () => number
  /** answer `evenkeel status` and keep a second agent out of this network namespace, default true */
  readonly control?: boolean
  /** hear what the agent does */
  readonly observers?: readonly AgentObserver[]
}

/** Keeps this node's kernel at what the sources say. Disposing it leaves the kernel as it is. */
export interface Agent extends AsyncDisposable {
  readonly status: AnswerStatus
  readonly why: AnswerWhy
  /** Lets go what the brake holds, and holds nothing for so many ms. */
  releaseBrake(suspendMs: number): Promise<BrakeAnswer>
  /** resolves when every frontend is in force or has failed by itself */
  settled(): Promise<void>
  /** ports that health and metrics are heard on; null: none, or not yet */
  listening(): { readonly healthz: number | null; readonly metrics: number | null }
}

interface Running {
  readonly plane: RunningPlane
  readonly driver: Driver<PlaneObject>
  readonly braked: BrakedPlane
}

const noBrake: BrakeAnswer = { released: null, suspendedUntil: 0 }
const unopened = { name: '', synced: false, modified: 0, stale: false }

/** Composition root of `run`. Resolves when the sources were read once and their plan was handed on. */
export const startAgent = async (options: AgentOptions): Promise<Agent> => {
  const { kernel, log, control = true, clock = systemClock, random = Math.random } = options
  const config = await withKernelFacts(options.config, { plane: options.plane, kernel, log, make: true })
  await using stack = new AsyncDisposableStack()
  const store = new Store()
  const problems = inputProblems(log)
  let source: Source | null = null
  let running: Running | null = null
  let isPlanned = false
  const ports: Ports = stack.use(
    await preparePorts({
      config,
      plane: options.plane,
      kernel: kernel.release,
      clock,
      log,
      store,
      frontends: () => planning.frontends,
      problems: () => allProblems(),
      source: () => source?.status() ?? null,
      brake: () => running?.braked.brake?.status() ?? null,
      running: () => running && { reconciler: running.plane.reconciler, driver: running.driver },
    }),
  )
  const history = stack.use(new History({ snapshot: store.snapshot, node: () => planning.node, clock }))
  const observer = everybody([...ports.observers, history, ...(options.observers ?? [])], (error) =>
    log.error({ err: error }, 'an observer failed'),
  )
  const planning = new Planning({ config, store, clock, observer })
  const allProblems = (): readonly InputProblem[] => [
    ...problems.current(),
    ...planning.problems(),
    ...ports.problems(),
  ]

  const status = answerStatus({
    node: config.nodeName,
    clock,
    source: () => (source === null ? unopened : sourceReport(source)),
    problems: allProblems,
    plane: () => running && { reconciler: running.plane.reconciler, driver: running.driver },
    isPlanned: () => isPlanned,
    brake: () => running?.braked.brake?.status() ?? null,
  })
  const why = answerWhy({
    plane: options.plane,
    loadPlane: () => loadPlane(options.plane),
    snapshot: store.snapshot,
    node: () => planning.node,
    history,
    source: () => (source === null ? unopened : sourceReport(source)),
    brake: () => running?.braked.brake?.status() ?? null,
    isPlanned: () => isPlanned,
    frontends: () => planning.frontends,
    reconciler: () => running?.plane.reconciler ?? null,
  })
  const releaseBrake = async (suspendMs: number): Promise<BrakeAnswer> => running?.braked.release(suspendMs) ?? noBrake
  if (control) stack.use(await openControl({ status, why, releaseBrake: ({ suspendMs }) => releaseBrake(suspendMs) }))
  const servers = stack.use(await ports.open())

  const addresses = stack.use(await kernel.addresses((current) => planning.setAddresses(current)))
  planning.setAddresses(addresses.current)
  const driver = stack.use(await openDriver(options.plane, kernel, { log }))
  const conntrack = stack.use(await kernel.conntrack(log))
  // it reads the kernel and keeps what it finds until there is a plan, however long the source is away
  const node = planning.lookAtNode()
  const plane = stack.use(
    await runPlane({ plane: options.plane, driver, conntrack, node, clock, log, random, observer }),
  )
  const braked = stack.use(behindBrake(plane, { config: config.brake, clock, log }))
  running = { plane, driver, braked }
  const { signal } = options
  source = stack.use(await options.openSource(store, { log, clock, random, signal, onProblems: problems.set }))
  await source.synced
  await braked.ready()
  plane.setNode(planning.lookAtNode())
  stack.use(planning)
  // a brake weighs the first plan as a whole, and parts would make a driver pay for each
  const whole = braked.brake !== null || (driver.indivisible ?? false)
  await planning.begin(braked.receiver, { whole })
  braked.complete()
  isPlanned = true
  const otherPlanes = stack.use(
    new OtherPlanes({
      plane: options.plane,
      driver,
      kernel,
      clock,
      log,
      settled: () => plane.reconciler.settled(),
      inSync: () => {
        const { frontends, inSync, kept } = plane.reconciler.status()
        return inSync === frontends && kept === 0
      },
    }),
  )
  if (config.events) {
    const facts = {
      node: config.nodeName,
      plane: options.plane,
      inputProblems: problems.current,
      planProblems: () => planning.problems(),
      portProblems: ports.problems,
      status: () => plane.reconciler.status(),
      brake: () => braked.brake?.status() ?? null,
      serviceOf: (frontend: FrontendKey) => planning.frontends.get(frontend)?.service,
    }
    stack.use(sendEvents({ source, snapshot: store.snapshot, facts, clock, log, random }))
  }
  log.info(
    { node: config.nodeName, plane: options.plane, frontends: planning.frontends.size, kernel: kernel.release },
    'the plan is made',
  )
  const resources = stack.move()
  return {
    status,
    why,
    releaseBrake,
    settled: async () => {
      await plane.reconciler.settled()
      await otherPlanes.attempted
    },
    listening: () => ({ healthz: servers.healthz?.port() ?? null, metrics: servers.metrics?.port() ?? null }),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}
