import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import type { InputProblem } from '../../src/model/snapshot.ts'
import { type KubernetesOptions, type KubernetesSource, openKubernetes } from '../../src/sources/kubernetes/index.ts'
import { Store } from '../../src/sources/store.ts'
import { systemClock } from '../../src/util/clock.ts'
import type { ApiObject } from './api-selectors.ts'
import { FakeApiServer } from './api-server.ts'

export const service = (
  name: string,
  more: { labels?: Record<string, string>; clusterIP?: string; port?: number } = {},
): ApiObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'shop', labels: more.labels ?? {} },
  spec: { clusterIP: more.clusterIP ?? '10.96.0.1', ports: [{ port: more.port ?? 80 }] },
})
export const slice = (name: string, addresses: readonly string[], labels: Record<string, string> = {}): ApiObject => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name, namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web', ...labels } },
  addressType: 'IPv4',
  endpoints: addresses.map((address) => ({ addresses: [address] })),
})
export const node = (name: string, zone = 'a'): ApiObject => ({
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

/** An API server with two Nodes and a ServiceCIDR, and a store for sources that follow it. */
export interface Following extends AsyncDisposable {
  readonly api: FakeApiServer
  readonly store: Store
  /** a directory for kubeconfigs and what they name */
  readonly directory: string
  /** what was logged from info on: `level message`, with the error behind it */
  readonly lines: readonly string[]
  problems(): readonly InputProblem[]
  /** writes a kubeconfig for this user; its path */
  kubeconfig(user?: object): Promise<string>
  /** a source of `node-a`, disposed with this */
  start(options?: Partial<KubernetesOptions>): Promise<KubernetesSource>
  /** `name:port` of the Services in the store, sorted */
  services(): readonly string[]
  /** until the store has these Services */
  become(...expected: readonly string[]): Promise<void>
  /** until all four watches are there */
  watched(): Promise<void>
  /** how a resource was asked for: list, watch … */
  asked(resource: string): readonly string[]
}

/** Until it holds, 15 s at the most. */
export const soon = (expected: () => void): Promise<void> => vi.waitFor(expected, { timeout: 15_000, interval: 5 })

export const following = async (): Promise<Following> => {
  const api = await FakeApiServer.start()
  const directory = await mkdtemp(join(tmpdir(), 'evenkeel-kubernetes-'))
  const store = new Store()
  const lines: string[] = []
  const sources: KubernetesSource[] = []
  let problems: readonly InputProblem[] = []
  for (const object of [node('node-a'), node('node-b', 'b'), cidr]) api.put(object)

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
  const hear = (level: string) => (fields: object, message: string) =>
    void lines.push(`${level} ${message}${'err' in fields ? String(fields.err) : ''}`)
  const services = (): readonly string[] =>
    [...store.snapshot.services()].map(({ name, ports }) => `${name}:${ports[0]?.port}`).sort()

  return {
    api,
    store,
    directory,
    lines,
    problems: () => problems,
    kubeconfig,
    services,
    start: async (options = {}) => {
      const source = await openKubernetes(store, {
        client: options.client ?? { kubeconfig: await kubeconfig() },
        nodeName: 'node-a',
        proxyName: '',
        clock: systemClock,
        random: () => 0,
        log: { debug: () => {}, info: hear('info'), warn: hear('warn'), error: hear('error') },
        onProblems: (found) => {
          problems = found
        },
        ...options,
      })
      sources.push(source)
      return source
    },
    become: (...expected) => soon(() => expect(services()).toEqual(expected)),
    watched: () => soon(() => expect(api.watchers).toBe(4)),
    asked: (resource) => api.requests.filter((request) => request.resource === resource).map(({ kind }) => kind),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(sources.map((source) => source[Symbol.asyncDispose]()))
      await api[Symbol.asyncDispose]()
      await rm(directory, { recursive: true })
    },
  }
}
