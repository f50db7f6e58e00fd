import { familyOf, formatAddress, formatEndpoint } from '../../src/model/address.ts'
import type { Family } from '../../src/model/objects.ts'
import { type Answer, answered, type Carrier, type Dial, isRefusedByRule, repeatedly } from './answer.ts'
import { ipv4HeaderLength, openRawSocket, type RawSocket } from './raw-socket.ts'
import { decodeSctp, encodeSctp, type SctpPacket, withIpHeader } from './sctp-packet.ts'

/**
 * SCTP without sockets: the kernel may have no sctp module. Raw packets, which conntrack and NAT treat as any other's.
 * One raw socket per address, because an IPv6 one does not tell where a packet was sent to.
 */
export const openSctp = (): Carrier & Disposable => {
  // koffi listens for the exit of the process once for each descriptor that it polls
  process.setMaxListeners(0)
  const listening = new Set<string>()
  const dialing = new Map<string, (answer: Answer) => void>()
  const sockets = new Map<string, RawSocket>()

  const socketAt = (address: string): RawSocket => {
    const open = sockets.get(address)
    if (open) return open
    const made = openRawSocket({ family: familyOf(address), protocol: SCTP, address, receive })
    sockets.set(address, made)
    return made
  }
  const receive = (payload: Buffer, from: string, to: string): void => {
    const packet = decodeSctp(payload)
    if (!packet) return
    const here = formatEndpoint(to, packet.port)
    if (packet.type === 'INIT' && listening.has(here)) introduce(socketAt(to), packet, from, to)
    if (packet.type === 'INIT ACK') dialing.get(here)?.(answered(packet.cookie, 0))
  }
  const errors = (['IPv4', 'IPv6'] as const).map((family) =>
    openErrors(family, (client) => dialing.get(client)?.({ kind: 'refused', ms: 0 })),
  )

  return {
    async serve({ address, port }) {
      socketAt(address)
      listening.add(formatEndpoint(address, port))
      return {
        async [Symbol.asyncDispose]() {
          listening.delete(formatEndpoint(address, port))
        },
      }
    },

    dial(to) {
      const started = performance.now()
      const client = formatEndpoint(to.from, to.fromPort)
      return new Promise<Answer>((resolve) => {
        const done = new AbortController()
        const finish = (answer: Answer): void => {
          done.abort()
          clearTimeout(timer)
          dialing.delete(client)
          resolve('ms' in answer ? { ...answer, ms: performance.now() - started } : answer)
        }
        const timer = setTimeout(finish, to.patienceMs, { kind: 'silent' })
        dialing.set(client, finish)
        const send = (): void => {
          try {
            socketAt(to.from).send(initFor(to), to.to)
          } catch (error) {
            if (!isRefusedByRule(error as Error)) finish({ kind: 'failed', error: (error as Error).message })
          }
        }
        repeatedly(done.signal, send)
      })
    },

    [Symbol.dispose]() {
      for (const socket of [...sockets.values(), ...errors]) socket[Symbol.dispose]()
      sockets.clear()
    },
  }
}

const SCTP = 132
const ICMP = { IPv4: 1, IPv6: 58 } as const
const UNREACHABLE = { IPv4: 3, IPv6: 1 } as const

const initFor = ({ from, fromPort, to, port }: Dial): Buffer => {
  const packet = { sourcePort: fromPort, port, verificationTag: 0, initiateTag: fromPort, cookie: '' }
  return withIpHeader(from, to, encodeSctp({ type: 'INIT', ...packet }))
}

const introduce = (socket: RawSocket, init: SctpPacket, client: string, server: string): void => {
  const introduction = { server: formatEndpoint(server, init.port), client: formatEndpoint(client, init.sourcePort) }
  const answer = encodeSctp({
    type: 'INIT ACK',
    sourcePort: init.port,
    port: init.sourcePort,
    verificationTag: init.initiateTag,
    initiateTag: 1,
    cookie: JSON.stringify(introduction),
  })
  socket.send(withIpHeader(server, client, answer), client)
}

/** Calls back with the client (`address:port`) whose packet an ICMP error of type unreachable quotes. */
const openErrors = (family: Family, refused: (client: string) => void): RawSocket =>
  openRawSocket({
    family,
    protocol: ICMP[family],
    receive(payload, _, to) {
      if (payload[0] !== UNREACHABLE[family]) return
      const quoted = payload.subarray(8)
      const ports = family === 'IPv4' ? ipv4HeaderLength(quoted) : 40
      if (quoted.length < ports + 4 || quoted[family === 'IPv4' ? 9 : 6] !== SCTP) return
      refused(formatEndpoint(to || quotedSource(quoted), quoted.readUInt16BE(ports)))
    },
  })

/** Only IPv6's are asked for: an IPv4 raw socket tells its own address. */
const quotedSource = (quoted: Buffer): string => formatAddress(quoted.toString('latin1', 8, 24))
