import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { frontend } from '../../../test/support/frontends.ts'
import { fresh, reachable, start, withoutSlots } from '../../../test/support/nftables-reconciling.ts'
import { storyEvent, tell } from '../../../test/support/random-story.ts'
import { planOf } from '../../../test/support/reconciling.ts'
import { type FakeKernel, fakeKernel } from '../../kernel/nftables/fake.ts'
import type { Frontend } from '../../model/frontend.ts'

/** A life with changes of every kind: growing, shrinking, swapping, emptying, removing, coming back. */
const story: readonly (readonly Frontend[])[] = [
  [frontend(1, [1, 2]), frontend(2, [3])],
  [frontend(1, [1, 2, 4]), frontend(2, [3]), frontend(3, [5], { affinitySeconds: 30 })],
  [frontend(1, [1, 5, 4]), frontend(3, [5, 6], { affinitySeconds: 30 })],
  [frontend(1, []), frontend(2, [7]), frontend(3, [6], { affinitySeconds: 30 })],
  [frontend(1, [9]), frontend(2, [7])],
]

const live = async (kernel: FakeKernel, onCommit: (chapter: readonly Frontend[]) => void = () => {}): Promise<void> => {
  let current: readonly Frontend[] = story[0] ?? []
  kernel.onCommit = () => onCommit(current)
  const { clock, reconciler } = await start(kernel, current)
  for (const next of story.slice(1)) {
    await clock.advance(700)
    if (kernel.died) break
    const gone = current
      .filter(({ key }) => !next.some((one) => one.key === key))
      .map(({ key }) => [key, null] as const)
    current = next
    reconciler.update(new Map([...planOf(...next), ...gone]))
  }
  await clock.advance(60_000)
  await reconciler[Symbol.asyncDispose]()
}

describe('the process is killed between any two kernel calls', () => {
  const last = story.at(-1) ?? []

  test('a new one converges, and what was reachable and still should be always was', async () => {
    const whole = fakeKernel()
    await live(whole)
    expect(withoutSlots(whole.dump())).toBe(withoutSlots(await fresh(last)))
    const wanted = withoutSlots(await fresh(last))
    const calls = whole.calls
    expect(calls).toBeGreaterThan(20)
    for (let call = 1; call <= calls; call++) {
      for (const effect of ['before', 'after'] as const) {
        const kernel = fakeKernel()
        const faults: string[] = []
        let before = new Map<string, Set<string>>()
        const watch = (planned: readonly Frontend[]): void => {
          const after = reachable(kernel)
          const served = planned.filter(({ sets }) => sets.cluster !== null).length
          if (after.size < Math.min(before.size, served)) faults.push(`${before.size} → ${after.size} of ${served}`)
          before = after
        }
        kernel.dieAt(call, effect)
        await live(kernel, watch).catch(() => {})
        kernel.restart()
        kernel.onCommit = () => watch(last)
        const { settled } = await start(kernel, last)
        await settled()
        expect({ call, effect, faults }).toEqual({ call, effect, faults: [] })
        expect(withoutSlots(kernel.dump())).toBe(wanted)
        expect([...reachable(kernel).values()].map(({ size }) => size).sort()).toEqual([1, 1])
      }
    }
  }, 60_000)
})

test('one kernel call in ten fails, others interfere, the process restarts: 1,000 random stories all converge', async () => {
  const event = storyEvent({ frontends: 3, backends: 4, thefts: 20, affinitySeconds: [null, null, 30] })
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { minLength: 5, maxLength: 20 }),
      fc.string({ maxLength: 8 }),
      fc.constantFrom('6.18.0', '6.1.0'),
      async (events, seed, release) => {
        const kernel = fakeKernel({ seed, faults: { oneIn: 10 }, release })
        const { clock, reconciler, planned } = await tell(events, {
          start: (plan) => {
            kernel.restart()
            return start(kernel, plan)
          },
          steal: (nth) => steal(kernel, nth),
        })
        await clock.advance(600_000)
        expect(reconciler.status()).toMatchObject({ lagging: [], strays: 0, lingering: 0, extra: 0 })
        expect(withoutSlots(kernel.dump())).toBe(withoutSlots(await fresh(planned.values(), { release })))
        const served = [...planned.values()].filter(({ sets }) => sets.cluster !== null)
        expect(reachable(kernel).size).toBe(served.length)
      },
    ),
    { numRuns: 1_000 },
  )
}, 240_000)

/** Deletes the nth element there is, of whatever table. */
const steal = (kernel: FakeKernel, nth: number): void => {
  const elements = [...kernel.ruleset.tables.values()].flatMap(({ family, name, sets }) =>
    [...sets.values()].flatMap(({ spec, elements }) =>
      [...elements.values()].map((element) => ({ family, table: name, set: spec, elements: [element] })),
    ),
  )
  const stolen = elements[nth % (elements.length || 1)]
  if (stolen) kernel.interfere([{ op: 'delete-elements', ...stolen }])
}
