import type { SyncFailure, SyncRound } from '../dataplane/reconciler/options.ts'
import type { Frontend, FrontendKey } from '../model/frontend.ts'
import type { NodeView } from '../model/node-view.ts'
import type { Snapshot, SnapshotChange } from '../model/snapshot.ts'
import type { PlanChange } from '../routing/planner.ts'
import type { FlowPass } from './stale-flows.ts'

/**
 * Hears what the agent does, in this order for each change. Everybody hears what happens, at once and in the agent's own turn: keep it
 * short. One that throws is reported and hurts nobody else. What is read now and then (status, counters) is asked for instead.
 */
export interface AgentObserver {
  /** The source said something new; not yet planned. The first full list is not told: see `planned`. */
  changed?(change: SnapshotChange, snapshot: Snapshot): void
  /** This node's view of itself is another now. */
  node?(node: NodeView): void
  /** What a change means for this node, before the brake. `first`: the plan of the first full list. */
  planned?(plan: PlanChange, first: boolean): void
  /** What balancers that ask this node are to be told, after the brake. null: nobody asks any more. */
  healthChecks?(checks: PlanChange['healthChecks']): void
  /** Handed to the plane, which puts it in force as soon as it can. null: to be removed. */
  queued?(frontends: ReadonlyMap<FrontendKey, Frontend | null>): void
  /** These are in force as last planned (or gone). */
  applied?(keys: readonly FrontendKey[]): void
  /** This frontend (`''`: the node's own part) could not be put in force by itself; it is tried again. */
  failed?(failure: SyncFailure): void
  /** One round over all that was due has ended, whole or not. */
  synced?(round: SyncRound): void
  /** What nothing needs any more could not be removed; it is tried again. */
  cleanupFailed?(): void
  /** Stale flows of one family were deleted. */
  flowsReconciled?(pass: FlowPass): void
}

type Heard = { readonly [K in keyof AgentObserver]-?: NonNullable<AgentObserver[K]> }

/** One observer that tells them all. `onError` hears of one that throws. */
export const everybody = (observers: readonly AgentObserver[], onError: (error: unknown) => void): Heard => {
  const tell =
    <A extends readonly unknown[]>(listeners: readonly ((...args: A) => void)[]) =>
    (...args: A): void => {
      for (const listener of listeners) {
        try {
          listener(...args)
        } catch (error) {
          onError(error)
        }
      }
    }
  const of = <K extends keyof AgentObserver>(name: K): NonNullable<AgentObserver[K]>[] =>
    observers.flatMap((observer) => {
      const listener = observer[name]
      return listener ? [listener.bind(observer) as NonNullable<AgentObserver[K]>] : []
    })
  return {
    changed: tell(of('changed')),
    node: tell(of('node')),
    planned: tell(of('planned')),
    healthChecks: tell(of('healthChecks')),
    queued: tell(of('queued')),
    applied: tell(of('applied')),
    failed: tell(of('failed')),
    synced: tell(of('synced')),
    cleanupFailed: tell(of('cleanupFailed')),
    flowsReconciled: tell(of('flowsReconciled')),
  }
}
