import http, { type ClientRequest, type IncomingMessage } from 'node:http'
import https from 'node:https'
import { type AccessOptions, findAccess } from './access.ts'
import { type Door, type Entrance, openDoor } from './door.ts'
import { ApiError } from './errors.ts'
import { answerError, connectionError, contentError, type Place } from './explain.ts'

export type ClientOptions = AccessOptions

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  /** path and query, e.g. `/apis/events.k8s.io/v1/namespaces/shop/events` */
  readonly path: string
  /** what errors call it; default method and path */
  readonly what?: string
  /** sent as JSON */
  readonly body?: unknown
  /** of the body, default `application/json`; a PATCH needs its own */
  readonly contentType?: string
  readonly signal?: AbortSignal | undefined
  /** until the head of the answer is there (`json`: all of it), in ms; default 30,000 */
  readonly timeoutMs?: number
}

/** An answer of 2xx in JSON, whose body is still to be read or destroyed. */
export interface ApiAnswer {
  readonly status: number
  readonly body: IncomingMessage
}

/** An API server and the right to ask it. */
export interface ApiClient extends Disposable {
  /** `https://10.96.0.1:443` */
  readonly server: string
  /** where server and credentials are from, e.g. `/etc/kubernetes/proxy.conf` */
  readonly where: string
  /** Rejects with an ApiError for every answer but 2xx and where none comes. After a 401 credentials are read anew, once. */
  request(request: ApiRequest): Promise<ApiAnswer>
  /** `request` with the body (16 MiB at most) read and parsed; null where it is empty. */
  json(request: ApiRequest): Promise<unknown>
}

/**
 * Rejects with a KubeconfigError for what no waiting heals: no kubeconfig, a broken one, files missing that it names. The server is
 * not asked yet.
 */
export const connect = async (options: ClientOptions): Promise<ApiClient> => {
  const access = await findAccess(options)
  const door = await openDoor(access)
  const server = access.cluster.server.replace(/\/+$/, '')
  const ask = (request: ApiRequest): Promise<ApiAnswer> => askServer(door, { server, where: access.where }, request)
  return {
    server,
    where: access.where,
    request: ask,
    json: async (request) => {
      const { body } = await ask(request)
      return readJson(body, request, { server, where: access.where, what: nameOf(request) })
    },
    [Symbol.dispose]: () => door[Symbol.dispose](),
  }
}

const nameOf = ({ what, method, path }: ApiRequest): string => what ?? `${method} ${path.split('?')[0]}`

const askServer = async (door: Door, from: Omit<Place, 'what'>, request: ApiRequest): Promise<ApiAnswer> => {
  const place = { ...from, what: nameOf(request) }
  let entrance = await door.enter(null)
  let answer = await send(request, entrance, place)
  if (answer.statusCode === 401) {
    answer.resume()
    entrance = await door.enter(entrance)
    answer = await send(request, entrance, place)
  }
  const { statusCode: status = 0, headers } = answer
  if (status < 200 || status > 299) {
    const body = await readText(answer, refusalLimit).catch(() => '')
    throw answerError({ status, retryAfter: headers['retry-after'], body }, place)
  }
  const type = headers['content-type'] ?? ''
  if (status !== 204 && !type.startsWith('application/json')) {
    answer.destroy()
    throw contentError(type, place)
  }
  return { status, body: answer }
}

const refusalLimit = 64 << 10
const jsonLimit = 16 << 20

/** ms that a connection, TLS included, may take to be made */
const connectTime = 10_000
/** ms until the first TCP keep-alive probe of a silent connection; ten more follow, a second apart, before it is given up. */
const keepAliveDelay = 15_000

/** Resolves with the head of the answer, whatever its status. */
const send = async (request: ApiRequest, entrance: Entrance, place: Place): Promise<IncomingMessage> => {
  try {
    return await attempt(request, entrance, place)
  } catch (error) {
    if (error instanceof Reused) return attempt(request, entrance, place)
    throw error
  }
}

/** A pooled connection had been closed by the server before it could hear the request. */
class Reused extends Error {}

const attempt = (request: ApiRequest, { headers, agent }: Entrance, place: Place): Promise<IncomingMessage> => {
  const { method, path, body, contentType = 'application/json', signal, timeoutMs = 30_000 } = request
  const text = body === undefined ? undefined : JSON.stringify(body)
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const secure = place.server.startsWith('https:')
  const sent = (secure ? https : http).request(place.server + path, {
    method,
    agent,
    headers: {
      ...headers,
      accept: 'application/json',
      'user-agent': 'evenkeel',
      ...(text === undefined ? {} : { 'content-type': contentType, 'content-length': Buffer.byteLength(text) }),
    },
    ...(signal === undefined ? {} : { signal }),
  })
  const timer = setTimeout(() => sent.destroy(silence(timeoutMs, place)), timeoutMs)
  const connecting = setTimeout(() => sent.destroy(silence(connectTime, place)), connectTime)
  sent.on('socket', (socket) => {
    socket.setKeepAlive(true, keepAliveDelay)
    if (sent.reusedSocket) clearTimeout(connecting)
    else socket.once(secure ? 'secureConnect' : 'connect', () => clearTimeout(connecting))
  })
  sent.on('response', resolve)
  sent.on('error', (error) => reject(failureOf(error, sent, request, place)))
  sent.end(text)
  return promise.finally(() => {
    clearTimeout(timer)
    clearTimeout(connecting)
  })
}

const failureOf = (error: Error, sent: ClientRequest, { method, signal }: ApiRequest, place: Place): Error => {
  if (error instanceof ApiError || signal?.aborted) return error
  if (sent.reusedSocket && method === 'GET' && 'code' in error && error.code === 'ECONNRESET') return new Reused()
  return connectionError(error, place)
}

const silence = (ms: number, { server, what }: Place): ApiError =>
  new ApiError(
    `the API server ${server} does not answer within ${ms / 1000} s (${what}): it is overloaded, or packets are dropped on the way`,
    { reason: 'Timeout' },
  )

const readJson = async (body: IncomingMessage, { timeoutMs = 30_000 }: ApiRequest, place: Place): Promise<unknown> => {
  const timer = setTimeout(() => body.destroy(silence(timeoutMs, place)), timeoutMs)
  try {
    const text = await readText(body, jsonLimit)
    return text === '' ? null : JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) throw new ApiError(`${place.server} answers in broken JSON (${place.what})`)
    throw error instanceof ApiError ? error : connectionError(error as Error, place)
  } finally {
    clearTimeout(timer)
  }
}

const readText = async (body: IncomingMessage, limit: number): Promise<string> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limit) throw new ApiError(`an answer of more than ${limit >> 10} KiB`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
