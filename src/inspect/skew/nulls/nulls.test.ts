import { describe, expect, it } from 'vitest'
import type { Flow, NodeObservation, Observation } from '../observation.ts'
import { ages } from './age.ts'
import { byRate } from './age-rate.ts'
import { readCase } from './choices.ts'
import { clientRuns, keepsClients } from './clients.ts'
import type { Explanation, Fit } from './explanation.ts'
import { leftOut } from './left-out.ts'
import { withNodesOfFlows } from './nodes-of-flows.ts'
import { drawsOf, rulesOdds } from './odds.ts'
import { withSchedulerOfNodes } from './scheduler-of-nodes.ts'
import { sameTies } from './ties.ts'
import { sameStart, turnOdds } from './turns.ts'

const options = { level: 0.01, seed: 'nulls' }

const observationOf = (counts: readonly number[], more: Partial<Observation> = {}): Observation => ({
  service: null,
  unit: 'connections',
  backends: counts.map((count, i) => ({ name: `pod-${i}`, count })),
  facts: {},
  ...more,
})

const fitOf = (observation: Observation, [explanation]: readonly Explanation[]): Fit | null => {
  const situation = readCase(observation)
  if (situation === null || explanation?.kind !== 'whole') return null
  return explanation.fit(situation, [], options)
}

const flow = (client: string, backend: number, openedAt = 0): Flow => ({ client, backend: `pod-${backend}`, openedAt })

describe('pods by age, without flows', () => {
  const aged = (counts: readonly number[], starts: readonly number[]): Fit | null => {
    const { backends, ...rest } = observationOf(counts)
    const observation = { ...rest, backends: backends.map((backend, i) => ({ ...backend, startedAt: starts[i] ?? 0 })) }
    return fitOf(observation, ages(observation))
  }
  const old = [0, 0, 0, 0, 100, 100, 100]

  it('fits what falls with the age, pods of one age being even', () => {
    const fit = aged([200, 205, 195, 200, 20, 22, 18], old)
    expect(fit?.p).toBeGreaterThan(0.5)
    expect(fit?.gain).toBeGreaterThan(100)
    expect(fit?.expected.map(Math.round)).toEqual([200, 200, 200, 200, 20, 20, 20])
  })
  it('does not fit where the young have more: the best order is no order', () => {
    expect(aged([20, 22, 18, 20, 200, 205, 195], old)).toBeNull()
  })
  it('does not fit pods of one age that differ', () => {
    expect(aged([400, 205, 195, 0, 20, 22, 18], old)?.p).toBeLessThan(1e-10)
  })
  it('says nothing of two or three pods, whose order is chance', () => {
    expect(aged([200, 100], [0, 100])).toBeNull()
    expect(aged([200, 100, 50], [0, 100, 200])).toBeNull()
  })
  it('says nothing where counting began when all were there', () => {
    const { backends, ...rest } = observationOf([300, 200, 100, 50], { facts: { counted: 'opened', since: 500 } })
    expect(ages({ ...rest, backends: backends.map((backend, i) => ({ ...backend, startedAt: i * 100 })) })).toEqual([])
  })
})

describe('clients that are kept', () => {
  const kept = Array.from({ length: 60 }, (_, i) => flow(`client-${i % 6}`, i % 3, i))
  const free = Array.from({ length: 60 }, (_, i) => flow(`client-${i % 6}`, (i * 7 + (i % 11)) % 3, i))

  it('are told from chance without any fact', () => {
    expect(keepsClients(kept, false)).toBe(true)
    expect(keepsClients(free, false)).toBe(false)
  })
  it('are believed to be where that is configured, unless they are not', () => {
    expect(keepsClients(kept.slice(0, 6), true)).toBe(true)
    expect(keepsClients(free, true)).toBe(false)
  })
  it('do not seem kept where connections without times are listed pod by pod', () => {
    const listed = Array.from(
      { length: 90 },
      (_, i): Flow => ({ client: 'balancer', backend: `pod-${Math.floor(i / 30)}` }),
    )
    expect(keepsClients(listed, false)).toBe(false)
    expect(
      keepsClients(
        kept.map(({ client, backend }) => ({ client, backend })),
        false,
      ),
    ).toBe(true)
  })
  it('choose once for each stay', () => {
    const runs = clientRuns([flow('a', 0, 1), flow('a', 0, 2), flow('a', 1, 3), flow('b', 2, 1)], {})
    expect(runs.map((run) => run.map(({ backend }) => backend))).toEqual([['pod-0', 'pod-0'], ['pod-1'], ['pod-2']])
  })
  it('do not seem kept where one pod has everything', () => {
    expect(
      keepsClients(
        Array.from({ length: 50 }, (_, i) => flow(`client-${i % 5}`, 0, i)),
        false,
      ),
    ).toBe(false)
  })
})

describe('turns', () => {
  const nodesOf = (counts: readonly (readonly number[])[]): readonly NodeObservation[] =>
    counts.map((each, i) => ({ node: `node-${i}`, counts: each, odds: each.map(() => 1) }))
  const sumOf = (nodes: readonly NodeObservation[]): readonly number[] =>
    (nodes[0]?.counts ?? []).map((_, i) => nodes.reduce((sum, node) => sum + (node.counts[i] ?? 0), 0))
  const fit = (nodes: readonly NodeObservation[], scheduler = 'rr'): Fit | null => {
    const observation = observationOf(sumOf(nodes), { nodes, facts: { scheduler } })
    return fitOf(observation, sameStart(observation))
  }
  // 100 nodes, 3 connections each, 10 pods: three pods get 100 each
  const published = nodesOf(Array.from({ length: 100 }, () => [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]))

  it('that all begin at the same pods are recognized', () => {
    expect(sumOf(published)).toEqual([100, 100, 100, 0, 0, 0, 0, 0, 0, 0])
    expect(fit(published)).toMatchObject({ p: 1 })
    expect(fit(published)?.gain).toBeGreaterThan(100)
  })
  it('with starts of their own are not', () => {
    const apart = nodesOf(
      Array.from({ length: 40 }, (_, n) => Array.from({ length: 10 }, (_, i) => ((i - n * 3 + 200) % 10 < 3 ? 1 : 0))),
    )
    expect(fit(apart)).toBeNull()
  })
  it('are no matter of random schedulers', () => {
    expect(fit(published, 'random')).toBeNull()
  })
  it('are seen in the order of connections', () => {
    const dealt = Array.from({ length: 40 }, (_, i) => flow('client', i % 4, i))
    const odds = turnOdds(dealt, 4)
    expect(odds).toBeGreaterThan(Math.log(1000))
    expect(
      turnOdds(
        dealt.map((each, i) => ({ ...each, backend: `pod-${((i * i * 7 + 3 * i) % 11) % 4}` })),
        4,
      ),
    ).toBeLessThan(0)
  })
})

describe('rules', () => {
  it('of the nodes count by what each sent', () => {
    const nodes = [
      { node: 'a', counts: [100, 0], odds: [1, 0] },
      { node: 'b', counts: [150, 150], odds: [1, 1] },
    ]
    expect(rulesOdds(observationOf([250, 150], { nodes }))).toEqual([0.625, 0.375])
    const situation = readCase(observationOf([250, 150], { nodes }))
    expect(situation === null ? null : drawsOf(situation).map(({ odds, count }) => [odds, count])).toEqual([
      [[1, 0], 100],
      [[0.5, 0.5], 150],
      [[0.5, 0.5], 150],
    ])
  })
  it('that a node does not have are seen in what it never chose', () => {
    const nodes = [
      { node: 'a', counts: [200, 205, 195], odds: null },
      { node: 'b', counts: [0, 290, 310], odds: null },
    ]
    const [found] = leftOut(observationOf([200, 495, 505], { nodes }))
    expect(found).toMatchObject({ code: 'stale-rules', certainty: 'likely', kind: 'odds' })
    expect(found?.kind === 'odds' && found.mask({ node: nodes[1] ?? null, openedAt: null })).toEqual([0, 1, 1])
    expect(leftOut(observationOf([3, 8, 7], { nodes: nodes.map((node) => ({ ...node, counts: [0, 4, 4] })) }))).toEqual(
      [],
    )
  })
})

describe('nodes', () => {
  const flowsOf = (node: string, counts: readonly number[]): readonly Flow[] =>
    counts.flatMap((count, i) => Array.from({ length: count }, (_, c) => ({ ...flow(`${node} ${c}`, i, c), node })))

  it('are made out from connections', () => {
    const flows = [...flowsOf('a', [10, 0]), ...flowsOf('b', [5, 15])]
    expect(withNodesOfFlows(observationOf([15, 15], { flows })).nodes).toEqual([
      { node: 'a', counts: [10, 0], odds: null },
      { node: 'b', counts: [5, 15], odds: null },
    ])
    // a sample does not tell what they sent
    expect(withNodesOfFlows(observationOf([150, 150], { flows })).nodes).toBeUndefined()
  })
  it('that nobody asked are added to those that were', () => {
    const flows = [...flowsOf('a', [10, 0]), ...flowsOf('b', [5, 15])]
    const nodes = [{ node: 'a', counts: [10, 0], odds: [1, 0] }]
    expect(withNodesOfFlows(observationOf([15, 15], { flows, nodes })).nodes?.[1]).toEqual({
      node: 'b',
      counts: [5, 15],
      odds: null,
    })
  })
  it('are known of connections to pods that one of them only sent to', () => {
    const flows = [10, 20].flatMap((count, i) => Array.from({ length: count }, (_, c) => flow(`client ${c}`, i, c)))
    const nodes = [
      { node: 'a', counts: [10, 0], odds: null },
      { node: 'b', counts: [0, 20], odds: null },
    ]
    const placed = withNodesOfFlows(observationOf([10, 20], { flows, nodes })).flows ?? []
    expect(new Set(placed.map(({ node, backend }) => `${node} ${backend}`))).toEqual(new Set(['a pod-0', 'b pod-1']))
  })
  it('with rules that are not known have what most have, or lacks nothing', () => {
    const nodes = [
      { node: 'a', counts: [100, 0, 100], odds: [1, 0, 1] },
      { node: 'b', counts: [100, 100, 100], odds: [1, 1, 1] },
      { node: 'c', counts: [100, 100, 100], odds: null },
    ]
    const situation = readCase(observationOf([300, 200, 300], { nodes }))
    expect(situation === null ? null : drawsOf(situation).at(-1)?.odds).toEqual([1 / 3, 1 / 3, 1 / 3])
  })
})

describe('ties of least connection', () => {
  const nodesOf = (first: (node: number) => number): readonly NodeObservation[] =>
    Array.from({ length: 20 }, (_, n) => {
      const order = [first(n), (first(n) + 1) % 4, (first(n) + 2) % 4, (first(n) + 3) % 4]
      return { node: `node-${n}`, counts: [0, 1, 2, 3].map((i) => [25, 5, 1, 0][order.indexOf(i)] ?? 0), odds: null }
    })
  const fit = (nodes: readonly NodeObservation[], scheduler?: string): Fit | null => {
    const counts = [0, 1, 2, 3].map((i) => nodes.reduce((sum, node) => sum + (node.counts[i] ?? 0), 0))
    const facts = scheduler === undefined ? {} : { scheduler }
    const observation = observationOf(counts, { nodes, facts })
    return fitOf(observation, sameTies(observation))
  }
  it('that go to the same pod on every node are recognized', () => {
    expect(
      fit(
        nodesOf(() => 2),
        'lc',
      )?.gain,
    ).toBeGreaterThan(20)
  })
  it('are recognized by whom every node has at least once, where nodes have fewer connections than backends', () => {
    const nodes = [
      [2, 1, 0, 0],
      [1, 2, 0, 0],
      [1, 1, 1, 0],
      [1, 0, 0, 0],
    ]
    const many = (order: (node: number) => readonly number[]): readonly NodeObservation[] =>
      Array.from({ length: 20 }, (_, n) => {
        const counts = nodes[n % 4] ?? []
        return { node: `node-${n}`, counts: order(n).map((i) => counts[i] ?? 0), odds: null }
      })
    expect(
      fit(
        many(() => [0, 1, 2, 3]),
        'lc',
      )?.gain,
    ).toBeGreaterThan(Math.log(1000))
    expect(
      fit(
        many((n) => [0, 1, 2, 3].map((i) => (i + n) % 4)),
        'lc',
      ),
    ).toBeNull()
  })
  it('are not where each node has a first of its own, or nobody knows the scheduler', () => {
    expect(
      fit(
        nodesOf((node) => node % 4),
        'lc',
      ),
    ).toBeNull()
    expect(fit(nodesOf(() => 2))).toBeNull()
  })
})

it('the scheduler that all nodes name is the Service’s', () => {
  const of = (...schedulers: readonly string[]): Observation =>
    observationOf([2, 2], {
      nodes: schedulers.map((scheduler, n) => ({ node: `node-${n}`, counts: [1, 1], odds: null, scheduler })),
    })
  expect(withSchedulerOfNodes(of('lc', 'lc')).facts.scheduler).toBe('lc')
  expect(withSchedulerOfNodes(of('lc', 'rr')).facts.scheduler).toBeUndefined()
  const told = { ...of('lc', 'lc'), facts: { scheduler: 'rr' } }
  expect(withSchedulerOfNodes(told)).toBe(told)
})

describe('pods by age at a steady rate', () => {
  const aged = (counts: readonly number[], starts: readonly number[]): Observation => {
    const { backends, ...rest } = observationOf(counts, { facts: { counted: 'opened', since: 0, at: 1000 } })
    return { ...rest, backends: backends.map((backend, i) => ({ ...backend, startedAt: starts[i] ?? 0 })) }
  }
  it('have their part of the time that they were there', () => {
    const [part] = byRate(aged([750, 250], [-10, 500]), [-10, 500])
    expect(part?.kind === 'odds' && part.mask({ node: null, openedAt: null })).toEqual([750, 250])
  })
  it('need two ages and a moment', () => {
    expect(byRate(aged([750, 250], [0, 0]), [0, 0])).toEqual([])
    expect(byRate(observationOf([750, 250]), [0, 500])).toEqual([])
  })
})
