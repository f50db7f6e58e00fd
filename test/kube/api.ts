import { Agent, type RequestOptions, request } from 'node:https'

/** An object of the API, as far as tests read it. */
export interface KubeObject {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid?: string
    readonly resourceVersion?: string
    readonly deletionTimestamp?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec?: Readonly<Record<string, unknown>>
  readonly status?: Readonly<Record<string, unknown>>
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: KubeObject
}

/** The API server's answer was no. */
export class ApiError extends Error {
  readonly status: number
  readonly body: string
  constructor(what: string, status: number, body: string) {
    super(`${what}: ${status} ${body}`)
    this.body = body
    this.name = 'ApiError'
    this.status = status
  }
}

/** A test's own client, with all rights: independent of the client that is tested. */
export interface Api extends Disposable {
  /** `path` begins with /; PATCH bodies are merge patches. Answers the parsed body. @throws ApiError */
  call<T = KubeObject>(method: string, path: string, body?: unknown): Promise<T>
  /** `withinMs` default 30,000 */
  text(path: string, withinMs?: number): Promise<string>
  /** Every event until the server ends it or `signal` aborts; a broken connection ends it too. */
  watch(path: string, onEvent: (event: WatchEvent) => void, signal: AbortSignal): Promise<void>
}

export const openApi = (url: string, ca: string, token: string): Api => {
  const agent = new Agent({ keepAlive: true, maxSockets: 64, ca })
  const optionsOf = (method: string, body = ''): RequestOptions => ({
    agent,
    method,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      // node:http frames the body of a DELETE only where it knows the length
      'content-length': Buffer.byteLength(body),
    },
  })
  const send = (method: string, path: string, body?: unknown, withinMs = 30_000): Promise<string> => {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const text = body === undefined ? '' : JSON.stringify(body)
    const sent = request(`${url}${path}`, { ...optionsOf(method, text), timeout: withinMs }, (response) => {
      let answer = ''
      response.setEncoding('utf8').on('data', (part: string) => (answer += part))
      response.on('error', reject)
      response.on('end', () => {
        const status = response.statusCode ?? 0
        if (status >= 200 && status < 300) resolve(answer)
        else reject(new ApiError(`${method} ${path}`, status, answer))
      })
    })
    sent
      .on('error', reject)
      .on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer in ${withinMs} ms`)))
    sent.end(text)
    return promise
  }
  return {
    call: async <T>(method: string, path: string, body?: unknown) => JSON.parse(await send(method, path, body)) as T,
    text: (path, withinMs) => send('GET', path, undefined, withinMs),
    watch(path, onEvent, signal) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const sent = request(`${url}${path}`, { ...optionsOf('GET'), signal }, (response) => {
        let rest = ''
        response.setEncoding('utf8').on('data', (part: string) => {
          const lines = (rest + part).split('\n')
          rest = lines.pop() ?? ''
          for (const line of lines) if (line !== '') onEvent(JSON.parse(line) as WatchEvent)
        })
        response.on('error', () => resolve()).on('close', resolve)
      })
      sent.on('error', () => resolve()).end()
      return promise
    },
    [Symbol.dispose]: () => agent.destroy(),
  }
}
