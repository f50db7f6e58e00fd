import { describe, expect, it, test } from 'vitest'
import { observe } from '../../../test/support/skew/observe.ts'
import { podsOf, purposeBuilt } from '../../../test/support/skew/purpose-built.ts'
import { judge } from './judge.ts'
import type { Flow, LoadUnit, Observation, ObservedBackend, ServiceFacts } from './observation.ts'
import type { Judgement } from './report.ts'

const given = (
  counts: readonly number[],
  {
    unit = 'connections',
    facts = {},
    connections,
  }: { unit?: LoadUnit; facts?: ServiceFacts; connections?: number[] } = {},
): Observation => ({
  service: null,
  unit,
  backends: counts.map((count, i) => ({
    name: `pod-${i}`,
    count,
    ...(connections === undefined ? {} : { connections: connections[i] ?? 0 }),
  })),
  facts,
})

describe('counts alone', () => {
  const table: readonly (readonly [readonly number[], Judgement, string | null])[] = [
    [[38, 35, 27], 'FAIR', null],
    [[346, 336, 318], 'FAIR', null],
    [[34, 33, 33], 'TOO-EVEN', 'unexplained'],
    [[334, 333, 333], 'TOO-EVEN', 'unexplained'],
    [[250, 250, 250, 250, 250], 'TOO-EVEN', 'round-robin'],
    [[60, 10, 7, 3, 6, 4, 10], 'SKEWED', 'unexplained'],
    [[13, 2, 12], 'SKEWED', 'unexplained'],
    [[4, 0], 'NOT-ENOUGH-DATA', null],
    [[4, 4, 2], 'NOT-ENOUGH-DATA', null],
    [[0, 0, 0], 'NOT-ENOUGH-DATA', null],
    [[17], 'NOT-ENOUGH-DATA', null],
  ]
  it.each(table)('%j: %s, cause %s', (counts, verdict, code) => {
    const report = judge(given(counts))
    expect(report.verdict).toBe(verdict)
    expect(report.cause?.code ?? null).toBe(code)
    expect(report.cause?.certainty).not.toBe('certain')
  })

  it('gives the band that luck allows and what luck alone makes of the variation', () => {
    const report = judge(given([38, 35, 27]))
    expect(report).toMatchObject({ n: 100, k: 3, level: 0.05, draws: 100, test: 'chi2', needed: 80 })
    expect(report.backends[0]).toMatchObject({ name: 'pod-0', count: 38, low: 24, high: 43 })
    expect(report.cv).toBeCloseTo(0.139, 3)
    expect(report.cvLuck).toBeCloseTo(0.141, 3)
    expect(report.p).toBeCloseTo(0.379, 3)
  })

  it('names the pod that stands out and what would tell', () => {
    const { cause } = judge(given([60, 10, 7, 3, 6, 4, 10]))
    expect(cause?.evidence).toBe('pod-0 has 60 where 14 are expected')
    expect(cause?.cure).toContain('the rules of every node')
    expect(cause?.cure).toContain('-f: ages')
  })

  it('takes the verdict of a family', () => {
    expect(judge(given([13, 2, 12]), { verdict: 'FAIR' })).toMatchObject({ verdict: 'FAIR', cause: null })
  })
})

describe('the published picture of four PgBouncer pods', () => {
  const cpu = [977, 995, 585, 993]

  it('cannot be tested without knowing how many connections made it, and says at how many it is luck', () => {
    const report = judge(given(cpu, { unit: 'cpu' }))
    expect(report).toMatchObject({ verdict: 'NOT-ENOUGH-DATA', draws: null, p: null, pLower: null, statistic: null })
    expect(report.cause?.code).toBe('unexplained')
    expect(report.cause?.evidence).toContain('luck if at most 201 equally heavy connections did')
  })

  it('is what 20 connections do by luck', () => {
    const report = judge(given(cpu, { unit: 'cpu', connections: [6, 5, 4, 5] }))
    expect(report).toMatchObject({ verdict: 'EXPLAINED', draws: 20 })
    expect(report.cause).toMatchObject({ code: 'few-connections', certainty: 'likely' })
    expect(report.cause?.evidence).toContain('20 connections carry all CPU time')
  })

  it('is not what 2,000 equal ones do; what each carried is then the question', () => {
    const report = judge(given(cpu, { unit: 'cpu', connections: [500, 500, 500, 500] }))
    expect(report.verdict).toBe('NOT-ENOUGH-DATA')
    expect(report.cause?.evidence).toContain('what each of 2000 connections carried is not known')
  })

  it.each(['bytes', 'requests'] as const)('%s are load, too: nothing is tested without the connections', (unit) => {
    expect(judge(given([500, 900, 100], { unit }))).toMatchObject({ draws: null, p: null, verdict: 'NOT-ENOUGH-DATA' })
  })
})

describe('affinity without the clients', () => {
  it('is not tested by connections, which are not what is drawn', () => {
    const report = judge(given([600, 200, 200], { facts: { affinity: 'ClientIP' } }))
    expect(report).toMatchObject({ verdict: 'NOT-ENOUGH-DATA', draws: null })
    expect(report.cause?.evidence).toContain('how many clients')
  })
})

describe('more even than luck', () => {
  it.each(['rr', 'lc', 'wrr'])('%s deals in turn', (scheduler) => {
    const { verdict, cause } = judge(given([34, 33, 33], { facts: { scheduler } }))
    expect(verdict).toBe('TOO-EVEN')
    expect(cause).toMatchObject({ code: 'round-robin', certainty: 'certain' })
  })

  it('is not called that where the scheduler chooses by chance', () => {
    expect(judge(given([500, 500, 500, 500], { facts: { scheduler: 'random' } })).cause?.code).toBe('unexplained')
  })
})

describe('fair data', () => {
  // whatever is known about it besides
  const facts: readonly ServiceFacts[] = [
    {},
    { internalTrafficPolicy: 'Local', topologyHints: true },
    { scheduler: 'random' },
    { counted: 'opened' },
  ]
  test('never has a cause that is named', { timeout: 120_000 }, () => {
    for (let seed = 0; seed < 24; seed++) {
      const k = 3 + (seed % 8)
      const nodes = 1 + (seed % 5)
      const pods = podsOf(k, (i) => ({ startedAt: -900 + ((i * 137 + seed) % 890), node: i % nodes, zone: i % 2 }))
      const world = { pods, nodes, clients: 150, connections: 60 + seed * 20, scheduler: 'random' } as const
      const sight = {
        flows: seed % 2 === 0,
        ...(seed % 3 === 0 ? {} : { nodes: seed % 3 === 1 ? ('rules' as const) : ('counts' as const) }),
        facts: facts[seed % facts.length] ?? {},
      }
      const { cause } = judge(observe(world, sight, `fair ${seed}`))
      expect(cause?.code ?? 'unexplained').toBe('unexplained')
    }
  })
})

const young = observe(
  {
    pods: podsOf(6, (i) => (i < 3 ? {} : { startedAt: 400 + 50 * i })),
    clients: 200,
    connections: 1500,
    scheduler: 'random',
  },
  { counted: 'opened' },
  'young',
)

describe('data that contradict a cause', () => {
  it('does not blame pods’ ages where connections are older than their pods: the clocks differ', () => {
    expect(judge(young).cause?.code).toBe('young-pods')
    const late = young.backends.map((backend) => ({ ...backend, startedAt: (backend.startedAt ?? 0) + 5e6 }))
    expect(judge({ ...young, backends: late }).cause?.code).toBe('unexplained')
  })

  it('does not blame affinity that the connections do not follow', () => {
    const observation = observe(
      { pods: podsOf(4), clients: 10, connections: 1000, scheduler: 'random', rule: (_, pod) => (pod === 0 ? 3 : 1) },
      { facts: { affinity: 'ClientIP' } },
      'not kept',
    )
    expect(judge(observation)).toMatchObject({ verdict: 'SKEWED', cause: { code: 'unexplained' } })
  })
})

describe('flows that are a part of the counts', () => {
  it('tell the cause, but not for certain', () => {
    const flows = young.flows?.filter((_, i) => i % 2 === 0) ?? []
    const { cause, notes } = judge({ ...young, flows, facts: { ...young.facts, counted: 'opened' } })
    expect(cause).toMatchObject({ code: 'young-pods', certainty: 'likely' })
    expect(notes.join()).toContain(`${flows.length} connections`)
  })
})

describe('few clients of which a part is seen', () => {
  const observation = (direct: boolean): Observation => {
    const whole = observe(
      {
        pods: podsOf(5),
        clients: 21,
        connections: 1200,
        scheduler: 'random',
        affinity: true,
        activity: (client) => (client === 20 ? 10 : 1),
        ...(direct ? { direct: (_, client) => (client === 20 ? [0] : null) } : {}),
      },
      { facts: { affinity: 'ClientIP' }, ages: false },
      'part',
    )
    return { ...whole, flows: (whole.flows ?? []).filter((_, i) => i % 2 === 0) }
  }
  it('are likely why', () => {
    const { verdict, cause, notes, n } = judge(observation(false))
    expect([verdict, n]).toEqual(['EXPLAINED', 1200])
    expect(['affinity', 'heavy-client']).toContain(cause?.code)
    expect(cause?.certainty).toBe('likely')
    expect(notes).toContain('the cause was found in the 600 connections that are known one by one, not in all counts')
  })
  it('do not hide what bypasses the proxy besides', () => {
    const { cause } = judge(observation(true))
    expect([cause?.code, ...(cause?.also ?? []).map(({ code }) => code)]).toEqual(['bypass', 'affinity'])
  })
})

it('one address of its own at each pod is a masquerading bridge, and no client that is kept', () => {
  const sockets = (peers: readonly string[]): readonly Flow[] =>
    peers.flatMap((client, i) => Array.from({ length: 30 + 25 * i }, () => ({ client, backend: `pod-${i}` })))
  expect(judge({ ...given([30, 55]), flows: sockets(['10.244.0.1', '10.244.1.1']) }).cause?.code).toBe('unexplained')
})

describe('load of which nothing else is known', () => {
  it.each<[string, readonly number[]]>([
    ['one backend', [5]],
    ['an even one', [5, 5]],
  ])('%s has no cause', (_, counts) => {
    expect(judge(given(counts, { unit: 'cpu' })).cause).toBeNull()
  })
})

it('answers the same, whatever the order of the backends', { timeout: 60_000 }, () => {
  for (const code of ['young-pods', 'affinity', 'unready-pods', 'bypass'] as const) {
    const one = purposeBuilt[code]('order')
    const turn = <T>(items: readonly T[]): readonly T[] => items.toReversed()
    const other: Observation = {
      ...one,
      backends: turn(one.backends),
      ...(one.nodes === undefined
        ? {}
        : {
            nodes: one.nodes.map((node) => ({
              ...node,
              counts: turn(node.counts),
              odds: node.odds === null ? null : turn(node.odds),
            })),
          }),
    }
    expect(judge(other).cause?.code).toBe(judge(one).cause?.code)
    expect(judge(one)).toEqual(judge(one))
  }
})

describe('CPU whose connections are known by number only', () => {
  const connections = [30, 34, 28, 31, 33, 6, 5, 7]
  const aged = (counts: readonly number[]): Observation => {
    const seen = given(counts, { unit: 'cpu', connections, facts: { at: 1000 } })
    return { ...seen, backends: seen.backends.map((pod, i) => ({ ...pod, startedAt: i < 5 ? 0 : 800 })) }
  }

  it('has the cause of these numbers where it follows them, though not for certain', () => {
    const { verdict, cause, notes } = judge(aged([610, 660, 570, 600, 680, 110, 105, 145]))
    expect(verdict).toBe('EXPLAINED')
    expect(cause).toMatchObject({ code: 'young-pods', certainty: 'likely' })
    expect(notes).toEqual([
      'the cause was found in the numbers of connections, in proportion to which the pods have CPU time',
    ])
  })

  it('has no cause where it is uneven otherwise', () => {
    const { verdict, cause } = judge(aged([610, 60, 1570, 600, 80, 910, 105, 845]))
    expect(verdict).toBe('NOT-ENOUGH-DATA')
    expect(cause?.code).toBe('unexplained')
  })

  it('has none where the numbers are uneven for no known reason', () => {
    const seen = given(
      connections.map((n) => 20 * n),
      { unit: 'cpu', connections, facts: { at: 1000 } },
    )
    expect(judge(seen).cause?.code).toBe('unexplained')
  })
})

test.each([1, 2, 3, 4])('clients that keep a pod of a headless Service: no affinity is blamed (seed %i)', (seed) => {
  const world = {
    pods: podsOf(5),
    clients: 10,
    connections: 500,
    scheduler: 'random',
    direct: (_: unknown, client: number) => [(client * client + seed) % 5],
  } as const
  const { verdict, cause } = judge(observe(world, { facts: { headless: true } }, `headless ${seed}`))
  expect(verdict).toBe('EXPLAINED')
  expect(cause).toMatchObject({ code: 'bypass', also: [] })
  expect(cause?.evidence).toContain('500 connections went where clients’ DNS answers led')
})

describe('what cannot be', () => {
  const backend: ObservedBackend = { name: 'pod-0', count: 1 }
  const flow: Flow = { client: 'c', backend: 'pod-0' }
  const table: readonly (readonly [string, Partial<Observation>, string])[] = [
    ['no backends', { backends: [] }, 'backends: there are none'],
    ['a negative count', { backends: [{ ...backend, count: -1 }] }, 'backends[0].count of pod-0 is -1'],
    ['half a connection', { backends: [{ ...backend, count: 0.5 }] }, 'whole number of connections'],
    ['no number', { backends: [{ ...backend, count: NaN }] }, 'backends[0].count of pod-0 is NaN'],
    ['more than can be counted', { backends: [{ ...backend, count: 1e300 }] }, 'backends[0].count'],
    ['a name twice', { backends: [backend, backend] }, 'backends[1].name: pod-0 comes twice'],
    ['odds below 0', { backends: [{ ...backend, expectedOdds: -1 }] }, 'backends[0].expectedOdds'],
    ['counts of other backends', { nodes: [{ node: 'a', counts: [1, 2], odds: null }] }, 'nodes[0].counts (a) has 2'],
    ['negative odds', { nodes: [{ node: 'a', counts: [1], odds: [-1] }] }, 'nodes[0].odds (a)[0] is -1'],
    ['bypassed of others', { facts: { bypassed: [1, 1] } }, 'facts.bypassed has 2 entries'],
    ['a flow of negative size', { flows: [{ ...flow, bytes: -5 }] }, 'flows[0].bytes is -5'],
  ]
  it.each(table)('%s', (_, change, message) => {
    const observation = { service: null, unit: 'connections' as const, backends: [backend], facts: {}, ...change }
    expect(() => judge(observation)).toThrow(RangeError)
    expect(() => judge(observation)).toThrow(message)
  })
})

describe('rules with unequal odds that are the same on all nodes', () => {
  const backends = [202, 101, 97].map((count, i) => ({ name: `pod-${i}`, count, expectedOdds: i === 0 ? 0.5 : 0.25 }))
  const of = (facts: ServiceFacts, weights?: readonly number[]): Observation => ({
    service: 'default/web',
    unit: 'connections',
    backends: backends.map((backend, i) => ({ ...backend, ...(weights && { weight: weights[i] ?? 1 }) })),
    facts,
  })
  it('are weights for certain where the weights are known', () => {
    expect(judge(of({}, [2, 1, 1])).cause).toMatchObject({ code: 'weights', certainty: 'certain' })
  })
  it('are likely weights where nothing is known', () => {
    expect(judge(of({})).cause).toMatchObject({ code: 'weights', certainty: 'likely' })
  })
  it('are likely the local policy of one of the addresses where there is one', () => {
    expect(judge(of({ externalTrafficPolicy: 'Local' })).cause).toMatchObject({
      code: 'local-traffic-policy',
      certainty: 'likely',
    })
  })
})
