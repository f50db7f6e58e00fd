import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { silent } from '../../util/log.ts'
import { goHost, listenPersistently } from './listen.ts'
import { httpServer, plainText } from './server.ts'

/** Somebody else's port. */
const taken = async () => {
  const other = createServer()
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  onTestFinished(() => void other.close())
  const address = other.address()
  return { other, port: typeof address === 'object' && address ? address.port : 0 }
}

const open = (port: number, clock: ManualClock, hardFail = false) =>
  listenPersistently({
    name: 'healthz',
    address: { host: '127.0.0.1', port },
    open: () => httpServer(() => plainText('ok')),
    hardFail,
    clock,
    log: silent,
  })

test('a port that is taken is waited for', async () => {
  const { other, port } = await taken()
  const clock = new ManualClock()
  await using server = await open(port, clock)
  expect([server.port(), server.problem()]).toEqual([null, expect.stringContaining('another process has the port')])
  await clock.advance(5_000)
  await expect.poll(() => server.problem()).toContain(String(port))
  other.close()
  await once(other, 'close')
  await expect
    .poll(async () => {
      await clock.advance(5_000)
      return server.port()
    })
    .toBe(port)
  expect(server.problem()).toBe('')
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('ok')
})

test('with bindAddressHardFail it is an error that names the port', async () => {
  const { port } = await taken()
  await expect(open(port, new ManualClock(), true)).rejects.toThrow(`cannot listen on 127.0.0.1:${port}`)
})

test('ends while it waits', async () => {
  const { port } = await taken()
  const clock = new ManualClock()
  const server = await open(port, clock)
  await server[Symbol.asyncDispose]()
  await clock.advance(60_000)
  expect(server.port()).toBe(null)
})

test.each([
  ['0.0.0.0', ''],
  ['::', ''],
  ['127.0.0.1', '127.0.0.1'],
])('Go listens for %s on "%s"', (host, expected) => {
  expect(goHost(host)).toBe(expected)
})
