import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EventsApi, refused } from '../../../test/support/events-api.ts'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import type { Fact } from './fact.ts'
import { EventRecorder } from './recorder.ts'

const minute = 60_000
const hour = 60 * minute

const fact = (name: string, more: Partial<Fact> = {}): Fact => ({
  regarding: { kind: 'Service', namespace: 'shop', name },
  reason: 'NotSupportedByPlane',
  action: 'Compile',
  scope: 'cluster',
  identity: 'nftables lc',
  note: 'plane nftables: lc: needs live counts',
  ...more,
})

let api: EventsApi
let clock: ManualClock
let facts: Fact[]
let recorders: EventRecorder[]
let lines: string[]
let away: boolean

beforeEach(() => {
  api = new EventsApi()
  clock = new ManualClock()
  facts = []
  recorders = []
  lines = []
  away = false
  for (const name of ['web', 'db']) api.uids.set(`shop/${name}`, `uid-${name}`)
})
afterEach(() => Promise.all(recorders.map((recorder) => recorder[Symbol.asyncDispose]())))

/** A node of the cluster that finds `facts`; endpoints of every Service are on `nodesOf`. */
const start = (node = 'node-a', { nodesOf = ['node-a'] }: { readonly nodesOf?: readonly string[] } = {}) => {
  const hear = (_: object, message: string): void => void lines.push(message)
  const recorder = new EventRecorder({
    client: api.client,
    node,
    facts: () => facts,
    nodesOf: () => new Set(nodesOf),
    isAway: () => away,
    clock,
    log: { debug: () => {}, info: hear, warn: hear, error: hear },
    random: () => 0.5,
  })
  recorders.push(recorder)
  return recorder
}
const sent = (method: string): number => api.requests.filter((request) => request.startsWith(method)).length

describe('a fact', () => {
  test('becomes one Event about its object, counted on while it holds', async () => {
    facts = [fact('web')]
    start()
    await clock.advance(minute)
    expect(api.list()).toMatchObject([
      {
        metadata: { namespace: 'shop', name: expect.stringMatching(/^web\.[0-9a-f]{16}$/) as string },
        reason: 'NotSupportedByPlane',
        regarding: { kind: 'Service', name: 'web', uid: 'uid-web' },
        note: 'plane nftables: lc: needs live counts',
      },
    ])
    expect(api.requests).toHaveLength(2)
    await clock.advance(2 * hour)
    expect(api.list()).toMatchObject([{ series: { count: 4 } }])
  })

  test('that ends is told no more, and is told anew when the Event has expired', async () => {
    facts = [fact('web')]
    start()
    await clock.advance(minute)
    facts = []
    await clock.advance(3 * hour)
    expect(api.requests).toHaveLength(2)
    api.expire()
    facts = [fact('web')]
    await clock.advance(minute)
    expect(api.list()).toHaveLength(1)
  })

  test('that comes and goes is told once', async () => {
    start()
    for (let i = 0; i < 20; i++) {
      facts = i % 2 === 0 ? [fact('web')] : []
      await clock.advance(30_000)
    }
    expect(api.list()).toHaveLength(1)
    expect(api.list()[0]?.series).toBeUndefined()
  })

  test('with other numbers under the same identity is the same Event', async () => {
    facts = [fact('web', { note: '116 get no connections' })]
    start()
    await clock.advance(minute)
    facts = [fact('web', { note: '117 get no connections' })]
    await clock.advance(minute)
    expect(api.list()).toHaveLength(1)
  })

  test('about an object that is gone is not told; about its successor it is', async () => {
    facts = [fact('web')]
    api.uids.delete('shop/web')
    start()
    await clock.advance(10 * minute)
    expect(api.list()).toEqual([])
    api.uids.set('shop/web', 'uid-web')
    await clock.advance(hour)
    api.uids.set('shop/web', 'uid-next')
    await clock.advance(hour)
    expect(api.list().map(({ regarding }) => regarding.uid)).toEqual(['uid-web', 'uid-next'])
  })

  test('of a Node stands in the namespace default, by the name that kubectl describe asks for', async () => {
    facts = [fact('', { regarding: { kind: 'Node', namespace: '', name: 'node-a' }, scope: 'node' })]
    start()
    await clock.advance(minute)
    expect(api.list()).toMatchObject([{ metadata: { namespace: 'default' }, regarding: { uid: 'node-a' } }])
  })
})

describe('many tellers', () => {
  test('a restart does not repeat it', async () => {
    facts = [fact('web'), fact('db', { scope: 'node', identity: 'node-a' })]
    const first = start()
    await clock.advance(minute)
    const before = structuredClone(api.list())
    await first[Symbol.asyncDispose]()
    start()
    await clock.advance(minute)
    expect(api.list()).toEqual(before)
  })

  test('a cluster tells it once, by few requests', async () => {
    facts = [fact('web')]
    const nodes = Array.from({ length: 40 }, (_, index) => `node-${index}`)
    for (const node of nodes) start(node, { nodesOf: nodes.slice(0, 10) })
    await clock.advance(5 * minute)
    expect(api.list()).toHaveLength(1)
    expect(sent('POST')).toBe(3)
    await clock.advance(25 * minute)
    // the others have made sure
    expect(sent('POST')).toBe(40)
    expect(api.list()[0]?.series).toBeUndefined()
  })

  test('what only a node knows each node tells', async () => {
    for (const node of ['node-a', 'node-b']) {
      facts = [fact('web', { scope: 'node', identity: node })]
      start(node)
      await clock.advance(10_000)
    }
    expect(api.list()).toHaveLength(2)
  })

  test('it is kept alive where the nodes that would tell it run no agent', async () => {
    facts = [fact('web')]
    start('node-a', { nodesOf: ['node-x', 'node-y', 'node-z'] })
    await clock.advance(21 * minute)
    expect(api.list()).toHaveLength(1)
  })
})

describe('an API server', () => {
  test('that fails is asked ever less, and told everything when it is back', async () => {
    facts = [fact('web'), fact('db')]
    api.fault = () => refused(503, 'ServiceUnavailable')
    start()
    await clock.advance(30 * minute)
    expect(api.requests.length).toBeLessThan(10)
    expect(lines).toEqual([])
    api.fault = null
    await clock.advance(12 * minute)
    expect(api.list()).toHaveLength(2)
  })

  test('that allows no Events is asked once for each fact, and it is logged once', async () => {
    facts = [fact('web'), fact('db')]
    api.fault = ({ method }) => (method === 'POST' ? refused(403, 'Forbidden') : undefined)
    start()
    await clock.advance(20 * minute)
    expect(sent('POST')).toBe(2)
    expect(lines).toEqual([expect.stringContaining('takes no Event')])
  })

  test('that is away is not asked', async () => {
    facts = [fact('web')]
    away = true
    start()
    await clock.advance(hour)
    expect(api.requests).toEqual([])
  })

  test('that never answers does not keep the agent from ending', async () => {
    facts = [fact('web')]
    const { json } = api.client
    const client = {
      json: (request: Parameters<typeof json>[0]) =>
        new Promise((_, reject) => {
          request.signal?.addEventListener('abort', () => reject(request.signal?.reason as Error))
        }),
    }
    Object.assign(api, { client })
    const recorder = start()
    await clock.advance(minute)
    await recorder[Symbol.asyncDispose]()
  })
})

test('a flood is told in turn, twenty a minute', async () => {
  facts = Array.from({ length: 2_000 }, (_, index) => fact(`s${index}`))
  for (const { regarding } of facts) api.uids.set(`shop/${regarding.name}`, regarding.name)
  start()
  await clock.advance(5 * minute)
  expect(api.list().length).toBeGreaterThan(80)
  expect(api.list().length).toBeLessThanOrEqual(110)
})

test('facts that cannot be read are logged, and looked at again', async () => {
  start()
  facts = null as unknown as Fact[]
  await clock.advance(10_000)
  expect(lines).toEqual([expect.stringContaining('cannot be read')])
  facts = [fact('web')]
  await clock.advance(minute)
  expect(api.list()).toHaveLength(1)
})
