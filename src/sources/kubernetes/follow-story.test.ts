import fc from 'fast-check'
import { afterEach, beforeEach, describe, it, vi } from 'vitest'
import { following, type Following, service } from '../../../test/support/following-api.ts'

vi.setConfig({ testTimeout: 30_000 })

let on: Following
beforeEach(async () => {
  on = await following()
})
afterEach(() => on[Symbol.asyncDispose]())

describe('whatever happens', () => {
  it('the store ends up with what the API server has', async () => {
    const action = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constant('put' as const),
          name: fc.nat(5),
          port: fc.integer({ min: 1, max: 3 }),
        }),
      },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), name: fc.nat(5) }) },
      fc.record({
        do: fc.constantFrom('cut' as const, 'end' as const, 'compact' as const, 'bookmark' as const, 'rest' as const),
      }),
    )
    await (await on.start()).synced
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 30 }), async (actions) => {
        for (const step of actions) {
          if (step.do === 'put') on.api.put(service(`s${step.name}`, { port: step.port }))
          if (step.do === 'remove') on.api.remove(service(`s${step.name}`))
          if (step.do === 'cut') on.api.cut()
          if (step.do === 'end') on.api.endWatches()
          if (step.do === 'compact') on.api.compact()
          if (step.do === 'bookmark') on.api.bookmark()
          if (step.do === 'rest') await new Promise((resolve) => setTimeout(resolve, 5))
        }
        await on.become(...on.api.services())
      }),
      { numRuns: 15, endOnFailure: true },
    )
  }, 60_000)
})
