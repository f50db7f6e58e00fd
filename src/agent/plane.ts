import type { Driver, PlaneName, PlaneObject } from '../dataplane/plane.ts'
import { Reconciler } from '../dataplane/reconciler/reconciler.ts'
import { loadPlane } from '../dataplane/registry.ts'
import type { Conntrack } from '../kernel/conntrack-types.ts'
import type { NodeView } from '../model/node-view.ts'
import type { PlanChange } from '../routing/planner.ts'
import type { Clock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'
import type { AgentObserver } from './observer.ts'
import type { PlanReceiver } from './planning.ts'
import { ANSWER_WITHIN, lostFlows } from './lost-flows.ts'
import { StaleFlows } from './stale-flows.ts'

export interface RunningPlaneOptions {
  readonly plane: PlaneName
  readonly driver: Driver<PlaneObject>
  readonly conntrack: Conntrack
  readonly node: NodeView
  readonly clock: Clock
  readonly log: Log
  readonly random: () => number
  readonly observer: AgentObserver
}

/** What brings plans into the kernel: rules first, then flows that the rules made stale. */
export interface RunningPlane extends PlanReceiver, AsyncDisposable {
  readonly reconciler: Reconciler<PlaneObject>
}

/** Disposing it leaves the kernel as it is. */
export const runPlane = async (options: RunningPlaneOptions): Promise<RunningPlane> => {
  const { driver, conntrack, node, clock, log, random, observer } = options
  await using stack = new AsyncDisposableStack()
  const reconciler = new Reconciler({
    plane: await loadPlane(options.plane),
    driver,
    node,
    clock,
    log,
    random,
    onApplied: (keys) => {
      staleFlows.applied()
      observer.applied?.(keys)
    },
    onBegun: (frontends) => staleFlows.add(lostFlows(frontends), ANSWER_WITHIN),
    onFailed: (failure) => observer.failed?.(failure),
    onRound: (round) => observer.synced?.(round),
    onCleanupFailed: () => observer.cleanupFailed?.(),
  })
  const staleFlows = new StaleFlows({
    conntrack,
    clock,
    log,
    isPending: (key) => reconciler.isPending(key),
    onPass: (pass) => observer.flowsReconciled?.(pass),
  })
  stack.use(reconciler)
  stack.use(staleFlows)
  const resources = stack.move()
  return {
    reconciler,
    setNode: (view) => reconciler.setNode(view),
    hand: ({ frontends, healthChecks, staleFlows: flows }: PlanChange) => {
      if (healthChecks.size > 0) observer.healthChecks?.(healthChecks)
      if (frontends.size > 0) {
        observer.queued?.(frontends)
        reconciler.update(frontends)
      }
      if (flows.length > 0) staleFlows.add(flows)
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}
