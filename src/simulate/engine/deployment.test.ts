import { describe, expect, test } from 'vitest'
import { base, openAt, readyAt, total, came } from '../../../test/support/scenarios.ts'
import { defaultProbe, defaultTemplate, fixed, podsOf } from '../defaults.ts'
import type { PodTemplate, Scenario } from '../model.ts'
import { simulateOnce } from '../simulate.ts'

const template = (changes: Partial<PodTemplate> = {}): PodTemplate => ({
  ...defaultTemplate,
  startup: fixed(5),
  probe: { ...defaultProbe, periodSeconds: 1 },
  graceSeconds: 2,
  ...changes,
})

describe('a rolling update', () => {
  const update = (maxSurge: number, maxUnavailable: number): Scenario =>
    base({
      pods: podsOf(4, 1, { graceSeconds: 2 }),
      events: [{ kind: 'rolling-update', at: 10, maxSurge, maxUnavailable, minReadySeconds: 0, template: template() }],
    })

  test('replaces every pod, breaks what they held, and the first new pods end heaviest', () => {
    const outcome = simulateOnce(update(1, 0), '1')
    expect(came(outcome)).toEqual(['pod-0', 'pod-1', 'pod-2', 'pod-3', 'new-0', 'new-1', 'new-2', 'new-3'])
    const counts = openAt(outcome, 100)
    expect(counts.slice(0, 4)).toEqual([0, 0, 0, 0])
    expect(total(counts)).toBe(400)
    const [first = 0, , , last = 0] = counts.slice(4)
    expect(first).toBeGreaterThan(100)
    // the last one comes before the last old one is gone, and so gets its part of that
    expect(last).toBeLessThan(first)
    expect(outcome.broken).toBeGreaterThan(400)
  })

  test('never fewer ready than replicas − maxUnavailable, never more than replicas + maxSurge', () => {
    for (const [surge, unavailable] of [
      [1, 0],
      [0, 1],
      [2, 1],
      [4, 4],
    ] as const) {
      const outcome = simulateOnce(update(surge, unavailable), '1')
      for (let second = 0; second <= 100; second++) {
        expect(readyAt(outcome, second)).toBeGreaterThanOrEqual(4 - unavailable)
        expect(readyAt(outcome, second)).toBeLessThanOrEqual(4 + surge)
      }
      expect(readyAt(outcome, 100)).toBe(4)
    }
  })

  test('minReadySeconds holds each step back', () => {
    const events = update(1, 0).events.map((event) => ({ ...event, minReadySeconds: 15 }))
    const quick = simulateOnce(update(1, 0), '1').pods.map(({ startedAt }) => startedAt)
    const slow = simulateOnce(base({ events }), '1').pods.map(({ startedAt }) => startedAt)
    expect(quick.slice(4).every((at, i) => at <= (slow[4 + i] ?? 0))).toBe(true)
    expect((slow[7] ?? 0) - (slow[4] ?? 0)).toBeGreaterThan(60)
  })

  test('connections of a pod that closes in good order are not broken', () => {
    const gentle = podsOf(4, 1, { drain: 'close', lameDuckSeconds: 1, graceSeconds: 5 })
    const outcome = simulateOnce({ ...update(1, 0), pods: gentle }, '1')
    expect(outcome.broken).toBe(0)
    expect(total(openAt(outcome, 100))).toBe(400)
    expect(outcome.opened).toBeGreaterThan(800)
  })
})

describe('scaling', () => {
  test('up without churn: the new ones stay idle', () => {
    const outcome = simulateOnce(
      base({ events: [{ kind: 'scale', at: 10, replicas: 6, template: defaultTemplate }] }),
      '1',
    )
    expect(openAt(outcome, 100)).toEqual([100, 100, 100, 100, 0, 0])
  })

  test('down: the youngest go, and their connections break at the end of their grace', () => {
    const outcome = simulateOnce(
      base({ events: [{ kind: 'scale', at: 10, replicas: 3, template: defaultTemplate }] }),
      '1',
    )
    expect(openAt(outcome, 39)).toEqual([100, 100, 100, 100])
    const after = openAt(outcome, 41)
    expect(total(after)).toBe(400)
    expect(after[3]).toBe(0)
    expect(outcome.broken).toBe(100)
  })

  test('to nothing and back: clients wait, and come again', () => {
    const outcome = simulateOnce(
      base({
        pods: podsOf(4, 1, { graceSeconds: 0 }),
        events: [
          { kind: 'scale', at: 10, replicas: 0, template: defaultTemplate },
          { kind: 'scale', at: 50, replicas: 2, template: defaultTemplate },
        ],
      }),
      '1',
    )
    expect(total(openAt(outcome, 49))).toBe(0)
    expect(outcome.refused).toBe(400 * 40)
    expect(openAt(outcome, 60).slice(4, 6)).toEqual([200, 200])
  })
})
