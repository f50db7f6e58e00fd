import { createSocket } from 'node:dgram'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { serveJsonLines } from './json-lines.ts'
import { mostPeers, type PodAnswer, type PodBehaviour, type PodCounts, type PodServerConfig } from './pod-protocol.ts'

/**
 * The server in a pod, a process of its own. A line is answered by a line of JSON (an HTTP request by HTTP), a datagram by a
 * datagram: who I am, and from where you seem to come. It counts what it accepts, and tells on stdin and stdout.
 */
const config = JSON.parse(process.argv[2] ?? '{}') as PodServerConfig

let connections = 0
let requests = 0
const open = new Set<Socket>()
/** clients of a datagram port have no connection: each address and port counts once */
const datagramClients = new Set<string>()
const mostDatagramClients = 200_000

interface Port {
  readonly port: number
  connections: number
  requests: number
  open: number
  readonly peers: Record<string, number>
  known: number
  server: Server | undefined
}

const tcpPorts: readonly Port[] = config.ports
  .filter(({ protocol }) => protocol === 'TCP')
  .map(({ port }) => ({ port, connections: 0, requests: 0, open: 0, peers: {}, known: 0, server: undefined }))

let answerAfterMs: number | null = config.behaviour?.answerAfterMs === undefined ? 0 : config.behaviour.answerAfterMs

const countPeer = (port: Port, address: string): void => {
  const known = port.peers[address] !== undefined
  if (!known) port.known++
  const key = known || port.known <= mostPeers ? address : 'others'
  port.peers[key] = (port.peers[key] ?? 0) + 1
}

const plain = (address: string): string => address.replace(/^::ffff:/, '')

const answerTo = (address: string, fromPort: number, port: number): string => {
  const answer: PodAnswer = { pod: config.name, from: plain(address), fromPort, port }
  return `${JSON.stringify(answer)}\n`
}

const http = (body: string): string =>
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`

const longestLine = 16_384

/** At once, after the pod's delay, or never. */
const later = (socket: Socket, write: () => void): void => {
  if (answerAfterMs === 0) write()
  else if (answerAfterMs !== null)
    setTimeout(() => {
      if (socket.writable) write()
    }, answerAfterMs)
}

const serve = (socket: Socket, port: Port): void => {
  connections++
  port.connections++
  port.open++
  open.add(socket)
  countPeer(port, plain(socket.remoteAddress ?? ''))
  const body = answerTo(socket.remoteAddress ?? '', socket.remotePort ?? 0, port.port)
  let pending = ''
  let readingHeaders = false
  const countRequest = (): void => {
    requests++
    port.requests++
  }
  const take = (line: string): void => {
    if (readingHeaders) {
      if (line.trim() === '') later(socket, () => socket.end(http(body)))
    } else if (/^[A-Z]+ \S+ HTTP\/1\.[01]\s*$/.test(line)) {
      countRequest()
      readingHeaders = true
    } else {
      countRequest()
      later(socket, () => socket.write(body))
    }
  }
  socket.setNoDelay(true).setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    const lines = (pending + chunk).split('\n')
    pending = lines.pop() ?? ''
    lines.forEach(take)
    if (pending.length > longestLine) socket.destroy()
  })
  socket.on('error', () => socket.destroy())
  socket.on('close', () => {
    port.open--
    open.delete(socket)
  })
}

const listenTcp = (port: Port): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  port.server = createServer((socket) => serve(socket, port))
  port.server.on('error', reject).listen({ port: port.port, host: '::', backlog: 4096 }, () => resolve())
  return promise
}

const setListening = async (listening: boolean): Promise<void> => {
  for (const port of tcpPorts) {
    if (listening) await (port.server === undefined ? listenTcp(port) : undefined)
    else {
      // what is open goes on
      port.server?.close()
      port.server = undefined
    }
  }
}

const behave = async (behaviour: PodBehaviour): Promise<void> => {
  if (behaviour.answerAfterMs !== undefined) answerAfterMs = behaviour.answerAfterMs
  if (behaviour.listening !== undefined) await setListening(behaviour.listening)
}

const listenUdp = (port: number): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = createSocket('udp6')
  socket.on('error', reject)
  socket.on('message', (_, { address, port: fromPort }: AddressInfo) => {
    const client = `${address} ${fromPort} ${port}`
    if (!datagramClients.has(client)) {
      connections++
      if (datagramClients.size < mostDatagramClients) datagramClients.add(client)
    }
    requests++
    socket.send(answerTo(address, fromPort, port), fromPort, address)
  })
  socket.bind(port, '::', () => resolve())
  return promise
}

const listening = Promise.all([
  setListening(config.behaviour?.listening ?? true),
  ...config.ports.filter(({ protocol }) => protocol === 'UDP').map(({ port }) => listenUdp(port)),
])
// told to whoever asks for `ready`
listening.catch(() => {})

serveJsonLines(
  {
    ready: async () => void (await listening),
    counts: (): PodCounts => {
      const { user, system } = process.cpuUsage()
      const ports = Object.fromEntries(
        tcpPorts.map(({ port, connections, requests, open, peers }) => [port, { connections, requests, open, peers }]),
      )
      return { connections, requests, open: open.size, cpuMicros: user + system, ports }
    },
    behave,
  },
  // a kept lab goes on without the process that made it
  () => {},
)
