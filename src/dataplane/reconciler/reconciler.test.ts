import { describe, expect, test } from 'vitest'
import { frontend } from '../../../test/support/frontends.ts'
import { planOf, reconciling } from '../../../test/support/reconciling.ts'
import { ToyKernel, toyPlan, toyPlane } from '../../../test/support/toy-plane.ts'
import { KernelError } from '../../kernel/errors.ts'
import type { Frontend } from '../../model/frontend.ts'
import type { SyncRound } from './options.ts'

const setUp = (kernel = new ToyKernel()) => {
  const applied: string[] = []
  const begun: string[] = []
  const rounds: SyncRound[] = []
  const hears = {
    onBegun: (frontends: readonly Frontend[]) => void begun.push(...frontends.map(({ key }) => key)),
    onApplied: (keys: readonly string[]) => void applied.push(...keys),
    onRound: (round: SyncRound) => void rounds.push(round),
  }
  return { kernel, applied, begun, rounds, ...reconciling({ plane: toyPlane, driver: kernel.driver(), ...hears }) }
}

describe('a plan goes into the kernel', () => {
  test('in one transaction, and again in none', async () => {
    const { kernel, reconciler, settled, applied } = setUp()
    const planned = planOf(frontend(1, [1, 2]), frontend(2, [2, 3]))
    reconciler.update(planned)
    reconciler.sourcesComplete()
    await settled()
    expect(kernel.dump()).toBe(toyPlan(planned.values(), 'node-a'))
    expect(kernel.transactions).toBe(1)
    expect(applied).toEqual([...planned.keys()])
    reconciler.update(planned)
    await settled()
    expect(kernel.transactions).toBe(1)
    expect(reconciler.status()).toMatchObject({ frontends: 2, inSync: 2, lagging: [], extra: 0, strays: 0 })
  })

  test('a frontend begins when nothing of it was in force: new, or taken away by others; not at a change or a restart', async () => {
    const { kernel, reconciler, settled, begun } = setUp()
    const first = frontend(1, [1])
    reconciler.update(planOf(first))
    reconciler.sourcesComplete()
    await settled()
    expect(begun.splice(0)).toEqual([first.key])
    reconciler.update(planOf(frontend(1, [1, 2])))
    await settled()
    expect(begun).toEqual([])
    kernel.objects.clear()
    await reconciler.verify()
    expect(begun).toEqual([first.key])

    const next = setUp(kernel)
    next.reconciler.update(planOf(frontend(1, [2]), frontend(2, [2])))
    next.reconciler.sourcesComplete()
    await next.settled()
    expect(next.begun).toEqual([frontend(2, [2]).key])
  })

  test('thousands that come at once all begin', async () => {
    const { reconciler, settled, begun } = setUp()
    const planned = planOf(...Array.from({ length: 3_000 }, (_, n) => frontend(n, [n])))
    reconciler.update(planned)
    reconciler.sourcesComplete()
    await settled()
    expect(new Set(begun)).toEqual(new Set(planned.keys()))
    expect(begun).toHaveLength(planned.size)
  })

  test('changes that come while a transaction is in flight cost one more', async () => {
    const { kernel, reconciler, settled } = setUp()
    reconciler.sourcesComplete()
    reconciler.update(planOf(frontend(1, [1])))
    await settled()
    kernel.lost = () => {
      kernel.lost = () => {}
      for (let n = 2; n < 50; n++) reconciler.update(planOf(frontend(n, [n]), frontend(1, [n])))
    }
    reconciler.update(planOf(frontend(1, [2])))
    await settled()
    // the first, the rest, and what lingered of both
    expect(kernel.transactions).toBeLessThanOrEqual(5)
    expect(reconciler.status().inSync).toBe(49)
  })

  test('with the first frontend comes the node’s own part, before the sources are complete', async () => {
    const { kernel, reconciler, settled } = setUp()
    await settled()
    expect(kernel.transactions).toBe(0)
    const planned = planOf(frontend(1, [1]))
    reconciler.update(planned)
    await settled()
    expect(kernel.dump()).toBe(toyPlan(planned.values(), 'node-a'))
  })

  test('a round is over everything at first and after a reading, else over what changed', async () => {
    const { clock, reconciler, settled, rounds } = setUp()
    reconciler.sourcesComplete()
    reconciler.update(planOf(frontend(1, [1]), frontend(2, [2])))
    await settled()
    reconciler.update(planOf(frontend(1, [3])))
    await settled()
    await clock.until(reconciler.verify())
    expect(rounds.map(({ keys, full, failures }) => [keys.length, full, failures])).toEqual([
      [3, true, 0],
      [1, false, 0],
      [3, true, 0],
    ])
  })

  test('a restart writes nothing', async () => {
    const first = setUp()
    const planned = planOf(frontend(1, [1, 2]), frontend(2, []))
    first.reconciler.update(planned)
    first.reconciler.sourcesComplete()
    await first.settled()
    await first.reconciler[Symbol.asyncDispose]()
    const second = setUp(first.kernel)
    second.reconciler.update(planned)
    second.reconciler.sourcesComplete()
    await second.settled()
    expect(first.kernel.transactions).toBe(1)
    expect(second.reconciler.status().inSync).toBe(2)
  })
})

describe('thousands of frontends', () => {
  const many = (backend: number): Frontend[] => Array.from({ length: 5_000 }, (_, n) => frontend(n, [n % 500, backend]))

  test('go in pieces, the next made while the kernel works on the one before', async () => {
    const { kernel, reconciler, settled, applied } = setUp()
    const planned = planOf(...many(500))
    reconciler.update(planned)
    reconciler.sourcesComplete()
    await settled()
    expect(kernel.transactions).toBe(3)
    expect(kernel.dump()).toBe(toyPlan(planned.values(), 'node-a'))
    expect(applied.sort()).toEqual([...planned.keys()].sort())
  })

  test.each(['EINVAL', 'ENOENT', ''])('a piece that fails (%s), and a plan that changes meanwhile', async (errno) => {
    const { kernel, clock, reconciler } = setUp()
    reconciler.sourcesComplete()
    reconciler.update(planOf(...many(500)))
    await clock.advance(5_000)
    const planned = planOf(...many(501))
    let calls = 0
    kernel.fault = (call) => {
      if (call !== 'apply' || ++calls !== 2) return
      const next = frontend(3, [77])
      planned.set(next.key, next)
      reconciler.update(planOf(next))
      throw new KernelError({ operation: 'toy', errno })
    }
    reconciler.update(planned)
    await clock.advance(120_000)
    expect(calls).toBeGreaterThan(2)
    expect(reconciler.status()).toMatchObject({ lagging: [], strays: 0, lingering: 0, extra: 0 })
    expect(kernel.dump()).toBe(toyPlan(planned.values(), 'node-a'))
  })
})

describe('removal', () => {
  test('waits until the sources are complete, and what was found stays as it is', async () => {
    const first = setUp()
    first.reconciler.update(planOf(frontend(1, [1]), frontend(2, [2])))
    first.reconciler.sourcesComplete()
    await first.settled()
    const before = first.kernel.dump()
    const { kernel, reconciler, settled } = setUp(first.kernel)
    reconciler.update(planOf(frontend(1, [])))
    await settled()
    expect(kernel.dump()).toBe(before)
    reconciler.update(planOf(frontend(3, [3])))
    await settled()
    expect(kernel.objects.has('number 10.96.0.2:80/TCP')).toBe(true)
    expect(kernel.objects.has('number 10.96.0.3:80/TCP')).toBe(true)
    reconciler.sourcesComplete()
    await settled()
    expect(kernel.dump()).toBe(toyPlan([frontend(1, []), frontend(3, [3])], 'node-a'))
  })

  test('of what packets may still look up comes a second later, once for all', async () => {
    const { kernel, clock, reconciler, settled } = setUp()
    reconciler.sourcesComplete()
    reconciler.update(planOf(frontend(1, [1]), frontend(2, [2]), frontend(3, [3])))
    await settled()
    reconciler.update(planOf(frontend(1, [])))
    reconciler.update(new Map([[frontend(2, []).key, null]]))
    await clock.advance(999)
    expect(kernel.objects.has('person 10.1.0.1')).toBe(true)
    expect(kernel.objects.has('number 10.96.0.2:80/TCP')).toBe(false)
    expect(reconciler.status().lingering).toBe(2)
    await clock.advance(2)
    expect(kernel.dump()).toBe(toyPlan([frontend(1, []), frontend(3, [3])], 'node-a'))
    expect(kernel.transactions).toBe(3)
  })

  test('is called off when the same object is needed again', async () => {
    const { kernel, clock, reconciler, settled } = setUp()
    reconciler.sourcesComplete()
    reconciler.update(planOf(frontend(1, [1])))
    await settled()
    reconciler.update(planOf(frontend(1, [])))
    await clock.advance(500)
    reconciler.update(planOf(frontend(2, [1])))
    await settled()
    expect(kernel.dump()).toBe(toyPlan([frontend(1, []), frontend(2, [1])], 'node-a'))
  })

  test('of what two frontends share comes with the last', async () => {
    const { kernel, reconciler, settled } = setUp()
    reconciler.sourcesComplete()
    reconciler.update(planOf(frontend(1, [7]), frontend(2, [7])))
    await settled()
    reconciler.update(new Map([[frontend(1, []).key, null]]))
    await settled()
    expect(kernel.objects.has('person 10.1.0.7')).toBe(true)
    reconciler.update(new Map([[frontend(2, []).key, null]]))
    await settled()
    expect(kernel.objects.has('person 10.1.0.7')).toBe(false)
  })
})

describe('what others do', () => {
  test('is noticed and repaired at once, then once a second, then slower', async () => {
    const { kernel, clock, reconciler, settled } = setUp()
    reconciler.sourcesComplete()
    const planned = planOf(frontend(1, [1]), frontend(2, [2]))
    reconciler.update(planned)
    await settled()
    kernel.interfere((objects) => {
      objects.delete('number 10.96.0.1:80/TCP')
      objects.set('junk', { key: 'junk', kind: 'person', owner: null, leadsTo: [] })
    })
    await clock.advance(100)
    expect(kernel.objects.has('number 10.96.0.1:80/TCP')).toBe(true)
    await settled()
    expect(kernel.dump()).toBe(toyPlan(planned.values(), 'node-a'))
    const before = kernel.observations
    for (let n = 0; n < 600; n++) {
      kernel.interfere((objects) => objects.delete('number 10.96.0.1:80/TCP'))
      await clock.advance(100)
    }
    expect(kernel.observations - before).toBeLessThan(15)
    await settled()
    expect(kernel.dump()).toBe(toyPlan(planned.values(), 'node-a'))
  })

  test('is told by verify before it is repaired', async () => {
    const { kernel, clock, reconciler, settled } = setUp()
    reconciler.sourcesComplete()
    reconciler.update(planOf(frontend(1, [1]), frontend(2, [2])))
    await settled()
    kernel.objects.delete('number 10.96.0.2:80/TCP')
    expect(await clock.until(reconciler.verify())).toMatchObject({ differing: ['10.96.0.2:80/TCP'], strays: 0 })
    await settled()
    expect(await clock.until(reconciler.verify())).toMatchObject({ differing: [], strays: 0 })
  })

  test('even everything at once', async () => {
    const { kernel, reconciler, settled } = setUp()
    reconciler.sourcesComplete()
    const planned = planOf(frontend(1, [1]), frontend(2, [2]))
    reconciler.update(planned)
    await settled()
    kernel.interfere((objects) => objects.clear())
    await settled()
    expect(kernel.dump()).toBe(toyPlan(planned.values(), 'node-a'))
  })
})
