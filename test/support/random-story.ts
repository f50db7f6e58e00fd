import fc from 'fast-check'
import type { PlaneObject } from '../../src/dataplane/plane.ts'
import type { Frontend, FrontendKey } from '../../src/model/frontend.ts'
import { frontend } from './frontends.ts'
import { planOf, type Reconciling } from './reconciling.ts'

/** What may happen to a reconciler. */
export type StoryEvent =
  | {
      readonly kind: 'plan'
      readonly index: number
      readonly backends: readonly number[]
      readonly affinitySeconds: number | null
    }
  | { readonly kind: 'gone'; readonly index: number }
  /** somebody takes away the nth thing in the kernel */
  | { readonly kind: 'theft'; readonly nth: number }
  | { readonly kind: 'restart' }
  | { readonly kind: 'wait'; readonly ms: number }

export interface StoryBounds {
  /** the highest index of a frontend and of a backend */
  readonly frontends: number
  readonly backends: number
  /** the highest `nth` of a theft */
  readonly thefts: number
  /** default: none has affinity */
  readonly affinitySeconds?: readonly (number | null)[]
}

/** Mostly changes of the plan, some of it gone again, and now and then a wait, a thief or a restart. */
export const storyEvent = ({
  frontends,
  backends,
  thefts,
  affinitySeconds = [null],
}: StoryBounds): fc.Arbitrary<StoryEvent> => {
  const index = fc.nat(frontends)
  const plan = fc.record({
    kind: fc.constant('plan' as const),
    index,
    backends: fc.uniqueArray(fc.nat(backends), { maxLength: 4 }),
    affinitySeconds: fc.constantFrom(...affinitySeconds),
  })
  return fc.oneof(
    { weight: 6, arbitrary: plan },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('gone' as const), index }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('theft' as const), nth: fc.nat(thefts) }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(1_500) }) },
  )
}

export interface StoryWorld<O extends PlaneObject> {
  /** a new process on the same kernel, which is told this plan and that it is complete */
  start(planned: readonly Frontend[]): Promise<Reconciling<O>> | Reconciling<O>
  steal(nth: number): void
}

/** Who runs in the end, and what is planned by then. */
export interface Told<O extends PlaneObject> extends Reconciling<O> {
  readonly planned: ReadonlyMap<FrontendKey, Frontend>
}

/** Tells a story from its first start on. */
export const tell = async <O extends PlaneObject>(
  events: readonly StoryEvent[],
  world: StoryWorld<O>,
): Promise<Told<O>> => {
  const planned = new Map<FrontendKey, Frontend>()
  let running = await world.start([])
  for (const event of events) {
    switch (event.kind) {
      case 'plan': {
        const next = frontend(event.index, event.backends, { affinitySeconds: event.affinitySeconds })
        planned.set(next.key, next)
        running.reconciler.update(planOf(next))
        break
      }
      case 'gone': {
        const { key } = frontend(event.index, [])
        planned.delete(key)
        running.reconciler.update(new Map([[key, null]]))
        break
      }
      case 'theft':
        world.steal(event.nth)
        break
      case 'wait':
        await running.clock.advance(event.ms)
        break
      case 'restart':
        await running.reconciler[Symbol.asyncDispose]()
        running = await world.start([...planned.values()])
        break
    }
  }
  return { ...running, planned }
}
