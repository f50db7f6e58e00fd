import { once } from 'node:events'
import type { Server } from 'node:http'
import { formatEndpoint } from '../../model/address.ts'
import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'

export interface ListenAddress {
  /** '' is every address of both families; 0.0.0.0 and :: are those of one */
  readonly host: string
  /** 0: any free one */
  readonly port: number
}

export interface PersistentOptions {
  /** for messages: `healthz` */
  readonly name: string
  readonly address: ListenAddress
  /** makes a server that does not listen yet; called for each attempt */
  readonly open: () => Server
  /** a port that cannot be had is an error instead of being tried again */
  readonly hardFail: boolean
  readonly clock: Clock
  readonly log: Log
}

/** A server that takes its port as soon as it can be had. */
export interface PersistentServer extends AsyncDisposable {
  /** the port it listens on; null: it waits for it */
  readonly port: () => number | null
  /** '' or why it does not listen, with the cure */
  readonly problem: () => string
}

/** ms until a port that could not be had is tried again, as kube-proxy does */
const RETRY = 5_000

/** What `host` means to Go's `tcp`, and so to kube-proxy: 0.0.0.0 and :: are both every address of both families. */
export const goHost = (host: string): string => (host === '0.0.0.0' || host === '::' ? '' : host)

/** Throws ListenError. */
export const listen = async (server: Server, { host, port }: ListenAddress): Promise<void> => {
  // without a host Node listens on :: for both families, or on 0.0.0.0 where there is no IPv6
  server.listen(host === '' ? { port } : { host, port, ipv6Only: host === '::' })
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new ListenError({ host, port }, cause as NodeJS.ErrnoException)
  }
}

/** Ends the listening and every connection. */
export const close = async (server: Server): Promise<void> => {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeAllConnections()
  await closed
}

/** A port that cannot be had, with the reason and the cure. */
export class ListenError extends Error {
  readonly code: string

  constructor({ host, port }: ListenAddress, cause: NodeJS.ErrnoException) {
    super(`cannot listen on ${formatEndpoint(host || '0.0.0.0', port)}: ${explain(cause)}`, { cause })
    this.name = 'ListenError'
    this.code = cause.code ?? ''
  }
}

const explain = ({ code, message }: NodeJS.ErrnoException): string => {
  switch (code) {
    case 'EADDRINUSE':
      return 'another process has the port (ss -ltnp says which); stop it or choose another port'
    case 'EADDRNOTAVAIL':
      return 'the address is none of this node’s'
    case 'EACCES':
      return 'ports below net.ipv4.ip_unprivileged_port_start need CAP_NET_BIND_SERVICE'
    default:
      return message
  }
}

/** Takes the port, or goes on trying. With `hardFail` it throws ListenError instead. */
export const listenPersistently = async (options: PersistentOptions): Promise<PersistentServer> => {
  const { name, address, hardFail, clock, log } = options
  let server: Server | null = null
  let problem = ''
  let cancel: (() => void) | null = null
  let attempt: Promise<void> = Promise.resolve()
  let closed = false
  const open = async (): Promise<void> => {
    const candidate = options.open()
    try {
      await listen(candidate, address)
    } catch (error) {
      if (hardFail) throw error
      await fail(error)
      return
    }
    candidate.on('error', (error) => void fail(error))
    server = candidate
    if (problem !== '') log.info({ server: name, port: address.port }, 'the port is ours now')
    problem = ''
  }
  const fail = async (error: unknown): Promise<void> => {
    const message = error instanceof Error ? error.message : String(error)
    if (message !== problem) log.warn({ server: name, error: message, retryMs: RETRY }, 'a server does not listen')
    problem = message
    const failed = server
    server = null
    if (failed) await close(failed)
    if (closed) return
    cancel = clock.after(RETRY, () => {
      attempt = open()
    })
  }
  await open()
  return {
    port: () => portOf(server),
    problem: () => problem,
    async [Symbol.asyncDispose]() {
      closed = true
      cancel?.()
      await attempt
      cancel?.()
      if (server) await close(server)
    },
  }
}

const portOf = (server: Server | null): number | null => {
  const address = server?.address()
  return typeof address === 'object' && address !== null ? address.port : null
}
