import fc from 'fast-check'
import { expect, test } from 'vitest'
import { storyEvent, tell } from '../../../test/support/random-story.ts'
import { planOf, reconciling } from '../../../test/support/reconciling.ts'
import { randomFaults, ToyKernel, toyPlan, toyPlane } from '../../../test/support/toy-plane.ts'

test('one kernel call in ten fails, answers get lost, others interfere, the process restarts: always converges', async () => {
  const event = storyEvent({ frontends: 5, backends: 5, thefts: 10 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { minLength: 15, maxLength: 50 }),
      fc.string({ maxLength: 8 }),
      async (events, seed) => {
        const kernel = new ToyKernel()
        randomFaults(kernel, seed, 10)
        const { clock, reconciler, planned } = await tell(events, {
          start: (plan) => {
            const running = reconciling({ plane: toyPlane, driver: kernel.driver() })
            running.reconciler.update(planOf(...plan))
            running.reconciler.sourcesComplete()
            return running
          },
          steal: (nth) =>
            kernel.interfere((objects) => objects.delete([...objects.keys()][nth % (objects.size || 1)] ?? '')),
        })
        await clock.advance(600_000)
        expect(kernel.dump()).toBe(toyPlan(planned.values(), 'node-a'))
        expect(reconciler.status()).toMatchObject({ lagging: [], strays: 0, lingering: 0, extra: 0 })
      },
    ),
    { numRuns: 1_000 },
  )
})
