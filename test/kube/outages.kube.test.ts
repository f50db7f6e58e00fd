import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { TestAgent } from './agent.ts'
import type { Faults, SeenRequest } from './fault-proxy.ts'
import { deployment, service, slice } from './objects.ts'
import { until } from './until.ts'
import { type KubeWorld, startWorld } from './world.ts'

/**
 * The API server away, cutting, forgetting, slow or broken: the kernel hears of real changes only, nothing stale stays, and the API
 * server is not stormed. KUBE_FULL=1: the outage and the cuts last a minute each.
 */
const seconds = process.env['KUBE_FULL'] ? 60 : 12

const resources = ['services', 'endpointslices', 'nodes', 'servicecidrs'] as const

let world: KubeWorld
let agent: TestAgent
let v4 = ''
const stack = new AsyncDisposableStack()

beforeAll(async () => {
  world = stack.use(await startWorld())
  await world.apply(deployment('web', { replicas: 3 }), service('web'), byHand('other'), byHand('leaving'))
  await world.apply(endpoints('other', 2), endpoints('leaving', 2))
  ;[v4 = ''] = await world.clusterIPs('web')
  await hasPods('web', 3)
  agent = world.agent('agent')
  await world.inSync(agent, 60_000)
})
afterEach(async () => {
  world.proxy.meet(() => undefined)
  world.proxy.hold(false)
})
afterAll(() => stack.disposeAsync())

const hasPods = (app: string, count: number): Promise<void> =>
  until(async () => expect(await world.pods(app)).toHaveLength(count))

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** What the agent asked since `from` of the proxy's list. */
const asked = (from: number, kinds: readonly SeenRequest['kind'][]): readonly SeenRequest[] =>
  world.proxy.requests.slice(from).filter(({ kind, userAgent }) => kinds.includes(kind) && userAgent === 'evenkeel')

/** Reads of everything there is, the most of any one resource. */
const relists = (from: number): number =>
  Math.max(
    ...resources.map((name) => asked(from, ['list', 'watch-list']).filter(({ resource }) => resource === name).length),
  )

/** Without selector: its endpoints come from us, for controllers take their time to come back when an API server was away. */
const byHand = (name: string): object => service(name, { selector: null, ipFamilyPolicy: 'SingleStack' })

/** So many endpoints, at addresses that nobody has. */
const endpoints = (of: string, count: number): object =>
  slice(
    `${of}-1`,
    of,
    Array.from({ length: count }, (_, index) => `10.1.0.${200 + index}`),
  )

/** The generation when nothing was written for 3 s: what a change replaced is removed a little later. */
const quietGeneration = async (): Promise<number> => {
  for (;;) {
    const before = await world.nftables.generation()
    await sleep(3_000)
    if ((await world.nftables.generation()) === before) return before
  }
}

/** An endpoint of `other` comes or goes, and is in force: the transactions that it cost. */
const change = async (count: number): Promise<number> => {
  const before = await quietGeneration()
  await world.apply(endpoints('other', count))
  await world.inSync(agent, 60_000)
  return (await quietGeneration()) - before
}

test(`the API server is killed for ${seconds} s and restarted: nothing is written, connections go on`, async () => {
  const before = await quietGeneration()
  const from = world.proxy.requests.length
  await world.cluster.killApiserver()
  const started = performance.now()
  while (performance.now() - started < seconds * 1000) {
    expect(await world.answers(v4, 80, { times: 30 })).toHaveLength(3)
    await sleep(500)
  }
  const away = await agent.status()
  expect(away).toMatchObject({ inSync: true, source: { synced: true, stale: true } })
  expect(away.source.problem).toMatch(/API server/)
  // four resources, each at doubling distances from 0.4 s on
  expect(asked(from, ['list', 'watch', 'watch-list']).length).toBeLessThan(seconds === 60 ? 60 : 40)
  await world.cluster.startApiserver()
  await world.inSync(agent, 60_000)
  expect(await world.nftables.generation()).toBe(before)
  // one: where the store cannot stream it, asked for twice
  expect(relists(from)).toBeLessThanOrEqual(2)
  await change(3)
})

test('the agent is killed and started while the API server is away: the kernel keeps what it has', async () => {
  const before = await quietGeneration()
  await agent.kill('SIGKILL')
  await world.cluster.killApiserver()
  agent = world.agent('restarted')
  const status = await until(async () => {
    const status = await agent.status()
    expect(status.source.problem).toMatch(/API server/)
    return status
  })
  expect(status.source.synced).toBe(false)
  expect(await world.answers(v4, 80, { times: 40 })).toHaveLength(3)
  await sleep(3_000)
  expect(await world.nftables.generation()).toBe(before)
  await world.cluster.startApiserver()
  await world.inSync(agent, 60_000)
  expect(await world.nftables.generation()).toBe(before)
})

test(`every watch is cut every second for ${seconds} s: changes come through, nothing else is written`, async () => {
  // what one change costs without faults
  const up = await change(4)
  const down = await change(3)
  expect(up).toBeGreaterThan(0)
  const before = await world.nftables.generation()
  const from = world.proxy.requests.length
  const cutting = setInterval(() => world.proxy.cut(({ kind }) => kind !== 'other'), 1_000)
  let changes = 0
  try {
    const started = performance.now()
    while (performance.now() - started < seconds * 1000) {
      await world.apply(endpoints('other', changes % 2 === 0 ? 4 : 3))
      changes++
      await sleep(3_000)
    }
  } finally {
    clearInterval(cutting)
  }
  await world.inSync(agent, 60_000)
  expect(await world.answers(v4, 80, { times: 30 })).toHaveLength(3)
  expect(changes).toBeGreaterThan(2)
  expect((await quietGeneration()) - before).toBeLessThanOrEqual(changes * Math.max(up, down))
  expect(relists(from)).toBe(0)
  // resumed after each cut, and not more often than twice a second
  const resumed = asked(from, ['watch']).length
  expect(resumed).toBeGreaterThan(seconds)
  expect(resumed).toBeLessThan(seconds * resources.length * 3)
})

test('compaction while it was away: 410, everything is read once, what was deleted goes, nothing else is written', async () => {
  const from = world.proxy.requests.length
  await world.proxy.close()
  await world.kubectl('delete', 'service', 'leaving')
  await world.kubectl('delete', 'endpointslice', '--ignore-not-found', 'leaving-1')
  await world.apply(endpoints('other', 5))
  await world.cluster.compact()
  await world.cluster.restartApiserver()
  const before = await world.nftables.generation()
  await world.proxy.open()
  await world.inSync(agent, 60_000)
  expect(await world.answers(v4, 80, { times: 30 })).toEqual(await world.pods('web'))
  const written = (await world.nftables.generation()) - before
  expect(written).toBeGreaterThan(0)
  expect(written).toBeLessThanOrEqual(6)
  expect(relists(from)).toBeLessThanOrEqual(2)
  expect(agent.log().map(({ msg }) => msg)).toContain('everything is listed anew')
})

test('compaction without a change: everything is read anew and nothing is written', async () => {
  const before = await quietGeneration()
  await world.proxy.close()
  // of no interest to the agent, so its version falls behind
  await world.kubectl('create', 'configmap', 'noise')
  await world.cluster.compact()
  await world.cluster.restartApiserver()
  await world.proxy.open()
  await world.inSync(agent, 60_000)
  expect(await world.nftables.generation()).toBe(before)
})

const broken: readonly (readonly [name: string, faults: Faults])[] = [
  ['bodies that break off in the middle of a line', { breakAfter: 700 }],
  ['bodies that break off in the first line', { breakAfter: 60 }],
  [
    'answers of 500',
    { answer: { status: 500, body: '{"kind":"Status","code":500,"message":"etcdserver: leader changed"}' } },
  ],
  ['answers that are no JSON', { answer: { status: 200, body: '<html>login</html>\n' } }],
]

test.for(broken)('%s: a started agent takes nothing for the whole; healed, it writes nothing', async ([, faults]) => {
  const before = await world.nftables.generation()
  const from = world.proxy.requests.length
  await agent.kill('SIGKILL')
  world.proxy.meet(({ kind }) => (kind === 'other' ? undefined : faults))
  agent = world.agent(`broken-${from}`)
  await until(() => expect(asked(from, ['list', 'watch', 'watch-list']).length).toBeGreaterThan(4))
  await sleep(4_000)
  expect(await world.nftables.generation()).toBe(before)
  expect(await world.answers(v4, 80, { times: 20 })).toHaveLength(3)
  expect(asked(from, ['list', 'watch', 'watch-list']).length).toBeLessThan(60)
  world.proxy.meet(() => undefined)
  await world.inSync(agent, 60_000)
  expect(await world.nftables.generation()).toBe(before)
})

test('slow answers: 0.5 s late and 2 KiB each 20 ms', async () => {
  const before = await world.nftables.generation()
  await agent.kill('SIGKILL')
  world.proxy.meet(() => ({ delay: 500, drip: { bytes: 2_048, everyMs: 20 } }))
  agent = world.agent('slow')
  await world.inSync(agent, 60_000)
  expect(await world.nftables.generation()).toBe(before)
})

test('bytes held back for 8 s and then delivered: changes of that time come, once', async () => {
  world.proxy.hold(true)
  const before = await world.nftables.generation()
  await world.apply(endpoints('other', 1))
  await sleep(8_000)
  expect(await world.nftables.generation()).toBe(before)
  world.proxy.hold(false)
  await world.inSync(agent)
  expect((await world.nftables.generation()) - before).toBeGreaterThan(0)
})
