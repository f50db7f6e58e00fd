import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { gzip } from 'node:zlib'
import { promisify } from 'node:util'

/** What is sent back; `Content-Length` and, where it was asked for, gzip come by themselves. */
export interface Reply {
  readonly status: number
  readonly type: string
  readonly body: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
}

/** Answers one request, by its path (without the query). Its failures become a 500. */
export type Handler = (path: string, request: IncomingMessage) => Reply | Promise<Reply>

export interface Limits {
  /** connections at once, default 64: beyond, the one that has been idle longest is closed, so that new ones are always heard */
  readonly connections?: number
  /** ms for a request to arrive and for an answer to be taken, default 10,000 and 30,000 */
  readonly requestMs?: number
  readonly answerMs?: number
}

/** A request's headers, all together, bytes */
const MAX_HEADERS = 8_192
/** bodies from here on are compressed for who asks, bytes */
const COMPRESS_FROM = 4_096
const compress = promisify(gzip)

/** A server for probes and scrapers, which nobody can hold up: neither slowly, nor by many connections, nor by what is sent. Not yet listening. */
export const httpServer = (handler: Handler, limits: Limits = {}): Server => {
  const { connections = 64, requestMs = 10_000, answerMs = 30_000 } = limits
  const open = new Set<Socket>()
  const busy = new Set<Socket>()
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADERS,
      headersTimeout: requestMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: Math.min(requestMs, 5_000),
      keepAliveTimeout: requestMs,
    },
    (request, response) => {
      const { socket } = request
      // by which preflight tells us from a kube-proxy
      response.setHeader('Server', 'evenkeel')
      const cut = setTimeout(() => socket.destroy(), answerMs).unref()
      busy.add(socket)
      response.on('close', () => {
        clearTimeout(cut)
        busy.delete(socket)
      })
      void answer(handler, request, response)
    },
  )
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    if (open.size > connections) longestIdle(open, busy)?.destroy()
  })
  return server
}

/** A handler that knows exact paths; the others get what Go's ServeMux says. */
export const routes = (table: Readonly<Record<string, Handler>>): Handler => {
  const known = new Map(Object.entries(table))
  return (path, request) => known.get(path)?.(path, request) ?? notFound
}

export const plainText = (body: string, status = 200): Reply => ({
  status,
  type: 'text/plain; charset=utf-8',
  body,
  headers: { 'X-Content-Type-Options': 'nosniff' },
})

const notFound: Reply = plainText('404 page not found\n', 404)

const longestIdle = (open: ReadonlySet<Socket>, busy: ReadonlySet<Socket>): Socket | undefined => {
  for (const socket of open) if (!busy.has(socket)) return socket
  const [oldest] = open
  return oldest
}

const answer = async (handler: Handler, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const reply = await replyTo(handler, request)
  if (response.destroyed) return
  const compressed = await compressedFor(request, reply.body)
  const body = compressed ?? reply.body
  response.writeHead(reply.status, {
    'Content-Type': reply.type,
    'Content-Length': Buffer.byteLength(body),
    ...(compressed ? { 'Content-Encoding': 'gzip' } : {}),
    ...reply.headers,
  })
  response.end(body)
}

const replyTo = async (handler: Handler, request: IncomingMessage): Promise<Reply> => {
  try {
    const [path = '/'] = (request.url ?? '/').split('?', 1)
    return await handler(path, request)
  } catch (error) {
    return plainText(`${error instanceof Error ? error.message : String(error)}\n`, 500)
  }
}

const compressedFor = async ({ headers }: IncomingMessage, body: string | Buffer): Promise<Buffer | null> => {
  const accepted = headers['accept-encoding']
  if (body.length < COMPRESS_FROM || typeof accepted !== 'string' || !/\bgzip\b(?!;q=0(\.0*)?(,|$))/.test(accepted))
    return null
  return compress(body)
}
