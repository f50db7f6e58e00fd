import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, createServer, request } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { KubeCluster } from './cluster.ts'
import { deliver } from './fault-delivery.ts'

/** What a request meets. Absent: nothing. */
export interface Faults {
  /** ms until it is passed on */
  readonly delay?: number
  /** the connection breaks when so many bytes of the body have passed, wherever that is */
  readonly breakAfter?: number
  /** so many bytes of the body pass each `everyMs` */
  readonly drip?: { readonly bytes: number; readonly everyMs: number }
  /** it is taken and never answered */
  readonly blackHole?: boolean
  /** it is answered by us */
  readonly answer?: { readonly status: number; readonly body: string }
}

export type RequestKind = 'list' | 'watch' | 'watch-list' | 'other'

export interface SeenRequest {
  /** ms of the monotonic clock */
  readonly at: number
  readonly method: string
  readonly kind: RequestKind
  /** as the last part of the path says for collections: services, endpointslices, … */
  readonly resource: string
  readonly url: URL
  readonly userAgent: string
}

/** Passes requests on to the API server and remembers each; speaks HTTP/1.1. */
export interface FaultProxy extends AsyncDisposable {
  readonly url: string
  /** in the order they came */
  readonly requests: readonly SeenRequest[]
  /** From now on every request is judged by this; those that are under way keep what they met, but for `hold`. */
  meet(faults: (request: SeenRequest) => Faults | undefined): void
  /** While true, no byte of any response passes, and no connection breaks: a black hole for those under way, too. */
  hold(held: boolean): void
  /** Breaks the connections of requests under way; answers how many. */
  cut(which?: (request: SeenRequest) => boolean): number
  /** Refuses connections (and breaks those that are) until `open`. */
  close(): Promise<void>
  open(): Promise<void>
}

/** Its certificate is the cluster's, for 127.0.0.1. */
export const startFaultProxy = async (cluster: KubeCluster): Promise<FaultProxy> => {
  const { certificate, key } = cluster.authority.forServer('fault-proxy', ['127.0.0.1'])
  const upstream = new Agent({ keepAlive: true, ca: cluster.ca })
  const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key), ALPNProtocols: ['http/1.1'] })
  const sockets = new Set<Socket>()
  const underWay = new Map<ServerResponse, SeenRequest>()
  const requests: SeenRequest[] = []
  const held = { now: false }
  let judge: (request: SeenRequest) => Faults | undefined = () => undefined
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
  })
  server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const seen = look(incoming, cluster.url)
    requests.push(seen)
    underWay.set(outgoing, seen)
    outgoing.on('close', () => underWay.delete(outgoing)).on('error', () => {})
    const faults = judge(seen) ?? {}
    if (faults.blackHole) return
    if (faults.answer) {
      outgoing.writeHead(faults.answer.status, { 'content-type': 'application/json' }).end(faults.answer.body)
      return
    }
    const timer = setTimeout(() => pass(incoming, outgoing, faults), faults.delay ?? 0)
    outgoing.on('close', () => clearTimeout(timer))
  })

  const pass = (incoming: IncomingMessage, outgoing: ServerResponse, faults: Faults): void => {
    const { method = 'GET', headers, url = '/' } = incoming
    const sent = request(`${cluster.url}${url}`, { agent: upstream, method, headers }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers)
      outgoing.flushHeaders()
      deliver(response, outgoing, faults, () => held.now)
    })
    sent.on('error', () => outgoing.destroy())
    outgoing.on('close', () => sent.destroy())
    incoming.pipe(sent)
  }
  const cut = (which: (request: SeenRequest) => boolean = () => true): number => {
    const broken = [...underWay].filter(([, seen]) => which(seen))
    for (const [outgoing] of broken) outgoing.destroy()
    return broken.length
  }
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  const close = async (): Promise<void> => {
    if (!server.listening) return
    server.close()
    for (const socket of sockets) socket.destroy()
    await once(server, 'close')
  }
  await listen(0)
  const { port } = server.address() as AddressInfo
  return {
    url: `https://127.0.0.1:${port}`,
    requests,
    meet: (faults) => void (judge = faults),
    hold: (value) => void (held.now = value),
    cut,
    close,
    open: () => listen(port),
    async [Symbol.asyncDispose]() {
      await close()
      upstream.destroy()
    },
  }
}

const look = ({ method = 'GET', url = '/', headers }: IncomingMessage, base: string): SeenRequest => {
  const parsed = new URL(url, base)
  const query = parsed.searchParams
  const parts = parsed.pathname.split('/').filter((part) => part !== '')
  const resource = parts.at(-1) ?? ''
  const isCollection = COLLECTIONS.has(resource)
  const isWatch = query.get('watch') === 'true' || query.get('watch') === '1'
  const kind = isWatch
    ? query.get('sendInitialEvents') === 'true'
      ? 'watch-list'
      : 'watch'
    : method === 'GET' && isCollection
      ? 'list'
      : 'other'
  return { at: performance.now(), method, kind, resource, url: parsed, userAgent: headers['user-agent'] ?? '' }
}

const COLLECTIONS: ReadonlySet<string> = new Set(['services', 'endpointslices', 'servicecidrs', 'nodes', 'pods'])
