import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Lifetime } from './lifetime.ts'
import type { SessionsAnswer, SessionsRequest } from './protocol.ts'
import { runSessions, type RunningSessions } from './run.ts'

/** A pod's server in small: a line there, a line back. */
let server: Server
let sockets: Socket[]
let running: RunningSessions | undefined

beforeEach(async () => {
  sockets = []
  server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', (data) => {
      for (const _ of data.toString().match(/\n/g) ?? []) socket.write(`${JSON.stringify({ pod: 'pod-0' })}\n`)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterEach(async () => {
  await running?.stop()
  running = undefined
  for (const socket of sockets) socket.destroy()
  server.close()
})

const start = (change: Partial<SessionsRequest>): RunningSessions => {
  const { port } = server.address() as AddressInfo
  running = runSessions({
    name: 'test',
    targets: [{ address: '127.0.0.1', port, protocol: 'TCP' }],
    pattern: { kind: 'pool', sessions: 3, settled: false, retryMs: 5 },
    lifetimes: [{ kind: 'forever' }],
    requestsPerSecond: 0,
    seed: 'test',
    timeoutMs: 2000,
    ...change,
  })
  return running
}

const until = async (what: (answer: SessionsAnswer) => boolean): Promise<SessionsAnswer> => {
  for (let i = 0; i < 1000; i++) {
    const answer = running?.answer()
    if (answer !== undefined && what(answer)) return answer
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error('it did not come to that')
}

test('a pool keeps its connections open', async () => {
  start({})
  await until(({ connections }) => connections.length === 3)
  const { connections, failed, leftOut } = await (running?.stop() ?? Promise.reject(new Error('not running')))
  expect(connections.map(({ session, pod, end, closedAt }) => [session, pod, end, closedAt]).sort()).toEqual(
    [0, 1, 2].map((session) => [session, 'pod-0', 'open', null]),
  )
  expect([failed, leftOut]).toEqual([[], 0])
})

test('a session whose connection is cut opens the next', async () => {
  start({})
  await until(({ connections }) => connections.length === 3)
  for (const socket of sockets) socket.destroy()
  const { connections } = await until(({ connections }) => connections.length === 6)
  expect(connections.filter(({ end }) => end === 'cut')).toHaveLength(3)
  for (const { openedAt, closedAt } of connections.slice(0, 3)) expect(closedAt).toBeGreaterThanOrEqual(openedAt)
})

test.each<[string, Lifetime]>([
  ['at its age', { kind: 'fixed', seconds: 0.02 }],
  ['after its requests', { kind: 'requests', count: 2 }],
])('a session reconnects %s', async (_, lifetime) => {
  start({ lifetimes: [lifetime], requestsPerSecond: 200 })
  const { connections } = await until(({ connections }) => connections.length >= 12)
  const ended = connections.filter(({ end }) => end !== 'open')
  expect(ended.map(({ end }) => end)).toEqual(ended.map(() => 'lifetime'))
  if (lifetime.kind === 'requests') for (const { requests } of ended) expect(requests).toBe(2)
})

test('a connection is due when the life of the one before it is over, however late that is seen: a busy machine makes no life longer', async () => {
  start({
    lifetimes: [{ kind: 'fixed', seconds: 0.02 }],
    pattern: { kind: 'pool', sessions: 1, settled: false, retryMs: 1 },
  })
  const { connections } = await until(({ connections }) => connections.length >= 4)
  for (const [i, { dueAt }] of connections.slice(0, -1).entries())
    expect(connections[i + 1]?.dueAt).toBeCloseTo(dueAt + 0.02, 6)
  // timers are early by up to a millisecond
  for (const { dueAt, openedAt } of connections) expect(openedAt).toBeGreaterThan(dueAt - 0.005)
})

test('arrivals take the lifetimes in turn and come no more often than told', async () => {
  start({
    pattern: { kind: 'arrivals', perSecond: 200, count: 8 },
    lifetimes: [{ kind: 'forever' }, { kind: 'requests', count: 1 }],
  })
  const { connections } = await until(
    ({ connections }) => connections.length === 8 && connections.filter(({ end }) => end === 'lifetime').length === 4,
  )
  for (const { session, end } of connections)
    expect([session, end]).toEqual([session, session % 2 ? 'lifetime' : 'open'])
})

test('a refused connection is told with its errno, and tried again', async () => {
  const target = { address: '127.0.0.1', port: 1, protocol: 'TCP' } as const
  start({ targets: [target], pattern: { kind: 'pool', sessions: 1, settled: false, retryMs: 1 } })
  const { failed, connections } = await until((answer) => answer.failed.length >= 2)
  expect(failed[0]).toMatchObject({ session: 0, error: 'ECONNREFUSED' })
  expect(connections).toEqual([])
})

test('a request without an answer in time fails', async () => {
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    sockets.push(socket)
    socket.once('data', () => socket.write('{"pod":"pod-0"}\n'))
  })
  start({ requestsPerSecond: 100, timeoutMs: 20, pattern: { kind: 'pool', sessions: 1, settled: false, retryMs: 1 } })
  await until(({ connections }) => connections.some(({ end }) => end === 'failed'))
})

test('a connection that is answered while the others end, ends too', async () => {
  server.removeAllListeners('connection')
  const { promise: asked, resolve: answer } = Promise.withResolvers<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.push(socket)
    socket.once('data', () => answer(socket))
  })
  start({ pattern: { kind: 'pool', sessions: 1, settled: false, retryMs: 1 } })
  const socket = await asked
  const stopped = running?.stop()
  socket.write('{"pod":"pod-0"}\n')
  expect((await stopped)?.connections).toMatchObject([{ pod: 'pod-0', end: 'open' }])
})
