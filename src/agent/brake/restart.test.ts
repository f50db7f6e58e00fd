import { expect, test } from 'vitest'
import { backend } from '../../../test/support/frontends.ts'
import { endpoint, service, slice } from '../../../test/support/services.ts'
import { fakeKernel } from '../../kernel/nftables/fake.ts'
import type { OpenSource } from '../../sources/source.ts'
import { silent } from '../../util/log.ts'
import { type Agent, startAgent } from '../agent.ts'
import { parseConfig } from '../config/config.ts'

/** A source that says at once that each of these Services has these endpoints. */
const saying =
  (names: readonly number[], endpoints: (name: number) => readonly number[]): OpenSource =>
  async (store) => {
    store.batch(() => {
      for (const name of names) {
        const value = service({ name: `web-${name}`, clusterIPs: [`10.96.0.${name}`] })
        store.put({ kind: 'Service', value })
        const addresses = endpoints(name).map((last) => endpoint(backend(last).address))
        const key = { name: `web-${name}-1`, service: `shop/web-${name}` }
        store.put({ kind: 'EndpointSlice', value: slice(addresses, { ...key, family: 'IPv4' }) })
      }
    })
    const status = { synced: true, stale: false, since: 0, modified: 0 }
    return { name: 'test', synced: Promise.resolve(), status: () => status, [Symbol.asyncDispose]: async () => {} }
  }

const start = (kernel: ReturnType<typeof fakeKernel>, openSource: OpenSource, percent: number): Promise<Agent> => {
  const { config } = parseConfig(Buffer.alloc(0), 'none', { plane: 'nftables', nodeName: 'node-a' })
  const brake = { maxEmptiedPercent: percent, minFrontends: 2, window: 60_000 }
  const quiet = { ...config, brake, healthzBindAddress: null, metricsBindAddress: null }
  return startAgent({ config: quiet, plane: 'nftables', openSource, kernel, log: silent, control: false })
}

const all = Array.from({ length: 20 }, (_, index) => index + 1)
const ask = { verify: true, counters: false }

/** What an agent with these objects left behind. */
const left = async (): Promise<ReturnType<typeof fakeKernel>> => {
  const kernel = fakeKernel()
  await using agent = await start(
    kernel,
    saying(all, (name) => [name]),
    0,
  )
  await agent.settled()
  return kernel
}

test('a restart finds almost everything gone: the kernel keeps it, additions pass, a release makes it the plan', async () => {
  const kernel = await left()
  kernel.restart()
  // 10 have no endpoint any more, 5 are gone, one has another, one is new
  const names = [...all.slice(0, 15), 30]
  const endpoints = (name: number): readonly number[] => (name <= 10 ? [] : name === 11 ? [99] : [name])
  await using agent = await start(kernel, saying(names, endpoints), 20)
  await agent.settled()
  const held = await agent.status(ask)
  expect(held).toMatchObject({ inSync: false, brake: { engaged: true }, planes: [{ kept: 15, missing: [], extra: 0 }] })
  expect(held.brake?.held).toHaveLength(15)
  for (const name of [1, 10, 16, 20, 30]) expect(kernel.dump()).toContain(`shop/web-${name}/`)
  const why = await agent.why({ request: 'why', kind: 'service', namespace: 'shop', name: 'web-1' })
  expect(why).toMatchObject({ fine: false, services: [{ frontends: [{ state: 'held' }] }] })
  expect(await agent.releaseBrake(0)).toMatchObject({ released: 15 })
  await agent.settled()
  expect(await agent.status(ask)).toMatchObject({ inSync: true, brake: { engaged: false, held: [] } })

  const fresh = fakeKernel()
  await using other = await start(fresh, saying(names, endpoints), 0)
  await other.settled()
  const chains = (dump: string): string[] => [...new Set(dump.match(/f-[^ ]*shop\/web-\d+\/\w+/g))].sort()
  expect(chains(kernel.dump())).toEqual(chains(fresh.dump()))
})

test('without a brake a restart does at once what the plan says', async () => {
  const kernel = await left()
  kernel.restart()
  await using agent = await start(
    kernel,
    saying(all, () => []),
    0,
  )
  await agent.settled()
  const status = await agent.status(ask)
  expect(status).toMatchObject({ inSync: true })
  expect(status.brake).toBeUndefined()
})
