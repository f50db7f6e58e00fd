import type { PlaneName } from '../../dataplane/plane.ts'
import { systemClock } from '../../util/clock.ts'
import type { AgentOptions } from '../agent.ts'
import { openControl } from '../control.ts'
import { layGroundwork } from '../groundwork.ts'
import type { AgentStatus } from '../status/status.ts'
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

/**
 * Composition root of `run --shadow`: plans for this node as the agent does, and compares the plan with the rules in force, whoever
 * writes them. It opens no driver, no health port of a Service, and sends no Events. Resolves when the plan is made.
 */
export const startShadow = async (options: ShadowAgentOptions): Promise<ShadowAgent> => {
  const { config, kernel, log, rules, plane, control = true, clock = systemClock, random = Math.random } = options
  await using stack = new AsyncDisposableStack()
  stack.use(rules)
  let shadow: Shadow | null = null
  const ground = stack.use(
    await layGroundwork({
      config,
      plane,
      kernel,
      clock,
      log,
      brake: () => null,
      shadow: () => shadow?.status() ?? null,
      running: () => null,
    }),
  )
  const { planning } = ground
  const status = async (): Promise<AgentStatus> => {
    const now = shadow?.status()
    return {
      node: config.nodeName,
      agent: true,
      inSync: now !== undefined && agrees(now),
      source: ground.sourceReport(),
      planes: [],
      ...(now === undefined ? {} : { shadow: now }),
      problems: ground.problems().toSorted((a, b) => (a.object < b.object ? -1 : a.object > b.object ? 1 : 0)),
    }
  }
  const why = ground.answerWhy({ brake: () => null, isPlanned: () => shadow !== null, reconciler: () => null })
  if (control)
    stack.use(await openControl({ status, why, releaseBrake: async () => ({ released: null, suspendedUntil: 0 }) }))
  const servers = stack.use(await ground.ports.open())
  stack.use(await ground.followAddresses())
  const source = stack.use(await ground.openSource(options.openSource, { random, signal: options.signal }))
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
