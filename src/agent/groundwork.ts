import type { PlaneName } from '../dataplane/plane.ts'
import { loadPlane } from '../dataplane/registry.ts'
import type { AddressWatch, Kernel } from '../kernel/kernel.ts'
import type { InputProblem } from '../model/snapshot.ts'
import type { OpenSource, Source, SourceContext } from '../sources/source.ts'
import { Store } from '../sources/store.ts'
import type { Clock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'
import type { ProxyConfig } from './config/config.ts'
import { type InputProblems, inputProblems } from './input-problems.ts'
import { type AgentObserver, everybody } from './observer.ts'
import { Planning } from './planning.ts'
import { type Ports, type PortsOptions, preparePorts } from './ports.ts'
import { sourceReport } from './source.ts'
import type { SourceReport } from './status/status.ts'
import { type AnswerWhy, answerWhy, type WhyParts } from './why/answer.ts'
import { History } from './why/history.ts'

export interface GroundworkOptions extends Pick<PortsOptions, 'running' | 'brake' | 'shadow'> {
  readonly config: ProxyConfig
  readonly plane: PlaneName
  readonly kernel: Kernel
  readonly clock: Clock
  readonly log: Log
  /** hear what the agent does, after its own ports and its history */
  readonly observers?: readonly AgentObserver[]
}

/**
 * What every agent stands on, whether it writes rules or only compares them: the records, the plan made of them, and those who tell of
 * both. Nothing is heard, opened or planned yet. Disposing it closes the ports of Services.
 */
export interface Groundwork extends AsyncDisposable {
  readonly store: Store
  readonly planning: Planning
  readonly observer: AgentObserver
  readonly ports: Ports
  /** faults that the source found in its input */
  readonly inputProblems: InputProblems
  /** all that is wrong now: with the input, between its objects, with the ports */
  readonly problems: () => readonly InputProblem[]
  /** at any moment, also before the source is opened */
  readonly sourceReport: () => SourceReport
  readonly answerWhy: (parts: Pick<WhyParts, 'brake' | 'isPlanned' | 'reconciler'>) => AnswerWhy
  /** Tells planning of the addresses of the node's interfaces, until it is disposed. */
  readonly followAddresses: () => Promise<AddressWatch>
  /** Opens the source that keeps the store. It is the caller's to dispose. */
  readonly openSource: (open: OpenSource, context: Pick<SourceContext, 'random' | 'signal'>) => Promise<Source>
}

const unopened: SourceReport = { name: '', synced: false, modified: 0, stale: false }

export const layGroundwork = async (options: GroundworkOptions): Promise<Groundwork> => {
  const { config, plane, kernel, clock, log } = options
  await using stack = new AsyncDisposableStack()
  const store = new Store()
  const faults = inputProblems(log)
  let source: Source | null = null
  const report = (): SourceReport => (source === null ? unopened : sourceReport(source))
  const problems = (): readonly InputProblem[] => [...faults.current(), ...planning.problems(), ...ports.problems()]
  const ports: Ports = stack.use(
    await preparePorts({
      ...options,
      kernel: kernel.release,
      store,
      frontends: () => planning.frontends,
      problems,
      source: () => source?.status() ?? null,
    }),
  )
  const history = stack.use(new History({ snapshot: store.snapshot, node: () => planning.node, clock }))
  const observer = everybody([...ports.observers, history, ...(options.observers ?? [])], (error) =>
    log.error({ err: error }, 'an observer failed'),
  )
  const planning = new Planning({ config, store, clock, observer })
  const resources = stack.move()
  return {
    store,
    planning,
    observer,
    ports,
    inputProblems: faults,
    problems,
    sourceReport: report,
    answerWhy: (parts) =>
      answerWhy({
        ...parts,
        plane,
        loadPlane: () => loadPlane(plane),
        snapshot: store.snapshot,
        node: () => planning.node,
        history,
        source: report,
        frontends: () => planning.frontends,
      }),
    followAddresses: async () => {
      const addresses = await kernel.addresses((current) => planning.setAddresses(current))
      planning.setAddresses(addresses.current)
      return addresses
    },
    openSource: async (open, context) => {
      source = await open(store, { ...context, log, clock, onProblems: faults.set })
      return source
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}
