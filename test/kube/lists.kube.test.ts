import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { deployment, service } from './objects.ts'
import { startWorld } from './world.ts'

/** How the first full list comes: as a stream (KEP-3157, WatchList) where the API server can, else page by page. */
const firstLists = async (etcd?: string): Promise<Record<string, readonly string[]>> => {
  await using world = await startWorld(etcd === undefined ? {} : { etcd })
  await world.apply(deployment('web', { replicas: 2 }), service('web'))
  const agent = world.agent('agent')
  await world.inSync(agent, 60_000)
  const asked = world.proxy.requests.filter(({ userAgent }) => userAgent === 'evenkeel')
  await world.apply(service('later'))
  await world.inSync(agent, 20_000)
  const kinds = (resource: string): readonly string[] => [
    ...new Set(asked.filter((request) => request.resource === resource).map(({ kind }) => kind)),
  ]
  return { services: kinds('services'), endpointslices: kinds('endpointslices'), servicecidrs: kinds('servicecidrs') }
}

test('a server that can stream them is asked for streams, and for nothing else', async () => {
  expect(await firstLists()).toEqual({
    services: ['watch-list'],
    endpointslices: ['watch-list'],
    servicecidrs: ['watch-list'],
  })
})

const old = spawnSync('etcd', ['--version'], { encoding: 'utf8' }).stdout ?? ''
const why = /Version: 3\.4/.test(old) ? '' : " (skipped: there is no etcd 3.4 on PATH; it is Debian's etcd-server)"

test.skipIf(why !== '')(`with etcd 3.4 it cannot: pages, then a watch from there${why}`, async () => {
  const lists = await firstLists('etcd')
  for (const kinds of Object.values(lists)) expect(kinds).toEqual(expect.arrayContaining(['list', 'watch']))
})
