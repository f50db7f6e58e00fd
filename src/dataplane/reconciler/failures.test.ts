import { describe, expect, test } from 'vitest'
import { frontend } from '../../../test/support/frontends.ts'
import { planOf, reconciling } from '../../../test/support/reconciling.ts'
import { ToyKernel, toyPlane } from '../../../test/support/toy-plane.ts'
import { KernelError } from '../../kernel/errors.ts'

const setUp = () => {
  const kernel = new ToyKernel()
  return { kernel, ...reconciling({ plane: toyPlane, driver: kernel.driver() }) }
}

const failing = (keys: RegExp, errno: string) => (call: string, change?: { add: readonly { key: string }[] }) => {
  if (call === 'apply' && change?.add.some(({ key }) => keys.test(key)))
    throw new KernelError({ operation: 'toy', errno, object: 'x' })
}

describe('a failing frontend', () => {
  test('is found, named and retried while the rest goes on', async () => {
    const { kernel, clock, reconciler, settled } = setUp()
    kernel.fault = failing(/10\.96\.0\.33:/, 'EINVAL')
    reconciler.sourcesComplete()
    reconciler.update(planOf(...Array.from({ length: 100 }, (_, n) => frontend(n, [n]))))
    await settled()
    const status = reconciler.status()
    expect(status.inSync).toBe(99)
    expect(status.lagging).toMatchObject([{ frontend: '10.96.0.33:80/TCP', state: 'failing', reason: 'toy x: EINVAL' }])
    // halving takes about two attempts a level
    expect(kernel.transactions).toBeLessThan(20)
    reconciler.update(planOf(frontend(5, [9])))
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
    reconciler.update(planOf(frontend(1, [1]), frontend(2, [2])))
    await clock.advance(3_600_000)
    expect(tries).toBeGreaterThan(60)
    expect(tries).toBeLessThan(200)
    expect(kernel.observations).toBeLessThan(10)
  })

  test('that cannot be compiled keeps what it had', async () => {
    const { kernel, reconciler, settled } = setUp()
    reconciler.sourcesComplete()
    reconciler.update(planOf(frontend(1, [1]), frontend(2, [2])))
    await settled()
    const before = kernel.dump()
    reconciler.update(planOf(frontend(1, [5], { service: 'broken/broken' })))
    await settled()
    expect(kernel.dump()).toBe(before)
    expect(reconciler.status().lagging).toMatchObject([
      { frontend: '10.96.0.1:80/TCP', reason: 'cannot be compiled: this Service breaks the compiler' },
    ])
  })

  test('what a plane refuses is told', async () => {
    const { reconciler, settled } = setUp()
    reconciler.sourcesComplete()
    reconciler.update(planOf(frontend(1, [1], { affinitySeconds: 10 })))
    await settled()
    expect(reconciler.status().refused).toEqual([{ frontend: '10.96.0.1:80/TCP', reasons: ['affinity'] }])
  })

  test('the node’s own part: nothing else is tried, but it is, until it works', async () => {
    const { kernel, clock, reconciler } = setUp()
    kernel.fault = failing(/switchboard/, 'EPERM')
    reconciler.sourcesComplete()
    reconciler.update(planOf(frontend(1, [1])))
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
    reconciler.update(planOf(...Array.from({ length: 200 }, (_, n) => frontend(n, [n]))))
    await clock.advance(600_000)
    // about eight while the waits double, then hardly more than one a minute each
    expect(tries).toBeLessThan(6_000)
    kernel.fault = () => {}
    await clock.advance(120_000)
    expect(reconciler.status().inSync).toBe(200)
  })

  test('what is put off in an outage is not settled', async () => {
    const { kernel, clock, reconciler } = setUp()
    reconciler.sourcesComplete()
    kernel.fault = failing(/^number/, 'ENOMEM')
    reconciler.update(planOf(...Array.from({ length: 200 }, (_, n) => frontend(n, [n]))))
    let left: readonly string[] | null = null
    void reconciler.settled().then(() => (left = reconciler.status().lagging.map(({ state }) => state)))
    await clock.advance(100)
    expect(left).toBeNull()
    kernel.fault = () => {}
    await clock.advance(60_000)
    // those that had failed by themselves had their turn later
    expect(new Set(left)).toEqual(new Set(['failing']))
    expect(reconciler.status().inSync).toBe(200)
  })
})
