import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ApiObject, selects } from './api-selectors.ts'

export interface SeenRequest {
  readonly kind: 'list' | 'watch' | 'watch-list' | 'other'
  /** last part of the path: services, nodes, … */
  readonly resource: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
}

export interface CannedAnswer {
  readonly status: number
  /** default: a metav1.Status that says the status */
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

interface Watcher {
  readonly collection: string
  readonly query: URLSearchParams
  readonly response: ServerResponse
}

interface Change {
  readonly version: number
  readonly collection: string
  readonly before: ApiObject | null
  readonly after: ApiObject | null
}

/** Collections that the fake serves, by kind. */
const collections: Readonly<Record<string, string>> = {
  Service: '/api/v1/services',
  Node: '/api/v1/nodes',
  EndpointSlice: '/apis/discovery.k8s.io/v1/endpointslices',
  ServiceCIDR: '/apis/networking.k8s.io/v1/servicecidrs',
}
const kindOf = new Map(Object.entries(collections).map(([kind, path]) => [path, kind]))
/** Changes that a watch can go back. */
const historyLimit = 1000

/** Lists, pages, watches, streaming lists, bookmarks and old versions as an API server has them, in this process, over plain HTTP. */
export class FakeApiServer implements AsyncDisposable {
  /** in the order they came; cleared by whoever likes */
  requests: SeenRequest[] = []
  /** false: as servers before 1.32, sendInitialEvents is refused */
  streamingLists = true
  /** an answer in place of the right one */
  intercept: (request: SeenRequest) => CannedAnswer | null = () => null
  /** last look at the text of a watch's events before they are sent */
  garble: (text: string, request: Pick<Watcher, 'collection' | 'query'>) => string = (text) => text

  readonly #server: Server
  readonly #objects = new Map<string, Map<string, ApiObject>>()
  readonly #watchers = new Set<Watcher>()
  #history: Change[] = []
  #oldest = 0
  #version = 1
  #port = 0

  private constructor() {
    this.#server = createServer((incoming, response) => this.#answer(incoming, response))
    for (const path of kindOf.keys()) this.#objects.set(path, new Map())
  }

  static async start(): Promise<FakeApiServer> {
    const fake = new FakeApiServer()
    await fake.open()
    return fake
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** the same for ever */
  get port(): number {
    return this.#port
  }

  get version(): number {
    return this.#version
  }

  get watchers(): number {
    return this.#watchers.size
  }

  /** Creates or replaces; answers the version. */
  put(object: ApiObject): number {
    const collection = collectionOf(object)
    const objects = this.#of(collection)
    const before = objects.get(keyOf(object)) ?? null
    const version = ++this.#version
    const after = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } }
    objects.set(keyOf(object), after)
    this.#tell({ version, collection, before, after })
    return version
  }

  remove(object: ApiObject): number {
    const collection = collectionOf(object)
    const before = this.#of(collection).get(keyOf(object)) ?? null
    if (before === null) return this.#version
    this.#of(collection).delete(keyOf(object))
    this.#tell({ version: ++this.#version, collection, before, after: null })
    return this.#version
  }

  /** `name:port` of each Service, sorted. */
  services(): string[] {
    const ports = ({ spec }: ApiObject): number | undefined => (spec as { ports?: { port: number }[] }).ports?.[0]?.port
    return [...this.#of('/api/v1/services').values()].map((found) => `${found.metadata.name}:${ports(found)}`).sort()
  }

  /** Every watch hears up to where it has heard everything. */
  bookmark(): void {
    for (const watcher of this.#watchers) this.#send(watcher, bookmark(watcher.collection, this.#version))
  }

  /** A line on every watch of a resource, as it is. */
  sendLine(resource: string, line: string): void {
    for (const watcher of this.#watchers)
      if (watcher.collection.endsWith(`/${resource}`)) watcher.response.write(`${line}\n`)
  }

  /** Watches from versions before the present one get 410. */
  compact(): void {
    this.#oldest = this.#version
    this.#history = []
  }

  /** Ends watches as the API server does after timeoutSeconds. */
  endWatches(): void {
    for (const { response } of this.#watchers) response.end()
  }

  /** Breaks every connection. */
  cut(): void {
    this.#server.closeAllConnections()
  }

  /** Refuses connections until `open`. */
  async close(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.close()
    this.cut()
    await once(this.#server, 'close')
  }

  async open(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #of(collection: string): Map<string, ApiObject> {
    const objects = this.#objects.get(collection)
    if (objects === undefined) throw new Error(`the fake has no ${collection}`)
    return objects
  }

  #answer(incoming: IncomingMessage, response: ServerResponse): void {
    const url = new URL(incoming.url ?? '/', 'http://fake')
    const request = look(incoming, url)
    this.requests.push(request)
    response.on('error', () => {})
    const canned = this.intercept(request)
    if (canned !== null) return refuse(response, canned)
    if (incoming.method !== 'GET' || !this.#objects.has(url.pathname)) return refuse(response, { status: 404 })
    if (request.kind === 'list') this.#list(url, response)
    else this.#watch(url, request, response)
  }

  #list({ pathname, searchParams: query }: URL, response: ServerResponse): void {
    const limit = query.get('resourceVersion') === '0' ? 0 : Number(query.get('limit') ?? 0)
    const [version = String(this.#version), from = '0'] = query.get('continue')?.split(' ') ?? []
    if (Number(version) < this.#oldest) return refuse(response, { status: 410 })
    const found = [...this.#of(pathname).values()].filter((object) => selects(query, object))
    const end = limit === 0 ? found.length : Number(from) + limit
    const metadata = { resourceVersion: version, ...(end < found.length ? { continue: `${version} ${end}` } : {}) }
    response.writeHead(200, { 'content-type': 'application/json' })
    const items = found
      .slice(Number(from), end)
      .map((item) => JSON.stringify({ ...item, kind: undefined, apiVersion: undefined }))
    const head = JSON.stringify({ kind: `${kindOf.get(pathname)}List`, apiVersion: 'v1', metadata })
    response.end(`${head.slice(0, -1)},"items":[${items.join(',')}]}\n`)
  }

  #watch({ pathname, searchParams: query }: URL, { kind }: SeenRequest, response: ServerResponse): void {
    const initial = kind === 'watch-list'
    if (initial && !this.streamingLists) return refuse(response, { status: 422 })
    const from = Number(query.get('resourceVersion') ?? '0')
    if (from > this.#version) return refuse(response, tooNew)
    if (!initial && from < this.#oldest) return refuse(response, { status: 410 })
    response.writeHead(200, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' })
    response.flushHeaders()
    const watcher = { collection: pathname, query, response }
    this.#watchers.add(watcher)
    response.on('close', () => this.#watchers.delete(watcher))
    if (initial) this.#sendInitial(watcher)
    else for (const change of this.#history) if (change.version > from) this.#hear(watcher, change)
  }

  #sendInitial(watcher: Watcher): void {
    for (const object of this.#of(watcher.collection).values())
      if (selects(watcher.query, object)) this.#send(watcher, event('ADDED', object))
    this.#send(watcher, bookmark(watcher.collection, this.#version, { 'k8s.io/initial-events-end': 'true' }))
  }

  #tell(change: Change): void {
    this.#history.push(change)
    if (this.#history.length > 2 * historyLimit) {
      this.#history = this.#history.slice(-historyLimit)
      this.#oldest = (this.#history[0]?.version ?? 1) - 1
    }
    for (const watcher of this.#watchers) this.#hear(watcher, change)
  }

  #hear(watcher: Watcher, { collection, before, after, version }: Change): void {
    if (watcher.collection !== collection) return
    const had = before !== null && selects(watcher.query, before)
    const has = after !== null && selects(watcher.query, after)
    if (has) this.#send(watcher, event(had ? 'MODIFIED' : 'ADDED', after))
    else if (had)
      this.#send(
        watcher,
        event('DELETED', { ...before, metadata: { ...before.metadata, resourceVersion: String(version) } }),
      )
  }

  #send(watcher: Watcher, line: string): void {
    watcher.response.write(this.garble(line, watcher))
  }
}

const look = ({ method, headers }: IncomingMessage, { pathname, searchParams: query }: URL): SeenRequest => {
  const watching = query.get('watch') === '1' || query.get('watch') === 'true'
  const watch = query.get('sendInitialEvents') === 'true' ? 'watch-list' : 'watch'
  const kind = watching ? watch : method === 'GET' && kindOf.has(pathname) ? 'list' : 'other'
  return { kind, resource: pathname.split('/').at(-1) ?? '', query, headers }
}

const refuse = (response: ServerResponse, { status, body, headers }: CannedAnswer): void => {
  const reason = status === 410 ? 'Expired' : ''
  const text =
    body ?? JSON.stringify({ kind: 'Status', apiVersion: 'v1', code: status, reason, message: `fake ${status}` })
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text)
}

const tooNew: CannedAnswer = {
  status: 504,
  body: JSON.stringify({ kind: 'Status', code: 504, reason: 'Timeout', message: 'Too large resource version: 9' }),
}

const event = (type: string, object: ApiObject): string => `${JSON.stringify({ type, object })}\n`

const bookmark = (collection: string, version: number, annotations: Record<string, string> = {}): string => {
  const metadata = { name: '', resourceVersion: String(version), annotations }
  return event('BOOKMARK', { apiVersion: 'v1', kind: kindOf.get(collection) ?? '', metadata })
}

const collectionOf = ({ kind }: ApiObject): string => {
  const collection = collections[kind]
  if (collection === undefined) throw new Error(`the fake has no collection of ${kind}`)
  return collection
}

const keyOf = ({ metadata: { namespace, name } }: ApiObject): string =>
  namespace === undefined ? name : `${namespace}/${name}`
