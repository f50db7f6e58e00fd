import type { PlaneName } from '../../dataplane/plane.ts'
import { loadPlane } from '../../dataplane/registry.ts'
import type { InputProblem } from '../../model/snapshot.ts'
import type { Source } from '../../sources/source.ts'
import { Store } from '../../sources/store.ts'
import { systemClock } from '../../util/clock.ts'
import type { AgentOptions } from '../agent.ts'
import { openControl } from '../control.ts'
import { inputProblems } from '../input-problems.ts'
import { everybody } from '../observer.ts'
import { Planning } from '../planning.ts'
import { type Ports, preparePorts } from '../ports.ts'
import { sourceReport } from '../source.ts'
import type { AgentStatus } from '../status.ts'
import { answerWhy } from '../why/answer.ts'
import { History } from '../why/history.ts'
import type { LiveRules } from './live-rules.ts'
import { Shadow } from './shadow.ts'
import { agrees } from './status.ts'

export interface ShadowAgentOptions extends Omit<AgentOptions, 'observers'> {
  /** what a plan is made for where the reasons of `why` depend on it; nothing of it is written */
  readonly plane: PlaneName
  readonly rules: LiveRules
}

export interface ShadowAgent extends AsyncDisposable {
  status(): Promise<AgentStatus>
  /** ports that health and metrics are heard on; null: none, or not yet */
  listening(): { readonly healthz: number | null; readonly metrics: number | null }
}

const unopened = { name: '', synced: false, modified: 0, stale: false }

/**
 * Composition root of `run --shadow`: plans for this node as the agent does, and compares the plan with the rules in force, whoever
 * writes them. It opens no driver, no health port of a Service, and sends no Events. Resolves when the plan is made.
 */
export const startShadow = async (options: ShadowAgentOptions): Promise<ShadowAgent> => {
  const { config, kernel, log, rules, plane, control = true, clock = systemClock, random = Math.random } = options
  await using stack = new AsyncDisposableStack()
  stack.use(rules)
  const store = new Store()
  const problems = inputProblems(log)
  let source: Source | null = null
  let shadow: Shadow | null = null
  const report = () => (source === null ? unopened : sourceReport(source))
  const allProblems = (): readonly InputProblem[] => [...problems.current(), ...planning.problems()]
  const ports: Ports = stack.use(
    await preparePorts({
      config,
      plane,
      kernel: kernel.release,
      clock,
      log,
      store,
      frontends: () => planning.frontends,
      problems: () => allProblems(),
      source: () => source?.status() ?? null,
      brake: () => null,
      shadow: () => shadow?.status() ?? null,
      running: () => null,
    }),
  )
  const history = stack.use(new History({ snapshot: store.snapshot, node: () => planning.node, clock }))
  const observer = everybody([...ports.observers, history], (error) => log.error({ err: error }, 'an observer failed'))
  const planning = new Planning({ config, store, clock, observer })
  const status = async (): Promise<AgentStatus> => {
    const now = shadow?.status()
    return {
      node: config.nodeName,
      agent: true,
      inSync: now !== undefined && agrees(now),
      source: report(),
      planes: [],
      ...(now === undefined ? {} : { shadow: now }),
      problems: allProblems().toSorted((a, b) => (a.object < b.object ? -1 : a.object > b.object ? 1 : 0)),
    }
  }
  const why = answerWhy({
    plane,
    loadPlane: () => loadPlane(plane),
    snapshot: store.snapshot,
    node: () => planning.node,
    history,
    source: report,
    brake: () => null,
    isPlanned: () => shadow !== null,
    frontends: () => planning.frontends,
    reconciler: () => null,
  })
  if (control)
    stack.use(await openControl({ status, why, releaseBrake: async () => ({ released: null, suspendedUntil: 0 }) }))
  const servers = stack.use(await ports.open())
  const addresses = stack.use(await kernel.addresses((current) => planning.setAddresses(current)))
  planning.setAddresses(addresses.current)
  const context = { log, clock, random, signal: options.signal, onProblems: problems.set }
  source = stack.use(await options.openSource(store, context))
  await source.synced
  const node = planning.lookAtNode()
  const { settle, pass } = config.shadow
  const comparing = stack.use(
    new Shadow({ rules, frontends: () => planning.frontends, node, clock, log, settle, pass }),
  )
  stack.use(planning)
  await planning.begin(comparing, { whole: false })
  shadow = comparing
  log.info(
    { node: config.nodeName, frontends: planning.frontends.size, kernel: kernel.release },
    'the plan is made; it is compared with the rules in force, and nothing is written',
  )
  const resources = stack.move()
  return {
    status,
    listening: () => ({ healthz: servers.healthz?.port() ?? null, metrics: servers.metrics?.port() ?? null }),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}
