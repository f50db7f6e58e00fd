import type { PlaneName } from '../dataplane/plane.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { FrontendKey } from '../model/frontend.ts'
import type { OpenSource, Source } from '../sources/source.ts'
import { type Clock, systemClock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'
import type { ProxyConfig } from './config/config.ts'
import { type BrakeAnswer, openControl } from './control.ts'
import type { EventRecorder } from './events/recorder.ts'
import { sendEvents } from './events/open.ts'
import { type Groundwork, layGroundwork } from './groundwork.ts'
import { withKernelFacts } from './kernel-facts.ts'
import type { AgentObserver } from './observer.ts'
import { OtherPlanes } from './other-planes.ts'
import { rehearse } from './rehearsal.ts'
import { type AnswerStatus, answerStatus } from './status/answer.ts'
import type { AnswerWhy } from './why/answer.ts'
import { handFirstPlan, openWriting, type Writing } from './writing.ts'

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

/** What every step of the start is given. */
type Context = Required<Pick<AgentOptions, 'config' | 'plane' | 'kernel' | 'log' | 'clock' | 'random'>>

/** How far the start has come: answers are given from its first moment on. */
interface Progress {
  /** null: not yet */
  writing: Writing | null
  /** the sources are complete and their plan was handed on */
  isPlanned: boolean
}

const noBrake: BrakeAnswer = { released: null, suspendedUntil: 0 }

/**
 * Composition root of `run`. Resolves when the sources were read once and their plan was handed on. What is opened last is closed
 * first: the source falls silent before the plane ends, and whoever asks is answered until both have.
 */
export const startAgent = async (options: AgentOptions): Promise<Agent> => {
  const { control = true, signal } = options
  const context = await contextOf(options)
  await using stack = new AsyncDisposableStack()
  const progress: Progress = { writing: null, isPlanned: false }
  const ground = stack.use(await groundOf(context, options, progress))
  const answers = answersOf(context, ground, progress)
  if (control) stack.use(await openControl(answers))
  const servers = stack.use(await ground.ports.open())

  stack.use(await ground.followAddresses())
  const writing = stack.use(await openWriting({ ...context, planning: ground.planning, observer: ground.observer }))
  progress.writing = writing
  const source = stack.use(await ground.openSource(options.openSource, { random: context.random, signal }))
  await source.synced
  stack.use(ground.planning)
  await handFirstPlan(writing, ground.planning)
  progress.isPlanned = true
  if (ground.planning.frontends.size === 0) await rehearse(context.plane, ground.planning.node)

  const otherPlanes = stack.use(otherPlanesBeside(context, writing))
  if (context.config.events) stack.use(eventsOf(context, ground, { writing, source }))
  tellOfPlan(context, ground)
  const resources = stack.move()
  return {
    status: answers.status,
    why: answers.why,
    releaseBrake: (suspendMs) => answers.releaseBrake({ suspendMs }),
    settled: async () => {
      await writing.plane.reconciler.settled()
      await otherPlanes.attempted
    },
    listening: () => ({ healthz: servers.healthz?.port() ?? null, metrics: servers.metrics?.port() ?? null }),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

const contextOf = async (options: AgentOptions): Promise<Context> => {
  const { plane, kernel, log, clock = systemClock, random = Math.random } = options
  const config = await withKernelFacts(options.config, { plane, kernel, log, make: true })
  return { config, plane, kernel, log, clock, random }
}

const groundOf = (context: Context, { observers }: AgentOptions, progress: Progress): Promise<Groundwork> =>
  layGroundwork({
    ...context,
    ...(observers && { observers }),
    brake: () => brakeOf(progress.writing),
    running: () => runningOf(progress.writing),
  })

/** What `evenkeel status`, `why` and `brake release` are told. */
const answersOf = ({ config, clock }: Context, ground: Groundwork, progress: Progress) => {
  const brake = () => brakeOf(progress.writing)
  const isPlanned = () => progress.isPlanned
  const { sourceReport, problems } = ground
  return {
    status: answerStatus({
      node: config.nodeName,
      clock,
      source: sourceReport,
      problems,
      plane: () => runningOf(progress.writing),
      isPlanned,
      brake,
    }),
    why: ground.answerWhy({ brake, isPlanned, reconciler: () => progress.writing?.plane.reconciler ?? null }),
    releaseBrake: async ({ suspendMs }: { readonly suspendMs: number }): Promise<BrakeAnswer> =>
      progress.writing?.braked.release(suspendMs) ?? noBrake,
  }
}

const brakeOf = (writing: Writing | null) => writing?.braked.brake?.status() ?? null

const runningOf = (writing: Writing | null) =>
  writing && { reconciler: writing.plane.reconciler, driver: writing.driver }

/** Takes away what an agent before left of another plane, once all of this one's is in force. */
const otherPlanesBeside = (context: Context, { plane: { reconciler }, driver }: Writing): OtherPlanes =>
  new OtherPlanes({
    ...context,
    driver,
    settled: () => reconciler.settled(),
    inSync: () => {
      const { frontends, inSync, kept } = reconciler.status()
      return inSync === frontends && kept === 0
    },
  })

const eventsOf = (
  context: Context,
  { store, planning, ports, inputProblems }: Groundwork,
  { writing, source }: { readonly writing: Writing; readonly source: Source },
): EventRecorder | null => {
  const facts = {
    node: context.config.nodeName,
    plane: context.plane,
    inputProblems: inputProblems.current,
    planProblems: () => planning.problems(),
    portProblems: ports.problems,
    status: () => writing.plane.reconciler.status(),
    brake: () => brakeOf(writing),
    serviceOf: (frontend: FrontendKey) => planning.frontends.get(frontend)?.service,
  }
  return sendEvents({ ...context, source, snapshot: store.snapshot, facts })
}

const tellOfPlan = ({ config, plane, kernel, log }: Context, { planning }: Groundwork): void =>
  log.info(
    { node: config.nodeName, plane, frontends: planning.frontends.size, kernel: kernel.release },
    'the plan is made',
  )
