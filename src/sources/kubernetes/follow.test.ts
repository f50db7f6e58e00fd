import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { following, type Following, node, service, slice, soon } from '../../../test/support/following-api.ts'

vi.setConfig({ testTimeout: 30_000 })

let on: Following
beforeEach(async () => {
  on = await following()
})
afterEach(() => on[Symbol.asyncDispose]())

describe.each([
  ['streams its lists', true],
  ['pages its lists', false],
])('an API server that %s', (_, streaming) => {
  beforeEach(() => {
    on.api.streamingLists = streaming
  })

  it('is in the store once the source is in sync, in one change for each kind', async () => {
    for (let i = 0; i < 3; i++) on.api.put(service(`s${i}`))
    on.api.put(slice('web-1', ['10.0.0.1']))
    const heard = vi.fn()
    on.store.subscribe(heard)
    const source = await on.start()
    expect(source.status().synced).toBe(false)
    await source.synced
    expect(on.services()).toEqual(['s0:80', 's1:80', 's2:80'])
    expect(on.store.snapshot.slicesOf('shop/web')).toHaveLength(1)
    expect([...on.store.snapshot.nodes()].map(({ name }) => name)).toEqual(['node-a'])
    expect(on.store.snapshot.serviceCIDRs()).toMatchObject([{ cidrs: ['10.96.0.0/16'] }])
    expect(heard).toHaveBeenCalledTimes(4)
    await on.watched()
    await soon(() => expect(source.status()).toMatchObject({ synced: true, stale: false }))
    expect(source.status()).not.toHaveProperty('problem')
    expect(source.name).toBe(`kubernetes:${on.api.url}`)
  })

  it('is followed', async () => {
    const source = await on.start()
    await source.synced
    await on.watched()
    on.api.put(service('a'))
    on.api.put(service('b'))
    await on.become('a:80', 'b:80')
    on.api.put(service('a', { port: 81 }))
    on.api.remove(service('b'))
    await on.become('a:81')
    on.api.put(node('node-a', 'z'))
    await soon(() =>
      expect(on.store.snapshot.node('node-a')?.labels).toMatchObject({ 'topology.kubernetes.io/zone': 'z' }),
    )
  })

  it('is listed again without a gap when it has forgotten what we heard last', async () => {
    for (const name of ['stays', 'goes', 'changes']) on.api.put(service(name))
    const source = await on.start()
    await source.synced
    await on.watched()
    const heard = vi.fn()
    on.store.subscribe(heard)
    await on.api.close()
    on.api.put(service('new'))
    on.api.put(service('changes', { port: 81 }))
    on.api.remove(service('goes'))
    on.api.compact()
    await on.api.open()
    await on.become('changes:81', 'new:80', 'stays:80')
    // one change, that names nothing else
    expect(heard).toHaveBeenCalledTimes(1)
    expect([...heard.mock.calls[0]![0].services].sort()).toEqual(['shop/changes', 'shop/goes', 'shop/new'])
  })
})

describe('what is asked for', () => {
  it('is what kube-proxy asks for: no headless Service, none of another proxy, only this Node', async () => {
    on.api.put(service('ours'))
    on.api.put(service('headless', { clusterIP: 'None' }))
    on.api.put(service('theirs', { labels: { 'service.kubernetes.io/service-proxy-name': 'other' } }))
    on.api.put(slice('web-1', ['10.0.0.1']))
    on.api.put(slice('web-2', ['10.0.0.2'], { 'service.kubernetes.io/headless': '' }))
    const source = await on.start()
    await source.synced
    expect(on.services()).toEqual(['ours:80'])
    expect(on.store.snapshot.slicesOf('shop/web').map(({ name }) => name)).toEqual(['web-1'])
    const query = (resource: string) => on.api.requests.find((request) => request.resource === resource)?.query
    expect(query('services')?.get('labelSelector')).toBe('!service.kubernetes.io/service-proxy-name')
    expect(query('services')?.get('fieldSelector')).toBe('spec.clusterIP!=None')
    expect(query('endpointslices')?.get('labelSelector')).toBe('!service.kubernetes.io/headless')
    expect(query('nodes')?.get('fieldSelector')).toBe('metadata.name=node-a')
  })

  it('is the Services of our name, where we have one; one that leaves it goes', async () => {
    const labels = { 'service.kubernetes.io/service-proxy-name': 'evenkeel' }
    on.api.put(service('ours', { labels }))
    on.api.put(service('theirs'))
    const source = await on.start({ proxyName: 'evenkeel' })
    await source.synced
    expect(on.services()).toEqual(['ours:80'])
    await on.watched()
    on.api.put(service('ours'))
    await on.become()
  })

  it('comes with the token', async () => {
    await (await on.start()).synced
    expect(on.api.requests[0]?.headers.authorization).toBe('Bearer secret')
  })
})

describe('a watch', () => {
  it('goes on where it broke off, without a list', async () => {
    const source = await on.start()
    await source.synced
    await on.watched()
    await new Promise((resolve) => setTimeout(resolve, 600))
    on.api.requests = []
    on.api.cut()
    on.api.put(service('meanwhile'))
    await on.become('meanwhile:80')
    await on.watched()
    expect(new Set(on.asked('services'))).toEqual(new Set(['watch']))
    await soon(() => expect(source.status().stale).toBe(false))
    expect(on.lines).toEqual([])
  })

  it('that the server ends goes on', async () => {
    await (await on.start()).synced
    await on.watched()
    on.api.put(service('a'))
    await on.become('a:80')
    on.api.requests = []
    on.api.endWatches()
    await soon(() => expect(on.asked('services')).toEqual(['watch']))
    on.api.put(service('b'))
    await on.become('a:80', 'b:80')
  })

  it('goes on from the last bookmark', async () => {
    await (await on.start()).synced
    await on.watched()
    for (let i = 0; i < 3; i++) on.api.put(slice(`web-${i}`, ['10.0.0.1']))
    on.api.bookmark()
    await new Promise((resolve) => setTimeout(resolve, 600))
    on.api.compact()
    on.api.requests = []
    on.api.cut()
    await soon(() => expect(on.api.requests).toHaveLength(4))
    expect(new Set(on.api.requests.map(({ kind }) => kind))).toEqual(new Set(['watch']))
  })

  it('that ends in an ERROR event of 410 is listed anew', async () => {
    on.api.put(service('a'))
    await (await on.start()).synced
    await on.watched()
    on.api.requests = []
    on.api.sendLine(
      'services',
      JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } }),
    )
    await soon(() => expect(on.asked('services')).toEqual(['watch-list']))
    expect(on.services()).toEqual(['a:80'])
    // at least as new as what was heard
    expect(Number(on.api.requests[0]?.query.get('resourceVersion'))).toBeGreaterThan(0)
  })

  it('passes over events of unknown types, saying so once', async () => {
    await (await on.start()).synced
    await on.watched()
    for (let i = 0; i < 3; i++) on.api.sendLine('services', '{"type":"SURPRISE","object":{}}')
    on.api.put(service('after'))
    await on.become('after:80')
    expect(on.lines).toEqual(['warn an event of an unknown type is passed over'])
  })

  it('that is garbled is read again from where all was well, and listed anew when that does not help', async () => {
    await (await on.start()).synced
    await on.watched()
    await new Promise((resolve) => setTimeout(resolve, 600))
    on.api.cut()
    await soon(() => expect(on.asked('services')).toEqual(['watch-list', 'watch']))
    on.api.requests = []
    on.api.garble = (text, { query }) => (query.get('sendInitialEvents') === 'true' ? text : text.slice(0, 20) + '\n')
    on.api.put(service('a'))
    await on.become('a:80')
    expect(on.asked('services')).toEqual(['watch', 'watch', 'watch-list'])
    expect(on.lines[0]).toMatch(/^warn the API server sends broken JSON \(services\)/)
  })

  it('that breaks off in the middle of a line loses nothing', async () => {
    await (await on.start()).synced
    await on.watched()
    let first = true
    on.api.garble = (text) => {
      if (!first) return text
      first = false
      setTimeout(() => on.api.cut(), 20)
      return text.slice(0, 30)
    }
    on.api.put(service('a'))
    await on.become('a:80')
  })
})

describe('a list', () => {
  it('that breaks off changes nothing, and the next one counts', async () => {
    for (let i = 0; i < 50; i++) on.api.put(service(`s${String(i).padStart(2, '0')}`))
    await (await on.start()).synced
    await on.watched()
    const heard = vi.fn()
    on.store.subscribe(heard)
    let sent = 0
    let broken: URLSearchParams | null = null
    on.api.garble = (text, { query }) => {
      if (query.get('sendInitialEvents') !== 'true') return text
      if (++sent === 11) {
        broken = query
        setTimeout(() => on.api.cut(), 20)
      }
      return broken === query ? '' : text
    }
    on.api.compact()
    on.api.sendLine('services', JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410 } }))
    await soon(() => expect(on.asked('services').filter((kind) => kind === 'watch-list').length).toBeGreaterThan(2))
    await on.watched()
    expect(on.services()).toHaveLength(50)
    expect(heard).not.toHaveBeenCalled()
  })

  it('comes in pages where the server asks for it', async () => {
    on.api.streamingLists = false
    for (let i = 0; i < 1200; i++) on.api.put(service(`s${i}`))
    await (await on.start()).synced
    expect(on.services()).toHaveLength(1200)
    await on.watched()
    on.api.compact()
    on.api.intercept = ({ kind, query }) =>
      kind === 'watch' && query.get('resourceVersion') !== String(on.api.version) ? { status: 410 } : null
    on.api.requests = []
    on.api.put(service('late'))
    await soon(() => expect(on.services()).toHaveLength(1201))
  })
})
