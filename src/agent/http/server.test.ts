import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../util/clock.ts'
import { silent } from '../../util/log.ts'
import { close, listenPersistently } from './listen.ts'
import { type Handler, httpServer, type Limits, plainText, routes } from './server.ts'

const serve = async (handler: Handler, limits: Limits = {}): Promise<number> => {
  const server = await listenPersistently({
    name: 'test',
    address: { host: '127.0.0.1', port: 0 },
    open: () => httpServer(handler, limits),
    hardFail: true,
    clock: systemClock,
    log: silent,
  })
  onTestFinished(() => server[Symbol.asyncDispose]())
  return server.port() ?? 0
}

const dial = (port: number): Socket => {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  return socket
}

const get = (port: number, path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}${path}`, { ...init, signal: AbortSignal.timeout(10_000) })

test('answers exact paths, with or without a query, and 404 as Go does', async () => {
  const port = await serve(routes({ '/proxyMode': () => plainText('nftables') }))
  const found = await get(port, '/proxyMode?x=1')
  expect(found.status).toBe(200)
  expect(await found.text()).toBe('nftables')
  expect(Object.fromEntries(found.headers)).toMatchObject({
    'content-type': 'text/plain; charset=utf-8',
    'content-length': '8',
    'x-content-type-options': 'nosniff',
  })
  for (const path of ['/', '/proxymode', '/proxyMode/', '/__proto__', '/constructor']) {
    const missing = await get(port, path)
    expect([missing.status, await missing.text()]).toEqual([404, '404 page not found\n'])
  }
  const head = await get(port, '/proxyMode', { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([200, ''])
})

test('compresses a long answer for who asks', async () => {
  const long = 'metric 1\n'.repeat(10_000)
  const port = await serve(() => plainText(long))
  const socket = dial(port)
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n')
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(socket, 'end')
  const answer = Buffer.concat(chunks)
  const split = answer.indexOf('\r\n\r\n')
  expect(answer.subarray(0, split).toString()).toContain('Content-Encoding: gzip')
  expect(gunzipSync(answer.subarray(split + 4)).toString()).toBe(long)
  expect(await (await get(port, '/', { headers: { 'accept-encoding': 'gzip;q=0' } })).text()).toBe(long)
})

test('a handler that fails answers 500 in words, and the next one is served', async () => {
  let calls = 0
  const port = await serve(async () => {
    if (calls++ === 0) throw new Error('the kernel cannot be read')
    return plainText('well')
  })
  const failed = await get(port, '/')
  expect([failed.status, await failed.text()]).toEqual([500, 'the kernel cannot be read\n'])
  expect(await (await get(port, '/')).text()).toBe('well')
})

test('hundreds of silent connections keep nobody out', async () => {
  const port = await serve(() => plainText('ok'), { connections: 8 })
  const silentOnes = Array.from({ length: 100 }, () => dial(port))
  await Promise.all(silentOnes.map((socket) => once(socket, 'connect')))
  expect(await (await get(port, '/')).text()).toBe('ok')
  await expect.poll(() => silentOnes.filter((socket) => !socket.destroyed).length).toBeLessThanOrEqual(8)
})

test.each([
  ['a request that does not end', 'GET / HTTP/1.1\r\nHost: x\r\nX-Slow: '],
  ['a request whose body does not come', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nx'],
  ['headers without measure', `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(100_000)}\r\n\r\n`],
  ['what is not HTTP', 'EHLO\r\n\r\n'],
])('%s is cut off, and others are served', async (_, sent) => {
  const port = await serve(() => plainText('ok'), { requestMs: 200 })
  const socket = dial(port)
  socket.resume()
  const closed = new Promise((resolve) => void socket.on('close', resolve))
  socket.write(sent)
  await closed
  expect(await (await get(port, '/')).text()).toBe('ok')
})

test('an answer that nobody takes is cut off', async () => {
  const port = await serve(() => plainText('x'.repeat(50_000_000)), { answerMs: 200 })
  const socket = dial(port)
  socket.pause()
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await new Promise((resolve) => setTimeout(resolve, 400))
  socket.resume()
  let taken = 0
  socket.on('data', (chunk: Buffer) => {
    taken += chunk.length
  })
  await once(socket, 'close')
  expect(taken).toBeLessThan(50_000_000)
})

test('closing ends open connections', async () => {
  const server = httpServer(() => plainText('ok'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const socket = dial(typeof address === 'object' && address ? address.port : 0)
  socket.resume()
  await once(server, 'connection')
  const closed = once(socket, 'close')
  await close(server)
  await closed
})
