import { formatAddress } from '../../model/address.ts'
import type { Family, Protocol } from '../../model/objects.ts'
import { Attributes } from '../netlink/reader.ts'
import type { Request } from '../netlink/requests.ts'
import { NFGENMSG, NFNL_SUBSYS_CTNETLINK, NFPROTO_IPV4, NFPROTO_IPV6 } from '../netlink/wire.ts'
import { readTuple, type Tuple } from './flows.ts'
import { flowAttribute, IPCTNL_MSG_CT_GET, IPCTNL_MSG_CT_NEW, protocolNumbers, statusBit } from './wire.ts'

/** One direction of a tracked connection, addresses canonical. */
export interface TrackedTuple {
  readonly source: string
  readonly sourcePort: number
  readonly destination: string
  readonly destinationPort: number
}

/** A connection with both its directions, as people want to see it. */
export interface TrackedConnection {
  readonly protocol: Protocol
  /** of TCP, as `conntrack -L` prints it; '' for protocols that have none */
  readonly state: string
  readonly original: TrackedTuple
  readonly reply: TrackedTuple
  readonly unreplied: boolean
  /** of both directions; missing without net.netfilter.nf_conntrack_acct */
  readonly bytes?: number
  /** seconds since the epoch; missing without net.netfilter.nf_conntrack_timestamp */
  readonly openedAt?: number
}

/** CTA_PROTOINFO_TCP_STATE: enum tcp_conntrack */
const tcpStates = [
  'NONE',
  'SYN_SENT',
  'SYN_RECV',
  'ESTABLISHED',
  'FIN_WAIT',
  'CLOSE_WAIT',
  'LAST_ACK',
  'TIME_WAIT',
  'CLOSE',
  'SYN_SENT2',
] as const

const protocolOf = new Map<number, Protocol>(
  Object.entries(protocolNumbers).map(([name, number]) => [number, name as Protocol]),
)

/** Every connection of one family and of the protocols that Services have. */
export const listTracked = (family: Family): Request<TrackedConnection> => ({
  operation: 'conntrack list',
  object: family === 'IPv4' ? 'ipv4' : 'ipv6',
  write(writer, flags, sequence) {
    const type = (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_GET
    writer.beginNetfilter(type, flags, sequence, family === 'IPv4' ? NFPROTO_IPV4 : NFPROTO_IPV6)
    writer.end()
  },
  decode(message, fault, into) {
    if (message.type !== ((NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_NEW)) return
    const start = Math.min(message.start + NFGENMSG, message.end)
    const connection = readConnection(new Attributes(message.bytes, start, message.end, fault))
    if (connection !== null) into.push(connection)
  },
})

interface Draft {
  original: Tuple | null
  reply: Tuple | null
  status: number
  state: number
  bytes: number | undefined
  openedAt: number | undefined
}

const readConnection = (attributes: Attributes): TrackedConnection | null => {
  const draft: Draft = { original: null, reply: null, status: 0, state: 0, bytes: undefined, openedAt: undefined }
  while (attributes.next()) readAttribute(attributes, draft)
  const { original, reply, status, state, bytes, openedAt } = draft
  const protocol = protocolOf.get(original?.protocol ?? 0)
  if (original === null || reply === null || protocol === undefined) return null
  return {
    protocol,
    state: protocol === 'TCP' ? (tcpStates[state] ?? '') : '',
    original: printed(original),
    reply: printed(reply),
    unreplied: (status & statusBit.seenReply) === 0,
    ...(bytes === undefined ? {} : { bytes }),
    ...(openedAt === undefined ? {} : { openedAt }),
  }
}

const readAttribute = (attributes: Attributes, draft: Draft): void => {
  switch (attributes.type) {
    case flowAttribute.original:
      draft.original = readTuple(attributes.nested())
      break
    case flowAttribute.reply:
      draft.reply = readTuple(attributes.nested())
      break
    case flowAttribute.status:
      draft.status = attributes.u32be()
      break
    case flowAttribute.protocolInfo:
      draft.state = stateOf(attributes.nested())
      break
    case flowAttribute.countersOriginal:
    case flowAttribute.countersReply:
      draft.bytes = (draft.bytes ?? 0) + numberAt(attributes.nested(), COUNTERS_BYTES)
      break
    case flowAttribute.timestamp:
      draft.openedAt = numberAt(attributes.nested(), TIMESTAMP_START) / 1e9
      break
  }
}

const COUNTERS_BYTES = 2
const TIMESTAMP_START = 1
const PROTOINFO_TCP = 1
const TCP_STATE = 1

const stateOf = (attributes: Attributes): number => {
  while (attributes.next()) {
    if (attributes.type !== PROTOINFO_TCP) continue
    const tcp = attributes.nested()
    while (tcp.next()) if (tcp.type === TCP_STATE) return tcp.u8()
  }
  return 0
}

const numberAt = (attributes: Attributes, type: number): number => {
  let found = 0
  while (attributes.next()) if (attributes.type === type) found = attributes.u64be()
  return found
}

const printed = ({ source, sourcePort, destination, destinationPort }: Tuple): TrackedTuple => ({
  source: formatAddress(source),
  sourcePort,
  destination: formatAddress(destination),
  destinationPort,
})
