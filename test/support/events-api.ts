import type { ApiClient, ApiRequest } from '../../src/sources/kubernetes/client.ts'
import { ApiError } from '../../src/sources/kubernetes/errors.ts'

export interface StoredEvent {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion: string }
  readonly reason: string
  readonly note: string
  readonly eventTime: string
  readonly regarding: { readonly kind: string; readonly name: string; readonly uid: string }
  readonly series?: { readonly count: number; readonly lastObservedTime: string }
}

/** The part of an API server that Events need, with its rules: names are unique, and of an Event only the series changes. */
export class EventsApi {
  readonly events = new Map<string, StoredEvent>()
  readonly requests: string[] = []
  /** `shop/web` to uid: Services that exist */
  readonly uids = new Map<string, string>()
  /** answers instead of the server */
  fault: ((request: ApiRequest) => Error | undefined) | null = null
  #version = 0

  readonly client: Pick<ApiClient, 'json'> = {
    json: async (request) => {
      this.requests.push(`${request.method} ${request.path.split('?')[0]}`)
      request.signal?.throwIfAborted()
      const fault = this.fault?.(request)
      if (fault) throw fault
      return this.#answer(request)
    },
  }

  /** As etcd's lease does after an hour. */
  expire(): void {
    this.events.clear()
  }

  list(): readonly StoredEvent[] {
    return [...this.events.values()]
  }

  #answer({ method, path, body, contentType }: ApiRequest): unknown {
    if (method === 'GET') return this.#listOfOne(path)
    if (method === 'POST') return this.#create(path, body as StoredEvent)
    if (contentType !== 'application/merge-patch+json') throw refused(415, 'UnsupportedMediaType')
    return this.#patch(path.slice(path.lastIndexOf('/') + 1), body as Partial<StoredEvent>)
  }

  #listOfOne(path: string): unknown {
    const [, namespace = '', name = ''] =
      /namespaces\/([^/]+)\/\w+\?fieldSelector=metadata.name%3D([^&]+)/.exec(path) ?? []
    const uid = this.uids.get(`${namespace}/${name}`)
    return { items: uid === undefined ? [] : [{ metadata: { namespace, name, uid } }] }
  }

  #create(path: string, event: StoredEvent): unknown {
    const { name, namespace } = event.metadata
    if (path !== `/apis/events.k8s.io/v1/namespaces/${namespace}/events`) throw refused(400, 'BadRequest')
    if (!/^\d{4}-.*\.\d{6}Z$/.test(event.eventTime) || event.series !== undefined) throw refused(422, 'Invalid')
    if (this.events.has(name)) throw refused(409, 'AlreadyExists')
    return this.#put({ ...event, metadata: { ...event.metadata, resourceVersion: '' } })
  }

  #patch(name: string, { metadata, series, ...rest }: Partial<StoredEvent>): unknown {
    const event = this.events.get(name)
    if (event === undefined) throw refused(404, 'NotFound')
    if (Object.keys(rest).length > 0 || (series && series.count < 2)) throw refused(422, 'Invalid')
    const { resourceVersion = event.metadata.resourceVersion } = metadata ?? {}
    if (resourceVersion !== event.metadata.resourceVersion) throw refused(409, 'Conflict')
    return series === undefined ? event : this.#put({ ...event, series })
  }

  #put(event: StoredEvent): StoredEvent {
    const stored = { ...event, metadata: { ...event.metadata, resourceVersion: String(++this.#version) } }
    this.events.set(event.metadata.name, stored)
    return stored
  }
}

/** As the real client rejects. */
export const refused = (status: number, reason: string): ApiError => new ApiError(reason, { status, reason })
