import { describe, expect, test } from 'vitest'
import { pool, base, openAt, readyAt, total } from '../../../test/support/scenarios.ts'
import { clientsOf, defaultProbe, defaultTemplate, fixed, nodesOf, podsOf } from '../defaults.ts'
import type { PodTemplate, RunOutcome } from '../model.ts'
import { simulateOnce } from '../simulate.ts'

const template = (changes: Partial<PodTemplate> = {}): PodTemplate => ({
  ...defaultTemplate,
  startup: fixed(5),
  probe: { ...defaultProbe, periodSeconds: 1 },
  graceSeconds: 2,
  ...changes,
})

describe('readiness', () => {
  const starting = (changes: Partial<PodTemplate>): RunOutcome =>
    simulateOnce(
      base({
        clients: [clientsOf('c', 4, [0], { kind: 'arrivals', perSecond: 25, spacing: 'steady', life: fixed(0.1) })],
        measure: 'opened',
        events: [{ kind: 'scale', at: 20, replicas: 5, template: template({ startup: fixed(30), ...changes }) }],
      }),
      '1',
    )

  test('with a probe nobody is sent to a pod that starts', () => expect(starting({}).refused).toBe(0))

  test('without one a fifth of all connections is refused until it has started', () => {
    const { refused } = starting({ probe: null })
    expect(Math.abs(refused - (30 * 100) / 5)).toBeLessThan(10)
  })

  const failing = (probe: PodTemplate['probe']): RunOutcome =>
    simulateOnce(
      base({
        pods: podsOf(4, 1, { probe }),
        clients: [clientsOf('c', 4, [0], { kind: 'arrivals', perSecond: 25, spacing: 'steady', life: fixed(0.1) })],
        events: [{ kind: 'fail', at: 20, pods: [2], seconds: 40 }],
      }),
      '1',
    )

  test('a pod that fails is refused at until its probe has failed often enough', () => {
    const outcome = failing({ periodSeconds: 2, successThreshold: 1, failureThreshold: 3 })
    // the third failure comes 4 to 6 s after it began
    expect(outcome.refused).toBeGreaterThan(25 * 3.9)
    expect(outcome.refused).toBeLessThan(25 * 6.1)
    expect(readyAt(outcome, 27)).toBe(3)
    expect(readyAt(outcome, 63)).toBe(4)
  })

  test('without a probe for as long as it fails', () => {
    const outcome = failing(null)
    expect(Math.abs(outcome.refused - 25 * 40)).toBeLessThan(5)
    expect(readyAt(outcome, 27)).toBe(4)
  })

  test('a failure that is over before the probe notices changes nothing in the rules', () => {
    const outcome = failing({ periodSeconds: 30, successThreshold: 1, failureThreshold: 3 })
    expect(Array.from({ length: 101 }, (_, second) => readyAt(outcome, second))).toEqual(Array(101).fill(4))
  })

  test('a pod that terminates still accepts during its lame duck time, then refuses: nodes that lag send to it', () => {
    const lagging = (lameDuckSeconds: number): number =>
      simulateOnce(
        base({
          nodes: nodesOf(1, { lag: fixed(4) }),
          pods: podsOf(4, 1, { lameDuckSeconds }),
          clients: [clientsOf('c', 4, [0], { kind: 'arrivals', perSecond: 25, spacing: 'steady', life: fixed(0.1) })],
          events: [{ kind: 'scale', at: 20, replicas: 3, template: defaultTemplate }],
        }),
        '1',
      ).refused
    expect(Math.abs(lagging(0) - 25 * 4)).toBeLessThan(4)
    expect(Math.abs(lagging(3) - 25)).toBeLessThan(4)
    expect(lagging(5)).toBe(0)
  })
})

describe('nodes', () => {
  test('a drain brings its pods to the other nodes', () => {
    const outcome = simulateOnce(
      base({
        nodes: nodesOf(2),
        pods: podsOf(4, 2),
        events: [{ kind: 'drain', at: 10, node: 0, template: defaultTemplate }],
      }),
      '1',
    )
    expect(readyAt(outcome, 50)).toBe(4)
    expect(outcome.pods.slice(4, 6).map(({ node }) => node)).toEqual([1, 1])
  })

  test('a node that stalls keeps its old rules', () => {
    const outcome = simulateOnce(
      base({
        nodes: nodesOf(2),
        clients: [0, 1].map((node) => clientsOf(`c${node}`, 1, [node], pool(100, fixed(1)))),
        events: [
          { kind: 'node-stall', at: 5, nodes: [1], seconds: 50 },
          { kind: 'scale', at: 10, replicas: 8, template: defaultTemplate },
        ],
      }),
      '1',
    )
    // 100 of each node: half of them go to the newcomers where their rules know them
    expect(Math.abs(total(openAt(outcome, 40).slice(4)) - 50)).toBeLessThanOrEqual(4)
    expect(Math.abs(total(openAt(outcome, 90).slice(4)) - 100)).toBeLessThanOrEqual(8)
  })

  test('a crash breaks connections, and the pod is back after its downtime', () => {
    const outcome = simulateOnce(base({ events: [{ kind: 'restart', at: 10, pods: [1], downSeconds: 5 }] }), '1')
    expect(outcome.broken).toBe(100)
    expect(readyAt(outcome, 12)).toBe(3)
    expect(readyAt(outcome, 16)).toBe(4)
    expect(openAt(outcome, 20)[1]).toBe(0)
  })

  test('when clients reconnect, everything is even again', () => {
    const outcome = simulateOnce(
      base({
        events: [
          { kind: 'scale', at: 10, replicas: 8, template: defaultTemplate },
          { kind: 'reconnect', at: 50, clients: [0], fraction: 1 },
        ],
      }),
      '1',
    )
    expect(openAt(outcome, 49)).toEqual([100, 100, 100, 100, 0, 0, 0, 0])
    expect(openAt(outcome, 51)).toEqual(Array(8).fill(50))
    expect(outcome.broken).toBe(0)
  })
})
