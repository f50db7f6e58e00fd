import { formatAddress } from '../../model/address.ts'
import type { Message } from '../netlink/messages.ts'
import type { NetlinkRequests, Request } from '../netlink/requests.ts'

/** include/uapi/linux/sock_diag.h, inet_diag.h */
const SOCK_DIAG_BY_FAMILY = 20
const AF = { IPv4: 2, IPv6: 10 } as const
const IPPROTO = { TCP: 6, UDP: 17 } as const
/** a bit for each TCP state: TCP_LISTEN is 10; UDP sockets without a peer are in TCP_CLOSE, 7 */
const STATES = { TCP: 1 << 10, UDP: 1 << 7 } as const
/** struct inet_diag_req_v2 */
const REQUEST = 56
/** struct inet_diag_msg: family 0, source port 4 and address 8, inode 68 */
const ANSWER = 72

/** A socket that takes connections or datagrams from anybody. */
export interface Listener {
  readonly protocol: 'TCP' | 'UDP'
  /** canonical; 0.0.0.0 and :: are every address */
  readonly address: string
  readonly port: number
  /** of the socket, decimal, as /proc/PID/fd names it */
  readonly inode: string
}

/**
 * Who listens in this network namespace. The kernel walks its listening sockets only, where /proc/net/tcp walks every connection.
 * @throws KernelError ENOENT where the kernel lacks tcp_diag or udp_diag
 */
export const listListeners = async (requests: NetlinkRequests): Promise<readonly Listener[]> => {
  const found: Listener[] = []
  for (const protocol of ['TCP', 'UDP'] as const)
    for (const family of ['IPv4', 'IPv6'] as const) found.push(...(await requests.dump(list(protocol, family))))
  return found
}

const list = (protocol: 'TCP' | 'UDP', family: 'IPv4' | 'IPv6'): Request<Listener> => ({
  operation: 'sock_diag list',
  object: `${protocol} ${family}`,
  write(writer, flags, sequence) {
    const request = Buffer.alloc(REQUEST)
    request[0] = AF[family]
    request[1] = IPPROTO[protocol]
    request.writeUInt32LE(STATES[protocol], 4)
    writer.begin(SOCK_DIAG_BY_FAMILY, flags, sequence)
    writer.append(request.toString('latin1'))
    writer.end()
  },
  decode(message, fault, into) {
    if (message.type !== SOCK_DIAG_BY_FAMILY) return
    if (message.end - message.start < ANSWER) fault.add(`cut: socket of ${message.end - message.start} bytes`)
    else into.push(readSocket(message, protocol))
  },
})

const readSocket = ({ bytes, start }: Message, protocol: 'TCP' | 'UDP'): Listener => ({
  protocol,
  address: formatAddress(bytes.toString('latin1', start + 8, start + 8 + (bytes[start] === AF.IPv6 ? 16 : 4))),
  port: bytes.readUInt16BE(start + 4),
  inode: String(bytes.readUInt32LE(start + 68)),
})
