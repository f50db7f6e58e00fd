import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import type { HealthCheck } from '../../routing/health.ts'
import { silent } from '../../util/log.ts'
import { ServiceHealth } from './service-health.ts'

const setUp = (hosts: readonly string[] = ['127.0.0.1']) => {
  const clock = new ManualClock()
  const state = { healthy: true }
  const failures: string[] = []
  const services = new ServiceHealth({
    clock,
    log: silent,
    hosts,
    proxyHealthy: () => state.healthy,
    onFailed: (service, message) => failures.push(`${service}: ${message}`),
  })
  onTestFinished(() => services[Symbol.asyncDispose]())
  const plan = (service: string, port: number, localEndpoints: number): void => {
    const check: HealthCheck = { service, port, localEndpoints }
    services.update(new Map([[service, port === 0 ? null : check]]))
  }
  return { clock, state, services, failures, plan }
}

/** A port that was free a moment ago. */
const freePort = async (): Promise<number> => {
  const { other, port } = await take()
  other.close()
  await once(other, 'close')
  return port
}

const take = async (port = 0) => {
  const other = createServer()
  other.listen(port, '127.0.0.1')
  await once(other, 'listening')
  const address = other.address()
  return { other, port: typeof address === 'object' && address ? address.port : 0 }
}

const ask = async (port: number, host = '127.0.0.1'): Promise<Response | null> => {
  try {
    return await fetch(`http://${host}:${port}/healthz`, { signal: AbortSignal.timeout(5_000) })
  } catch {
    return null
  }
}

const statusOf = async (port: number, host?: string): Promise<number | null> => (await ask(port, host))?.status ?? null

test('answers as kube-proxy does, and follows the count', async () => {
  const { plan, state } = setUp()
  const port = await freePort()
  plan('shop/web', port, 2)
  await expect.poll(() => statusOf(port)).toBe(200)
  const answer = await ask(port)
  expect(await answer?.text()).toBe(
    '{\n\t"service": {\n\t\t"namespace": "shop",\n\t\t"name": "web"\n\t},\n\t"localEndpoints": 2,\n\t"serviceProxyHealthy": true\n}',
  )
  expect(Object.fromEntries(answer?.headers ?? [])).toMatchObject({
    'content-type': 'application/json',
    'x-content-type-options': 'nosniff',
    'x-load-balancing-endpoint-weight': '2',
  })
  plan('shop/web', port, 0)
  const none = await ask(port)
  expect([none?.status, none?.headers.get('x-load-balancing-endpoint-weight')]).toEqual([503, '0'])
  plan('shop/web', port, 1)
  expect(await statusOf(port)).toBe(200)
  state.healthy = false
  const unfit = await ask(port)
  expect([unfit?.status, await unfit?.text()]).toEqual([503, expect.stringContaining('"serviceProxyHealthy": false')])
})

test('closes with its Service, and moves with its port', async () => {
  const { plan, services } = setUp()
  const [first, second] = [await freePort(), await freePort()]
  plan('shop/web', first, 1)
  await expect.poll(() => statusOf(first)).toBe(200)
  plan('shop/web', second, 1)
  await expect.poll(() => statusOf(second)).toBe(200)
  expect(await statusOf(first)).toBe(null)
  plan('shop/web', 0, 0)
  await expect.poll(() => statusOf(second)).toBe(null)
  expect(services.count()).toEqual({ open: 0, closed: 0 })
})

test('a port that is taken is reported once, tried again, and had when it is free', async () => {
  const { clock, plan, services, failures } = setUp()
  const { other, port } = await take()
  plan('shop/web', port, 1)
  await expect
    .poll(() => services.problems())
    .toEqual([{ service: 'shop/web', port, reason: expect.stringContaining('another process has the port') }])
  expect(services.count()).toEqual({ open: 0, closed: 1 })
  await clock.advance(1_000)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(failures).toEqual([expect.stringContaining('shop/web')])
  other.close()
  await once(other, 'close')
  await expect
    .poll(async () => {
      await clock.advance(30_000)
      return statusOf(port)
    })
    .toBe(200)
  expect(services.problems()).toEqual([])
})

test('two Services that want one port: the other has it as soon as the first lets it go', async () => {
  const { plan, services } = setUp()
  const port = await freePort()
  plan('shop/a', port, 1)
  await expect.poll(() => statusOf(port)).toBe(200)
  plan('shop/b', port, 0)
  await expect.poll(() => services.problems().map(({ service }) => service)).toEqual(['shop/b'])
  plan('shop/a', 0, 0)
  await expect.poll(() => statusOf(port)).toBe(503)
  expect(services.problems()).toEqual([])
})

test('opens everywhere once the node is known, when it was planned before', async () => {
  const { plan, services } = setUp([])
  const port = await freePort()
  plan('shop/web', port, 1)
  services.setHosts([''])
  await expect.poll(() => statusOf(port)).toBe(200)
  expect(services.problems()).toEqual([])
})

test('follows the addresses of the node; without any it says so', async () => {
  const { plan, services } = setUp([])
  const port = await freePort()
  plan('shop/web', port, 1)
  await expect.poll(() => services.problems()[0]?.reason ?? '').toContain('nodePortAddresses')
  services.setHosts(['127.0.0.1', '127.0.0.2'])
  await expect.poll(() => statusOf(port)).toBe(200)
  expect(await statusOf(port, '127.0.0.2')).toBe(200)
  services.setHosts(['127.0.0.2'])
  await expect.poll(() => statusOf(port)).toBe(null)
  await expect.poll(() => statusOf(port, '127.0.0.2')).toBe(200)
})

test('a Service that flaps while its port opens leaves nothing open', async () => {
  const { plan } = setUp()
  const port = await freePort()
  for (let round = 0; round < 20; round++) plan('shop/web', round % 2 ? 0 : port, 1)
  plan('shop/web', 0, 0)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(await statusOf(port)).toBe(null)
})
