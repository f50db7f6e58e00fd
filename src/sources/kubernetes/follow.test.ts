import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ApiObject } from '../../../test/support/api-selectors.ts'
import { FakeApiServer } from '../../../test/support/api-server.ts'
import type { InputProblem } from '../../model/snapshot.ts'
import { systemClock } from '../../util/clock.ts'
import { Store } from '../store.ts'
import { type KubernetesOptions, type KubernetesSource, openKubernetes } from './index.ts'

const service = (
  name: string,
  more: { labels?: Record<string, string>; clusterIP?: string; port?: number } = {},
): ApiObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'shop', labels: more.labels ?? {} },
  spec: { clusterIP: more.clusterIP ?? '10.96.0.1', ports: [{ port: more.port ?? 80 }] },
})
const slice = (name: string, addresses: readonly string[], labels: Record<string, string> = {}): ApiObject => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name, namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web', ...labels } },
  addressType: 'IPv4',
  endpoints: addresses.map((address) => ({ addresses: [address] })),
})
const node = (name: string, zone = 'a'): ApiObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'topology.kubernetes.io/zone': zone } },
})
const cidr: ApiObject = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'ServiceCIDR',
  metadata: { name: 'kubernetes' },
  spec: { cidrs: ['10.96.0.0/16'] },
}

vi.setConfig({ testTimeout: 30_000 })

let api: FakeApiServer
let directory: string
let store: Store
let lines: string[]
let problems: readonly InputProblem[]
let sources: KubernetesSource[]

beforeEach(async () => {
  api = await FakeApiServer.start()
  directory = await mkdtemp(join(tmpdir(), 'evenkeel-kubernetes-'))
  store = new Store()
  lines = []
  problems = []
  sources = []
  api.put(node('node-a'))
  api.put(node('node-b', 'b'))
  api.put(cidr)
})

afterEach(async () => {
  await Promise.all(sources.map((source) => source[Symbol.asyncDispose]()))
  await api[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

const kubeconfig = async (user: object = { token: 'secret' }): Promise<string> => {
  const file = join(directory, 'config')
  const content = {
    clusters: [{ name: 'c', cluster: { server: api.url } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }
  await writeFile(file, JSON.stringify(content))
  return file
}

const start = async (options: Partial<KubernetesOptions> = {}): Promise<KubernetesSource> => {
  const hear = (level: string) => (fields: object, message: string) =>
    void (level === 'debug' || lines.push(`${level} ${message}${'err' in fields ? String(fields.err) : ''}`))
  const source = await openKubernetes(store, {
    client: options.client ?? { kubeconfig: await kubeconfig() },
    nodeName: 'node-a',
    proxyName: '',
    clock: systemClock,
    random: () => 0,
    log: { debug: hear('debug'), info: hear('info'), warn: hear('warn'), error: hear('error') },
    onProblems: (found) => {
      problems = found
    },
    ...options,
  })
  sources.push(source)
  return source
}

const services = (): string[] =>
  [...store.snapshot.services()].map(({ name, ports }) => `${name}:${ports[0]?.port}`).sort()
const soon = (expected: () => void): Promise<void> => vi.waitFor(expected, { timeout: 15_000, interval: 5 })
const become = (...expected: string[]): Promise<void> => soon(() => expect(services()).toEqual(expected))
/** All four watches are there. */
const watched = (): Promise<void> => soon(() => expect(api.watchers).toBe(4))
const asked = (resource: string): string[] =>
  api.requests.filter((request) => request.resource === resource).map(({ kind }) => kind)

describe.each([
  ['streams its lists', true],
  ['pages its lists', false],
])('an API server that %s', (_, streaming) => {
  beforeEach(() => {
    api.streamingLists = streaming
  })

  it('is in the store once the source is in sync, in one change for each kind', async () => {
    for (let i = 0; i < 3; i++) api.put(service(`s${i}`))
    api.put(slice('web-1', ['10.0.0.1']))
    const heard = vi.fn()
    store.subscribe(heard)
    const source = await start()
    expect(source.status().synced).toBe(false)
    await source.synced
    expect(services()).toEqual(['s0:80', 's1:80', 's2:80'])
    expect(store.snapshot.slicesOf('shop/web')).toHaveLength(1)
    expect([...store.snapshot.nodes()].map(({ name }) => name)).toEqual(['node-a'])
    expect(store.snapshot.serviceCIDRs()).toMatchObject([{ cidrs: ['10.96.0.0/16'] }])
    expect(heard).toHaveBeenCalledTimes(4)
    await watched()
    await soon(() => expect(source.status()).toMatchObject({ synced: true, stale: false }))
    expect(source.status()).not.toHaveProperty('problem')
    expect(source.name).toBe(`kubernetes:${api.url}`)
  })

  it('is followed', async () => {
    const source = await start()
    await source.synced
    await watched()
    api.put(service('a'))
    api.put(service('b'))
    await become('a:80', 'b:80')
    api.put(service('a', { port: 81 }))
    api.remove(service('b'))
    await become('a:81')
    api.put(node('node-a', 'z'))
    await soon(() =>
      expect(store.snapshot.node('node-a')?.labels).toMatchObject({ 'topology.kubernetes.io/zone': 'z' }),
    )
  })

  it('is listed again without a gap when it has forgotten what we heard last', async () => {
    for (const name of ['stays', 'goes', 'changes']) api.put(service(name))
    const source = await start()
    await source.synced
    await watched()
    const heard = vi.fn()
    store.subscribe(heard)
    await api.close()
    api.put(service('new'))
    api.put(service('changes', { port: 81 }))
    api.remove(service('goes'))
    api.compact()
    await api.open()
    await become('changes:81', 'new:80', 'stays:80')
    // one change, that names nothing else
    expect(heard).toHaveBeenCalledTimes(1)
    expect([...heard.mock.calls[0]![0].services].sort()).toEqual(['shop/changes', 'shop/goes', 'shop/new'])
  })
})

describe('what is asked for', () => {
  it('is what kube-proxy asks for: no headless Service, none of another proxy, only this Node', async () => {
    api.put(service('ours'))
    api.put(service('headless', { clusterIP: 'None' }))
    api.put(service('theirs', { labels: { 'service.kubernetes.io/service-proxy-name': 'other' } }))
    api.put(slice('web-1', ['10.0.0.1']))
    api.put(slice('web-2', ['10.0.0.2'], { 'service.kubernetes.io/headless': '' }))
    const source = await start()
    await source.synced
    expect(services()).toEqual(['ours:80'])
    expect(store.snapshot.slicesOf('shop/web').map(({ name }) => name)).toEqual(['web-1'])
    const query = (resource: string) => api.requests.find((request) => request.resource === resource)?.query
    expect(query('services')?.get('labelSelector')).toBe('!service.kubernetes.io/service-proxy-name')
    expect(query('services')?.get('fieldSelector')).toBe('spec.clusterIP!=None')
    expect(query('endpointslices')?.get('labelSelector')).toBe('!service.kubernetes.io/headless')
    expect(query('nodes')?.get('fieldSelector')).toBe('metadata.name=node-a')
  })

  it('is the Services of our name, where we have one; one that leaves it goes', async () => {
    const labels = { 'service.kubernetes.io/service-proxy-name': 'evenkeel' }
    api.put(service('ours', { labels }))
    api.put(service('theirs'))
    const source = await start({ proxyName: 'evenkeel' })
    await source.synced
    expect(services()).toEqual(['ours:80'])
    await watched()
    api.put(service('ours'))
    await become()
  })

  it('comes with the token', async () => {
    await (await start()).synced
    expect(api.requests[0]?.headers.authorization).toBe('Bearer secret')
  })
})

describe('a watch', () => {
  it('goes on where it broke off, without a list', async () => {
    const source = await start()
    await source.synced
    await watched()
    await new Promise((resolve) => setTimeout(resolve, 600))
    api.requests = []
    api.cut()
    api.put(service('meanwhile'))
    await become('meanwhile:80')
    await watched()
    expect(new Set(asked('services'))).toEqual(new Set(['watch']))
    await soon(() => expect(source.status().stale).toBe(false))
    expect(lines).toEqual([])
  })

  it('that the server ends goes on', async () => {
    await (await start()).synced
    await watched()
    api.put(service('a'))
    await become('a:80')
    api.requests = []
    api.endWatches()
    await soon(() => expect(asked('services')).toEqual(['watch']))
    api.put(service('b'))
    await become('a:80', 'b:80')
  })

  it('goes on from the last bookmark', async () => {
    await (await start()).synced
    await watched()
    for (let i = 0; i < 3; i++) api.put(slice(`web-${i}`, ['10.0.0.1']))
    api.bookmark()
    await new Promise((resolve) => setTimeout(resolve, 600))
    api.compact()
    api.requests = []
    api.cut()
    await soon(() => expect(api.requests).toHaveLength(4))
    expect(new Set(api.requests.map(({ kind }) => kind))).toEqual(new Set(['watch']))
  })

  it('that ends in an ERROR event of 410 is listed anew', async () => {
    api.put(service('a'))
    await (await start()).synced
    await watched()
    api.requests = []
    api.sendLine(
      'services',
      JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } }),
    )
    await soon(() => expect(asked('services')).toEqual(['watch-list']))
    expect(services()).toEqual(['a:80'])
    // at least as new as what was heard
    expect(Number(api.requests[0]?.query.get('resourceVersion'))).toBeGreaterThan(0)
  })

  it('passes over events of unknown types, saying so once', async () => {
    await (await start()).synced
    await watched()
    for (let i = 0; i < 3; i++) api.sendLine('services', '{"type":"SURPRISE","object":{}}')
    api.put(service('after'))
    await become('after:80')
    expect(lines).toEqual(['warn an event of an unknown type is passed over'])
  })

  it('that is garbled is read again from where all was well, and listed anew when that does not help', async () => {
    await (await start()).synced
    await watched()
    await new Promise((resolve) => setTimeout(resolve, 600))
    api.cut()
    await soon(() => expect(asked('services')).toEqual(['watch-list', 'watch']))
    api.requests = []
    api.garble = (text, { query }) => (query.get('sendInitialEvents') === 'true' ? text : text.slice(0, 20) + '\n')
    api.put(service('a'))
    await become('a:80')
    expect(asked('services')).toEqual(['watch', 'watch', 'watch-list'])
    expect(lines[0]).toMatch(/^warn the API server sends broken JSON \(services\)/)
  })

  it('that breaks off in the middle of a line loses nothing', async () => {
    await (await start()).synced
    await watched()
    let first = true
    api.garble = (text) => {
      if (!first) return text
      first = false
      setTimeout(() => api.cut(), 20)
      return text.slice(0, 30)
    }
    api.put(service('a'))
    await become('a:80')
  })
})

describe('a list', () => {
  it('that breaks off changes nothing, and the next one counts', async () => {
    for (let i = 0; i < 50; i++) api.put(service(`s${String(i).padStart(2, '0')}`))
    await (await start()).synced
    await watched()
    const heard = vi.fn()
    store.subscribe(heard)
    let sent = 0
    let broken: URLSearchParams | null = null
    api.garble = (text, { query }) => {
      if (query.get('sendInitialEvents') !== 'true') return text
      if (++sent === 11) {
        broken = query
        setTimeout(() => api.cut(), 20)
      }
      return broken === query ? '' : text
    }
    api.compact()
    api.sendLine('services', JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410 } }))
    await soon(() => expect(asked('services').filter((kind) => kind === 'watch-list').length).toBeGreaterThan(2))
    await watched()
    expect(services()).toHaveLength(50)
    expect(heard).not.toHaveBeenCalled()
  })

  it('comes in pages where the server asks for it', async () => {
    api.streamingLists = false
    for (let i = 0; i < 1200; i++) api.put(service(`s${i}`))
    await (await start()).synced
    expect(services()).toHaveLength(1200)
    await watched()
    api.compact()
    api.intercept = ({ kind, query }) =>
      kind === 'watch' && query.get('resourceVersion') !== String(api.version) ? { status: 410 } : null
    api.requests = []
    api.put(service('late'))
    await soon(() => expect(services()).toHaveLength(1201))
  })
})

describe('a server that is away', () => {
  it('changes nothing, is told once, and is found again', async () => {
    api.put(service('a'))
    const source = await start()
    await source.synced
    await watched()
    await api.close()
    await soon(() =>
      expect(source.status()).toMatchObject({ stale: true, problem: expect.stringContaining('refuses connections') }),
    )
    expect(source.status().since).toBeGreaterThan(0)
    expect(services()).toEqual(['a:80'])
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(lines.filter((line) => line.includes('refuses'))).toHaveLength(1)
    api.put(service('b'))
    await api.open()
    await become('a:80', 'b:80')
    await watched()
    expect(source.status()).not.toHaveProperty('problem')
    expect(lines.at(-1)).toBe('info the API server is followed again')
  })

  it('is waited for at the start', async () => {
    await api.close()
    const source = await start({ client: { kubeconfig: await kubeconfig() } })
    await soon(() => expect(source.status().problem).toContain('refuses connections'))
    expect(source.status()).toMatchObject({ synced: false, stale: false })
    await api.open()
    await source.synced
  })

  it('is not pressed: it says how long to wait', async () => {
    let refused = 0
    api.intercept = ({ resource }) => {
      if (resource !== 'services' || refused > 0) return null
      refused++
      return { status: 429, headers: { 'retry-after': '2' } }
    }
    const begun = performance.now()
    await (await start()).synced
    expect(performance.now() - begun).toBeGreaterThan(1900)
  })
})

describe('what is not allowed or not there', () => {
  const forbid = (resource: string, status: number): void => {
    const message = `${resource} is forbidden: User "system:proxy" cannot watch resource "${resource}"`
    api.intercept = (request) =>
      request.resource === resource ? { status, body: JSON.stringify({ kind: 'Status', code: status, message }) } : null
  }

  it('ServiceCIDRs: the rest goes on without', async () => {
    forbid('servicecidrs', 403)
    api.put(service('a'))
    const source = await start()
    await source.synced
    expect(services()).toEqual(['a:80'])
    await soon(() => expect(api.watchers).toBe(3))
    expect(source.status()).toMatchObject({
      stale: false,
      problem: expect.stringMatching(/^forbidden: servicecidrs .* cannot watch .*; the rest goes on without$/),
    })
  })

  it('Services: it waits, and says which right is missing', async () => {
    forbid('services', 403)
    const source = await start()
    await soon(() => expect(source.status().problem).toMatch(/cannot watch resource "services".*ClusterRole/))
    expect(source.status().synced).toBe(false)
    api.intercept = () => null
    await source.synced
  })

  it('the Node: it goes on, and says so until it comes', async () => {
    const source = await start({ nodeName: 'node-z', nodeWaitMs: 20 })
    await source.synced
    expect(source.status().problem).toContain('there is no Node "node-z"')
    await watched()
    api.put(node('node-z'))
    await soon(() => expect(source.status()).not.toHaveProperty('problem'))
  })
})

describe('credentials', () => {
  it('are read again when they are refused', async () => {
    const file = join(directory, 'token')
    await writeFile(file, 'old\n')
    api.intercept = ({ headers }) => {
      if (headers.authorization === 'Bearer new') return null
      void writeFile(file, 'new\n')
      return { status: 401 }
    }
    const source = await start({ client: { kubeconfig: await kubeconfig({ tokenFile: 'token' }) } })
    await source.synced
  })

  it('come from a plugin, which is run again when they are refused', async () => {
    const plugin = join(directory, 'plugin.sh')
    const credential =
      '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t%s"}}'
    await writeFile(
      plugin,
      `#!/bin/sh\nn=$(cat "$0.n" 2>/dev/null || echo 0); n=$((n+1)); echo $n > "$0.n"; printf '${credential}' $n\n`,
      { mode: 0o755 },
    )
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: './plugin.sh' }
    api.intercept = ({ headers }) => (headers.authorization === 'Bearer t2' ? null : { status: 401 })
    const source = await start({ client: { kubeconfig: await kubeconfig({ exec }) } })
    await source.synced
  })

  it('that stay refused are told, and tried again', async () => {
    api.intercept = () => ({ status: 401 })
    const source = await start()
    await soon(() => expect(source.status().problem).toContain('does not accept the credentials'))
    api.intercept = () => null
    await source.synced
  })
})

describe('objects with faults', () => {
  it('are told of and leave what they said before in force', async () => {
    api.put(service('good'))
    await (await start()).synced
    await watched()
    api.put(service('good', { clusterIP: 'nonsense' }))
    await soon(() => expect(problems).toMatchObject([{ object: 'Service shop/good', where: 'services' }]))
    expect(services()).toEqual(['good:80'])
    api.remove(service('good'))
    await soon(() => expect(problems).toEqual([]))
    expect(services()).toEqual([])
  })
})

describe('whatever happens', () => {
  it('the store ends up with what the API server has', async () => {
    const action = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constant('put' as const),
          name: fc.nat(5),
          port: fc.integer({ min: 1, max: 3 }),
        }),
      },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), name: fc.nat(5) }) },
      fc.record({
        do: fc.constantFrom('cut' as const, 'end' as const, 'compact' as const, 'bookmark' as const, 'rest' as const),
      }),
    )
    await (await start()).synced
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 30 }), async (actions) => {
        for (const step of actions) {
          if (step.do === 'put') api.put(service(`s${step.name}`, { port: step.port }))
          if (step.do === 'remove') api.remove(service(`s${step.name}`))
          if (step.do === 'cut') api.cut()
          if (step.do === 'end') api.endWatches()
          if (step.do === 'compact') api.compact()
          if (step.do === 'bookmark') api.bookmark()
          if (step.do === 'rest') await new Promise((resolve) => setTimeout(resolve, 5))
        }
        await become(...api.services())
      }),
      { numRuns: 15, endOnFailure: true },
    )
  }, 60_000)
})
