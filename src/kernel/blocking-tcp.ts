import { constants } from 'node:os'
import koffi from 'koffi'
import { addressBytes, familyOf, formatAddress } from '../model/address.ts'

/**
 * TCP by plain system calls, one at a time: over loopback the handshake is done when connect(2) returns, so its
 * duration is the connection's cost to the microsecond, without an event loop in it.
 */
export interface BlockingServer extends Disposable {
  /** ms from connect(2) to its return; the connection is accepted and reset at once, so that nothing of it stays */
  connect(from: string, to: string, port: number): number
  /** the address at which the connection arrived, i.e. the backend; null: refused, as where no rule and no listener is */
  reach(from: string, to: string, port: number): string | null
}

const AF_INET = 2
const AF_INET6 = 10
const SOCK_STREAM = 1
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SO_LINGER = 13
const IPPROTO_IPV6 = 41
const IPV6_V6ONLY = 26

const libc = koffi.load(null)
const socket = libc.func('int socket(int, int, int)')
const bind = libc.func('int bind(int, const void *, uint32_t)')
const listen = libc.func('int listen(int, int)')
const accept = libc.func('int accept(int, void *, void *)')
const connect = libc.func('int connect(int, const void *, uint32_t)')
const getsockname = libc.func('int getsockname(int, void *, void *)')
const close = libc.func('int close(int)')
const setsockopt = libc.func('int setsockopt(int, int, int, const void *, uint32_t)')

/** For the address' own family, `::` included. Throws what the kernel says, by the name of its errno. */
export const listenBlocking = (address: string, port: number): BlockingServer => {
  const own = sockaddr(address, port)
  const family = own.readUInt16LE(0)
  const server = must(socket(family, SOCK_STREAM, 0), 'socket')
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, Buffer.from([1, 0, 0, 0]), 4)
  if (family === AF_INET6) setsockopt(server, IPPROTO_IPV6, IPV6_V6ONLY, Buffer.from([1, 0, 0, 0]), 4)
  must(bind(server, own, own.length), `bind ${address}:${port}`)
  must(listen(server, 16), 'listen')
  const openClient = (from: string): number => {
    const client = must(socket(family, SOCK_STREAM, 0), 'socket')
    // struct linger {1, 0}: close sends a reset, so no TIME_WAIT
    must(setsockopt(client, SOL_SOCKET, SO_LINGER, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]), 8), 'setsockopt')
    must(bind(client, sockaddr(from, 0), own.length), `bind ${from}`)
    return client
  }
  return {
    connect(from, to, port) {
      const client = openClient(from)
      const name = sockaddr(to, port)
      const started = performance.now()
      const result = connect(client, name, name.length) as number
      const ms = performance.now() - started
      must(result, `connect ${to}:${port}`)
      const accepted = must(accept(server, null, null), 'accept')
      close(client)
      close(accepted)
      return ms
    },
    reach(from, to, port) {
      const client = openClient(from)
      try {
        if (connect(client, sockaddr(to, port), own.length) < 0 && koffi.errno() === constants.errno.ECONNREFUSED)
          return null
        const accepted = must(accept(server, null, null), `accept for ${to}:${port}`)
        const name = Buffer.alloc(own.length)
        must(getsockname(accepted, name, Buffer.from([own.length, 0, 0, 0])), 'getsockname')
        close(accepted)
        const bytes = family === AF_INET ? name.subarray(4, 8) : name.subarray(8, 24)
        return formatAddress(bytes.toString('latin1'))
      } finally {
        close(client)
      }
    },
    [Symbol.dispose]: () => void close(server),
  }
}

/** struct sockaddr_in: family, port, address, padding; sockaddr_in6: family, port, flow, address, scope. */
const sockaddr = (address: string, port: number): Buffer => {
  const isIPv6 = familyOf(address) === 'IPv6'
  const name = Buffer.alloc(isIPv6 ? 28 : 16)
  name.writeUInt16LE(isIPv6 ? AF_INET6 : AF_INET, 0)
  name.writeUInt16BE(port, 2)
  name.write(addressBytes(address), isIPv6 ? 8 : 4, 'latin1')
  return name
}

const must = (result: number, operation: string): number => {
  if (result >= 0) return result
  const errno = koffi.errno()
  const code = Object.entries(constants.errno).find(([, value]) => value === errno)?.[0] ?? String(errno)
  throw new Error(`${operation}: ${code}`)
}
