import { createSocket } from 'node:dgram'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { serveJsonLines } from './json-lines.ts'
import type { PodAnswer, PodCounts, PodServerConfig } from './pod-protocol.ts'

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

const plain = (address: string): string => address.replace(/^::ffff:/, '')

const answerTo = (address: string, fromPort: number, port: number): string => {
  const answer: PodAnswer = { pod: config.name, from: plain(address), fromPort, port }
  return `${JSON.stringify(answer)}\n`
}

const http = (body: string): string =>
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`

const longestLine = 16_384

const serve = (socket: Socket, port: number): void => {
  connections++
  open.add(socket)
  const body = answerTo(socket.remoteAddress ?? '', socket.remotePort ?? 0, port)
  let pending = ''
  let readingHeaders = false
  const take = (line: string): void => {
    if (readingHeaders) {
      if (line.trim() === '') socket.end(http(body))
    } else if (/^[A-Z]+ \S+ HTTP\/1\.[01]\s*$/.test(line)) {
      requests++
      readingHeaders = true
    } else {
      requests++
      socket.write(body)
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
  socket.on('close', () => open.delete(socket))
}

const listenTcp = (port: number): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const server = createServer((socket) => serve(socket, port))
  server.on('error', reject).listen({ port, host: '::', backlog: 4096 }, () => resolve())
  return promise
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

const listening = Promise.all(
  config.ports.map(({ protocol, port }) => (protocol === 'UDP' ? listenUdp(port) : listenTcp(port))),
)
// told to whoever asks for `ready`
listening.catch(() => {})

serveJsonLines(
  {
    ready: async () => void (await listening),
    counts: (): PodCounts => {
      const { user, system } = process.cpuUsage()
      return { connections, requests, open: open.size, cpuMicros: user + system }
    },
  },
  // a kept lab goes on without the process that made it
  () => {},
)
