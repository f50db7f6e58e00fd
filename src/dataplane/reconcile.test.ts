import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { frontend, someNode } from '../../test/support/frontends.ts'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { randomFaults, ToyKernel, toyPlan, toyPlane } from '../../test/support/toy-plane.ts'
import { KernelError } from '../kernel/errors.ts'
import type { Frontend } from '../model/frontend.ts'
import { silent } from '../util/log.ts'
import { seededRandom } from '../util/random.ts'
import { Reconciler } from './reconcile.ts'

const setUp = (kernel = new ToyKernel()) => {
  const clock = new ManualClock()
  const random = seededRandom('jitter')
  const applied: string[] = []
  const reconciler = new Reconciler({
    nextTurn: () => Promise.resolve(),
    plane: toyPlane,
    driver: kernel.driver(),
    node: someNode,
    clock,
    log: silent,
    random: () => random() / 2 ** 32,
    onApplied: (keys) => void applied.push(...keys),
  })
  const settled = () => clock.until(reconciler.settled())
  return { kernel, clock, reconciler, settled, applied }
}

const plan = (...frontends: Frontend[]): Map<string, Frontend> => new Map(frontends.map((one) => [one.key, one]))

const failing = (keys: RegExp, errno: string) => (call: string, change?: { add: readonly { key: string }[] }) => {
  if (call === 'apply' && change?.add.some(({ key }) => keys.test(key)))
    throw new KernelError({ operation: 'toy', errno, object: 'x' })
}

describe('a plan goes into the kernel', () => {
  test('in one transaction, and again in none', async () => {
    const { kernel, reconciler, settled, applied } = setUp()
    const planned = plan(frontend(1, [1, 2]), frontend(2, [2, 3]))
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

  test('changes that come while a transaction is in flight cost one more', async () => {
    const { kernel, reconciler, settled } = setUp()
    reconciler.sourcesComplete()
    reconciler.update(plan(frontend(1, [1])))
    await settled()
    kernel.lost = () => {
      kernel.lost = () => {}
      for (let n = 2; n < 50; n++) reconciler.update(plan(frontend(n, [n]), frontend(1, [n])))
    }
    reconciler.update(plan(frontend(1, [2])))
    await settled()
    // the first, the rest, and what lingered of both
    expect(kernel.transactions).toBeLessThanOrEqual(5)
    expect(reconciler.status().inSync).toBe(49)
  })

  test('a restart writes nothing', async () => {
    const first = setUp()
    const planned = plan(frontend(1, [1, 2]), frontend(2, []))
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
    const planned = plan(...many(500))
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
    reconciler.update(plan(...many(500)))
    await clock.advance(5_000)
    const planned = plan(...many(501))
    let calls = 0
    kernel.fault = (call) => {
      if (call !== 'apply' || ++calls !== 2) return
      const next = frontend(3, [77])
      planned.set(next.key, next)
      reconciler.update(plan(next))
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
    first.reconciler.update(plan(frontend(1, [1]), frontend(2, [2])))
    first.reconciler.sourcesComplete()
    await first.settled()
    const before = first.kernel.dump()
    const { kernel, reconciler, settled } = setUp(first.kernel)
    reconciler.update(plan(frontend(1, [])))
    await settled()
    expect(kernel.dump()).toBe(before)
    reconciler.update(plan(frontend(3, [3])))
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
    reconciler.update(plan(frontend(1, [1]), frontend(2, [2]), frontend(3, [3])))
    await settled()
    reconciler.update(plan(frontend(1, [])))
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
    reconciler.update(plan(frontend(1, [1])))
    await settled()
    reconciler.update(plan(frontend(1, [])))
    await clock.advance(500)
    reconciler.update(plan(frontend(2, [1])))
    await settled()
    expect(kernel.dump()).toBe(toyPlan([frontend(1, []), frontend(2, [1])], 'node-a'))
  })

  test('of what two frontends share comes with the last', async () => {
    const { kernel, reconciler, settled } = setUp()
    reconciler.sourcesComplete()
    reconciler.update(plan(frontend(1, [7]), frontend(2, [7])))
    await settled()
    reconciler.update(new Map([[frontend(1, []).key, null]]))
    await settled()
    expect(kernel.objects.has('person 10.1.0.7')).toBe(true)
    reconciler.update(new Map([[frontend(2, []).key, null]]))
    await settled()
    expect(kernel.objects.has('person 10.1.0.7')).toBe(false)
  })
})

describe('a failing frontend', () => {
  test('is found, named and retried while the rest goes on', async () => {
    const { kernel, clock, reconciler, settled } = setUp()
    kernel.fault = failing(/10\.96\.0\.33:/, 'EINVAL')
    reconciler.sourcesComplete()
    reconciler.update(plan(...Array.from({ length: 100 }, (_, n) => frontend(n, [n]))))
    await settled()
    const status = reconciler.status()
    expect(status.inSync).toBe(99)
    expect(status.lagging).toMatchObject([{ frontend: '10.96.0.33:80/TCP', state: 'failing', reason: 'toy x: EINVAL' }])
    // halving takes about two attempts a level
    expect(kernel.transactions).toBeLessThan(20)
    reconciler.update(plan(frontend(5, [9])))
    await clock.advance(10)
    expect(kernel.objects.get('number 10.96.0.5:80/TCP')?.leadsTo).toEqual(['person 10.1.0.9'])
    kernel.fault = () => {}
    await clock.advance(60_000)
    expect(reconciler.status().inSync).toBe(100)
    expect(reconciler.status().lagging).toEqual([])
  })

  test('is retried less and less often, and reads the kernel again only to be sure', async () => {
    const { kernel, clock, reconciler } = setUp()
    let tries = 0
    kernel.fault = (call, change) => {
      if (call === 'apply' && change?.add.some(({ key }) => key.startsWith('number 10.96.0.1:'))) {
        tries++
        throw new KernelError({ operation: 'toy', errno: 'ENOENT' })
      }
    }
    reconciler.sourcesComplete()
    reconciler.update(plan(frontend(1, [1]), frontend(2, [2])))
    await clock.advance(3_600_000)
    expect(tries).toBeGreaterThan(60)
    expect(tries).toBeLessThan(200)
    expect(kernel.observations).toBeLessThan(10)
  })

  test('that cannot be compiled keeps what it had', async () => {
    const { kernel, reconciler, settled } = setUp()
    reconciler.sourcesComplete()
    reconciler.update(plan(frontend(1, [1]), frontend(2, [2])))
    await settled()
    const before = kernel.dump()
    reconciler.update(plan(frontend(1, [5], { service: 'broken/broken' })))
    await settled()
    expect(kernel.dump()).toBe(before)
    expect(reconciler.status().lagging).toMatchObject([
      { frontend: '10.96.0.1:80/TCP', reason: 'cannot be compiled: this Service breaks the compiler' },
    ])
  })

  test('what a plane refuses is told', async () => {
    const { reconciler, settled } = setUp()
    reconciler.sourcesComplete()
    reconciler.update(plan(frontend(1, [1], { affinitySeconds: 10 })))
    await settled()
    expect(reconciler.status().refused).toEqual([{ frontend: '10.96.0.1:80/TCP', reasons: ['affinity'] }])
  })

  test('the node’s own part: nothing else is tried, but it is, until it works', async () => {
    const { kernel, clock, reconciler } = setUp()
    kernel.fault = failing(/switchboard/, 'EPERM')
    reconciler.sourcesComplete()
    reconciler.update(plan(frontend(1, [1])))
    await clock.advance(30_000)
    expect(reconciler.status().lagging).toMatchObject([
      { frontend: '', state: 'failing', reason: 'toy x: EPERM' },
      { frontend: '10.96.0.1:80/TCP', state: 'pending' },
    ])
    kernel.fault = () => {}
    await clock.advance(60_000)
    expect(reconciler.status().inSync).toBe(1)
  })

  test('an outage: nobody is blamed one by one for ever, and all recover', async () => {
    const { kernel, clock, reconciler, settled } = setUp()
    reconciler.sourcesComplete()
    await settled()
    let tries = 0
    kernel.fault = (call) => {
      if (call !== 'apply') return
      tries++
      throw new KernelError({ operation: 'toy', errno: 'ENOMEM' })
    }
    reconciler.update(plan(...Array.from({ length: 200 }, (_, n) => frontend(n, [n]))))
    await clock.advance(600_000)
    // about eight while the waits double, then hardly more than one a minute each
    expect(tries).toBeLessThan(6_000)
    kernel.fault = () => {}
    await clock.advance(120_000)
    expect(reconciler.status().inSync).toBe(200)
  })
})

describe('what others do', () => {
  test('is noticed and repaired at once, then once a second, then slower', async () => {
    const { kernel, clock, reconciler, settled } = setUp()
    reconciler.sourcesComplete()
    const planned = plan(frontend(1, [1]), frontend(2, [2]))
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
    reconciler.update(plan(frontend(1, [1]), frontend(2, [2])))
    await settled()
    kernel.objects.delete('number 10.96.0.2:80/TCP')
    expect(await clock.until(reconciler.verify())).toMatchObject({ differing: ['10.96.0.2:80/TCP'], strays: 0 })
    await settled()
    expect(await clock.until(reconciler.verify())).toMatchObject({ differing: [], strays: 0 })
  })

  test('even everything at once', async () => {
    const { kernel, reconciler, settled } = setUp()
    reconciler.sourcesComplete()
    const planned = plan(frontend(1, [1]), frontend(2, [2]))
    reconciler.update(planned)
    await settled()
    kernel.interfere((objects) => objects.clear())
    await settled()
    expect(kernel.dump()).toBe(toyPlan(planned.values(), 'node-a'))
  })
})

test('one kernel call in ten fails, answers get lost, others interfere, the process restarts: always converges', async () => {
  const event = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('plan' as const),
        index: fc.nat(5),
        backends: fc.uniqueArray(fc.nat(5), { maxLength: 4 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('gone' as const), index: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('theft' as const), nth: fc.nat(10) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(1_500) }) },
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { minLength: 15, maxLength: 50 }),
      fc.string({ maxLength: 8 }),
      async (events, seed) => {
        const { kernel, ...first } = setUp()
        let { clock, reconciler } = first
        randomFaults(kernel, seed, 10)
        const planned = new Map<string, Frontend>()
        reconciler.sourcesComplete()
        for (const one of events) {
          if (one.kind === 'plan') {
            const next = frontend(one.index, one.backends)
            planned.set(next.key, next)
            reconciler.update(plan(next))
          } else if (one.kind === 'gone') {
            const { key } = frontend(one.index, [])
            planned.delete(key)
            reconciler.update(new Map([[key, null]]))
          } else if (one.kind === 'theft') {
            kernel.interfere((objects) => objects.delete([...objects.keys()][one.nth % (objects.size || 1)] ?? ''))
          } else if (one.kind === 'wait') {
            await clock.advance(one.ms)
          } else {
            await reconciler[Symbol.asyncDispose]()
            ;({ clock, reconciler } = setUp(kernel))
            reconciler.update(planned)
            reconciler.sourcesComplete()
          }
        }
        await clock.advance(600_000)
        expect(kernel.dump()).toBe(toyPlan(planned.values(), 'node-a'))
        expect(reconciler.status()).toMatchObject({ lagging: [], strays: 0, lingering: 0, extra: 0 })
      },
    ),
    { numRuns: 1_000 },
  )
})
