import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { frontend } from '../../../test/support/frontends.ts'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import type { Frontend, FrontendKey } from '../../model/frontend.ts'
import type { PlanChange } from '../../routing/planner.ts'
import { silent } from '../../util/log.ts'
import { Brake } from './brake.ts'

const WINDOW = 60_000

/** A planner's memory before the brake, and a plane's behind it. */
const setUp = ({ maxEmptiedPercent = 20, minFrontends = 3 } = {}) => {
  const clock = new ManualClock()
  const planned = new Map<FrontendKey, Frontend>()
  const inForce = new Map<FrontendKey, Frontend>()
  const take = ({ frontends }: PlanChange): void => {
    for (const [key, one] of frontends) {
      if (one) inForce.set(key, one)
      else inForce.delete(key)
    }
  }
  const released: PlanChange[] = []
  const brake = new Brake({
    config: { maxEmptiedPercent, minFrontends, window: WINDOW },
    clock,
    log: silent,
    onRelease: (plan) => {
      released.push(plan)
      take(plan)
    },
  })
  const plan = (change: ReadonlyMap<FrontendKey, Frontend | null>, more: Partial<PlanChange> = {}): PlanChange => {
    const before = new Map(
      [...change.keys()].flatMap((key) => {
        const held = planned.get(key)
        return held ? [[key, held] as const] : []
      }),
    )
    for (const [key, one] of change) {
      if (one) planned.set(key, one)
      else planned.delete(key)
    }
    const whole = { frontends: change, before, healthChecks: new Map(), staleFlows: [], ...more }
    const admitted = brake.admit(whole)
    take(admitted)
    return admitted
  }
  const put = (...frontends: Frontend[]) => plan(new Map(frontends.map((one) => [one.key, one])))
  const remove = (...frontends: Frontend[]) => plan(new Map(frontends.map(({ key }) => [key, null])))
  return { clock, brake, plan, put, remove, planned, inForce, released }
}

const many = (count: number, backends: readonly number[], from = 0): Frontend[] =>
  Array.from({ length: count }, (_, index) => frontend(from + index, backends))

const settled = (set: ReturnType<typeof setUp>) => expect([...set.inForce].sort()).toEqual([...set.planned].sort())

describe('what would empty too much at once', () => {
  test('is held: those frontends keep their backends, everything else passes', () => {
    const set = setUp()
    set.put(...many(100, [1]))
    const change = [...many(30, []), frontend(40, [2]), frontend(200, [3])]
    const admitted = set.put(...change)
    expect([...admitted.frontends.keys()]).toEqual([frontend(40, []).key, frontend(200, []).key])
    expect(set.inForce.get(frontend(0, []).key)).toEqual(frontend(0, [1]))
    expect(set.brake.status()).toMatchObject({ engaged: true, serving: 101, engagedTotal: 1 })
    expect(set.brake.status().held).toHaveLength(30)
    expect(set.brake.isHeld(frontend(0, []).key)).toBe(true)
  })

  test('and gone Services count like empty ones', () => {
    const set = setUp()
    set.put(...many(100, [1]))
    set.remove(...many(30, []))
    expect(set.inForce.size).toBe(100)
    expect(set.brake.status().held[0]).toMatchObject({ planned: 'gone', service: 'shop/web-0' })
  })

  test('also as a trickle, one by one within a window', async () => {
    const set = setUp()
    set.put(...many(100, [1]))
    for (const one of many(30, [])) set.put(one)
    expect(set.brake.status()).toMatchObject({ engaged: true, emptied: 20 })
    expect(set.brake.status().held).toHaveLength(10)
  })

  test('not when it is slow, little or few', async () => {
    const slow = setUp()
    slow.put(...many(100, [1]))
    for (const one of many(60, [])) {
      slow.put(one)
      await slow.clock.advance(WINDOW / 10)
    }
    expect(slow.brake.status().engaged).toBe(false)
    settled(slow)
    const few = setUp()
    few.put(...many(2, [1]))
    few.put(...many(2, []))
    expect(few.brake.status().engaged).toBe(false)
    settled(few)
  })

  test('a frontend that another Service takes over is not held', () => {
    const set = setUp()
    set.put(...many(100, [1]))
    set.put(...many(50, []))
    set.put(frontend(0, [], { service: 'shop/other' }))
    expect(set.inForce.get(frontend(0, []).key)?.service).toBe('shop/other')
    expect(set.brake.status().held).toHaveLength(49)
  })
})

describe('it lets go', () => {
  test('of each frontend whose endpoints come back, and of all when none is left', () => {
    const set = setUp()
    set.put(...many(100, [1]))
    set.put(...many(50, []))
    set.put(...many(49, [7]))
    expect(set.brake.status().held).toHaveLength(1)
    set.put(frontend(49, [7]))
    expect(set.brake.status()).toMatchObject({ engaged: false, held: [], serving: 100 })
    settled(set)
  })

  test('of the rest when that would have passed for a whole window', async () => {
    const set = setUp()
    set.put(...many(100, [1]))
    set.put(...many(50, []))
    await set.clock.advance(10 * WINDOW)
    expect(set.brake.status().held).toHaveLength(50)
    set.put(...many(40, [7]))
    await set.clock.advance(2 * WINDOW)
    expect(set.brake.status()).toMatchObject({ engaged: false, serving: 90 })
    settled(set)
  })

  test('of everything when somebody confirms, and for as long as was asked', async () => {
    const set = setUp()
    set.put(...many(100, [1]))
    set.put(...many(50, []))
    expect(set.brake.release(5_000)).toBe(50)
    settled(set)
    set.remove(...many(30, [], 50))
    settled(set)
    await set.clock.advance(5_001)
    set.remove(...many(15, [], 80))
    expect(set.brake.status()).toMatchObject({ engaged: true, engagedTotal: 2 })
  })
})

describe('a restart', () => {
  test('the first plan is measured by what the kernel serves', () => {
    const set = setUp()
    set.brake.begin(new Set(many(100, []).map(({ key }) => key)))
    const admitted = set.put(...many(60, [1]), ...many(20, [], 60))
    // 20 are empty and 20 are not planned at all
    expect(admitted.frontends.size).toBe(60)
    expect(set.brake.heldKeys().size).toBe(40)
    expect(set.brake.status().serving).toBe(100)
    set.brake.release(0)
    expect(set.released[0]?.frontends.get(frontend(99, []).key)).toBeNull()
    settled(set)
  })
})

describe('flows and health checks', () => {
  const flow = (n: number, last: number | null) => ({
    protocol: 'UDP' as const,
    address: `10.96.0.${n}`,
    port: 80,
    backend: last === null ? null : { address: `10.1.0.${last}`, port: 8080 },
  })
  const udp = (n: number, backends: readonly number[]) => frontend(n, backends, { protocol: 'UDP' })
  const some = (backends: readonly number[]) => Array.from({ length: 5 }, (_, n) => udp(n, backends))
  const asMap = (frontends: readonly Frontend[]) => new Map(frontends.map((one) => [one.key, one]))

  test('wait with their frontends, and recovery keeps those that are good', () => {
    const set = setUp()
    set.plan(asMap(some([1, 2])))
    const checks = new Map([['shop/web-0', { service: 'shop/web-0', port: 32_000, localEndpoints: 0 }]])
    const held = set.plan(asMap(some([])), { staleFlows: [flow(0, 1), flow(0, 2), flow(1, 1)], healthChecks: checks })
    expect(held).toMatchObject({ staleFlows: [], healthChecks: new Map() })
    const recovered = set.plan(asMap([udp(0, [1])]), { staleFlows: [flow(0, null)] })
    expect(recovered.staleFlows).toEqual([flow(0, 2)])
    expect(recovered.healthChecks).toEqual(checks)
    set.brake.release(0)
    expect(set.released[0]?.staleFlows).toEqual([flow(1, 1)])
  })
})

test('without an emergency the plan passes as the same object', () => {
  const set = setUp()
  const plan = { frontends: new Map(), before: new Map(), healthChecks: new Map(), staleFlows: [] }
  expect(set.brake.admit(plan)).toBe(plan)
})

test('whatever comes, after a release the plane has the plan, and no more is emptied than allowed', () => {
  const step = fc.record({
    from: fc.nat(30),
    count: fc.nat(30),
    kind: fc.constantFrom('fill', 'empty', 'remove', 'release'),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const set = setUp({ maxEmptiedPercent: 30, minFrontends: 2 })
      set.put(...many(60, [1]))
      for (const { from, count, kind } of steps) {
        if (kind === 'fill') set.put(...many(count, [2], from))
        if (kind === 'empty') set.put(...many(count, [], from))
        if (kind === 'remove') set.remove(...many(count, [], from))
        if (kind === 'release') set.brake.release(0)
        const serving = [...set.inForce.values()].filter(({ sets }) => sets.cluster !== null)
        const { serving: counted, held } = set.brake.status()
        expect(counted).toBe(serving.length)
        for (const { frontend: key } of held) expect(set.inForce.get(key)?.sets.cluster).not.toBeNull()
      }
      set.brake.release(0)
      settled(set)
      expect(set.brake.status().held).toEqual([])
    }),
    { numRuns: 300 },
  )
})
