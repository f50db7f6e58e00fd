import koffi from 'koffi'
import { addressBytes } from '../../src/model/address.ts'
import { answerCalls } from './child-calls.ts'

/** First packets of UDP flows over IPv4, each of a source of its own, as fast as one thread sends them. */
export type FlowRequest =
  | { readonly ask: 'start'; readonly to: string; readonly port: number }
  /** answers how many were sent since the start */
  | { readonly ask: 'stop' }
  | { readonly ask: 'send'; readonly to: string; readonly port: number; readonly count: number }

export type FlowValue = number

const AF_INET = 2
const SOCK_RAW = 3
const UDP = 17
const IP_HDRINCL = 3

const libc = koffi.load(null)
const socket = libc.func('int socket(int, int, int)')
const setsockopt = libc.func('int setsockopt(int, int, int, const void *, uint32_t)')
const sendto = libc.func('long sendto(int, const void *, size_t, int, const void *, uint32_t)')

/** 10.128.128.0/17 … each with 50,000 ports: 1.6 billion flows before one comes again. */
const SOURCES = 0x0a80_8000
const PORTS = 50_000
const FIRST_PORT = 10_000

const openSender = (): ((to: string, port: number, count: number) => void) => {
  const fd = socket(AF_INET, SOCK_RAW, UDP) as number
  if (fd < 0) throw new Error(`raw socket: errno ${koffi.errno()}`)
  setsockopt(fd, 0, IP_HDRINCL, Buffer.from([1, 0, 0, 0]), 4)
  // IPv4 header (20), UDP header without checksum (8), 4 bytes of payload
  const packet = Buffer.alloc(32)
  packet.writeUInt8(0x45, 0)
  packet.writeUInt16BE(packet.length, 2)
  packet.writeUInt8(64, 8)
  packet.writeUInt8(UDP, 9)
  packet.writeUInt16BE(12, 24)
  const name = Buffer.alloc(16)
  name.writeUInt16LE(AF_INET, 0)
  let flow = 0
  return (to, port, count) => {
    packet.write(addressBytes(to), 16, 'latin1')
    packet.writeUInt16BE(port, 22)
    packet.copy(name, 4, 16, 20)
    for (let i = 0; i < count; i++, flow++) {
      packet.writeUInt32BE(SOURCES + Math.floor(flow / PORTS), 12)
      packet.writeUInt16BE(FIRST_PORT + (flow % PORTS), 20)
      sendto(fd, packet, packet.length, 0, name, 16)
    }
  }
}

const send = openSender()
let sent = 0
let running: { to: string; port: number } | null = null

const pump = (): void => {
  if (!running) return
  send(running.to, running.port, 500)
  sent += 500
  setImmediate(pump)
}

answerCalls<FlowRequest, FlowValue>(async (request) => {
  switch (request.ask) {
    case 'start':
      running = request
      sent = 0
      pump()
      return 0
    case 'stop':
      running = null
      return sent
    case 'send':
      send(request.to, request.port, request.count)
      return request.count
  }
})
