import { constants } from 'node:os'
import koffi from 'koffi'
import { addressBytes, formatAddress } from '../../src/model/address.ts'
import type { Family } from '../../src/model/objects.ts'

/** socket(7) SOCK_RAW of one IP protocol. */
export interface RawSocket extends Disposable {
  /** `packet` has its IP header */
  send(packet: Buffer, to: string): void
}

export interface RawSocketOptions {
  readonly family: Family
  /** IPPROTO_… */
  readonly protocol: number
  /** hear only what was sent to this address */
  readonly address?: string
  /** `payload` without the IP header; `to`: the address it was sent to, '' where unknown (IPv6 without `address`) */
  receive(payload: Buffer, from: string, to: string): void
}

const AF = { IPv4: 2, IPv6: 10 } as const
const SOCK_RAW = 3
const SOCK_CLOEXEC = 0o2000000
const MSG_DONTWAIT = 0x40
const LEVEL = { IPv4: 0, IPv6: 41 } as const
const HEADER_INCLUDED = { IPv4: 3, IPv6: 36 } as const // IP_HDRINCL, IPV6_HDRINCL

const libc = koffi.load(null)
const socket = libc.func('int socket(int, int, int)')
const bind = libc.func('int bind(int, const void *, uint32_t)')
const close = libc.func('int close(int)')
const setsockopt = libc.func('int setsockopt(int, int, int, const void *, uint32_t)')
const sendto = libc.func('long sendto(int, const void *, size_t, int, const void *, uint32_t)')
const recvfrom = libc.func('long recvfrom(int, void *, size_t, int, void *, void *)')

export const openRawSocket = ({ family, protocol, address, receive }: RawSocketOptions): RawSocket => {
  const fd = must(socket(AF[family], SOCK_RAW | SOCK_CLOEXEC, protocol), 'socket')
  const one = Buffer.from([1, 0, 0, 0])
  must(setsockopt(fd, LEVEL[family], HEADER_INCLUDED[family], one, 4), 'setsockopt')
  if (address !== undefined) must(bind(fd, sockaddr(address), sockaddr(address).length), `bind ${address}`)
  const reader = reading(fd, family, (payload, from, to) => receive(payload, from, to || (address ?? '')))
  return {
    send(packet, to) {
      must(sendto(fd, packet, packet.length, 0, sockaddr(to), sockaddr(to).length), `sendto ${to}`)
    },
    [Symbol.dispose]() {
      reader.close()
      close(fd)
    },
  }
}

const reading = (fd: number, family: Family, receive: RawSocketOptions['receive']): { close(): void } => {
  const buffer = Buffer.alloc(65_536)
  const source = Buffer.alloc(28)
  const length = Buffer.alloc(4)
  return koffi.node.poll(fd, { readable: true }, () => {
    for (;;) {
      length.writeUInt32LE(source.length)
      const size = recvfrom(fd, buffer, buffer.length, MSG_DONTWAIT, source, length) as number
      if (size < 0) return
      const packet = Buffer.from(buffer.subarray(0, size))
      if (family === 'IPv6') receive(packet, formatAddress(source.toString('latin1', 8, 24)), '')
      else receive(packet.subarray(ipv4HeaderLength(packet)), ipv4At(packet, 12), ipv4At(packet, 16))
    }
  })
}

export const ipv4HeaderLength = (packet: Buffer): number => ((packet[0] ?? 0) & 0x0f) * 4

const ipv4At = (packet: Buffer, offset: number): string => formatAddress(packet.toString('latin1', offset, offset + 4))

/** struct sockaddr_in, sockaddr_in6; the port of a raw socket is 0 */
const sockaddr = (address: string): Buffer => {
  const bytes = Buffer.from(addressBytes(address), 'latin1')
  const name = Buffer.alloc(bytes.length === 4 ? 16 : 28)
  name.writeUInt16LE(bytes.length === 4 ? AF.IPv4 : AF.IPv6, 0)
  bytes.copy(name, bytes.length === 4 ? 4 : 8)
  return name
}

const must = (result: number, operation: string): number => {
  if (result < 0) {
    const errno = koffi.errno()
    const code = Object.entries(constants.errno).find(([, value]) => value === errno)?.[0] ?? String(errno)
    throw Object.assign(new Error(`${operation}: ${code}`), { code })
  }
  return result
}
