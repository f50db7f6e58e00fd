import { describe, expect, test } from 'vitest'
import { indexes, pool, base, openAt, total } from '../../../test/support/scenarios.ts'
import { clientsOf, exponential, podsOf } from '../defaults.ts'
import { simulateOnce } from '../simulate.ts'

describe('counting', () => {
  test('what happens in the warm-up is not counted, and open connections stay', () => {
    const outcome = simulateOnce(base({ warmUpSeconds: 50 }), '1')
    expect(outcome.opened).toBe(0)
    expect(openAt(outcome, 0)).toEqual([100, 100, 100, 100])
    expect(total(outcome.totals.requests)).toBeCloseTo(4 * 100, 6)
  })

  test('requests, bytes and work follow from what is open', () => {
    const group = clientsOf('c', 1, [0], pool(4))
    const requests = { ...group.requests, perSecond: 8, bytes: 1000, perConnection: 1 }
    const { totals } = simulateOnce(
      base({ clients: [{ ...group, requests }], pods: podsOf(4, 1, { cost: 3 }), seconds: 10 }),
      '1',
    )
    expect([...totals.requests]).toEqual([21, 21, 21, 21])
    expect([...totals.bytes]).toEqual([21_000, 21_000, 21_000, 21_000])
    expect([...totals.work]).toEqual([63, 63, 63, 63])
  })

  test('arrivals since long ago are in equilibrium: rate × mean life are open from the beginning', () => {
    const open = indexes(100).map((run) =>
      total(
        openAt(
          simulateOnce(
            base({
              seconds: 1,
              clients: [
                clientsOf('c', 4, [0], { kind: 'arrivals', perSecond: 5, spacing: 'poisson', life: exponential(20) }),
              ],
            }),
            '1',
            run,
          ),
          0,
        ),
      ),
    )
    expect(Math.abs(total(open) / 100 - 400)).toBeLessThan(8)
  })

  test('clients come when they start and leave when they stop', () => {
    const outcome = simulateOnce(
      base({ clients: [clientsOf('c', 100, [0], pool(1), { startsAt: 10, startSpreadSeconds: 20, stopsAt: 60 })] }),
      '1',
    )
    expect(total(openAt(outcome, 9))).toBe(0)
    expect(Math.abs(total(openAt(outcome, 20)) - 50)).toBeLessThan(20)
    expect(total(openAt(outcome, 31))).toBe(100)
    expect(total(openAt(outcome, 61))).toBe(0)
    expect(outcome.broken).toBe(0)
  })
})
