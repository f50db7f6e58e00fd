import type { Message } from '../netlink/messages.ts'
import { Attributes, type Fault } from '../netlink/reader.ts'
import type { Request } from '../netlink/requests.ts'
import { NFGENMSG, NFNL_SUBSYS_CTNETLINK, NFPROTO_IPV4, NFPROTO_IPV6 } from '../netlink/wire.ts'
import type { MessageWriter } from '../netlink/writer.ts'
import type { Flow } from './flow.ts'
import type { FlowSelection } from './selection.ts'
import {
  filterAttribute,
  filterFlag,
  flowAttribute,
  IPCTNL_MSG_CT_DELETE,
  IPCTNL_MSG_CT_GET,
  IPCTNL_MSG_CT_NEW,
  ipAttribute,
  protocolAttribute,
  statusBit,
  tupleAttribute,
} from './wire.ts'

/** One direction of a flow; addresses are bytes. */
export interface Tuple {
  source: string
  sourcePort: number
  destination: string
  destinationPort: number
  protocol: number
}

/** Flows of one family that the selection wants, `most` at most; the kernel filters what it can, `wants` the rest. */
export function listFlows(selection: FlowSelection, most = Infinity): Request<Flow> {
  return {
    operation: 'conntrack list',
    object: selection.family === 'IPv4' ? 'ipv4' : 'ipv6',
    write(writer, flags, sequence) {
      const type = (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_GET
      writer.beginNetfilter(type, flags, sequence, familyNumber(selection))
      writeFilter(writer, selection)
      writer.end()
    },
    decode(message, fault, into) {
      if (message.type !== ((NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_NEW)) return
      if (into.length >= most) return
      const flow = readFlow(message, fault)
      if (flow !== null && selection.wants(flow)) into.push(flow)
    },
  }
}

const familyNumber = ({ family }: FlowSelection): number => (family === 'IPv4' ? NFPROTO_IPV4 : NFPROTO_IPV6)

/** What all filters of the selection have in common. */
function writeFilter(writer: MessageWriter, { family, common }: FlowSelection): void {
  let flags = 0
  if (common.unanswered) {
    writer.u32be(flowAttribute.status, 0)
    writer.u32be(flowAttribute.statusMask, statusBit.seenReply | statusBit.destinationNat)
  }
  if (common.protocol !== null) {
    const tuple = writer.open(flowAttribute.original)
    // Not for IPv6: there the kernel's comparison is upside down (ctnetlink_filter_match_tuple, found on 6.18) and leaves out what is equal.
    if (common.address !== null && family === 'IPv4') {
      flags |= filterFlag.destinationAddress
      const ip = writer.open(tupleAttribute.ip)
      writer.raw(ipAttribute.v4Destination, common.address)
      writer.close(ip)
    }
    flags |= filterFlag.protocol
    const protocol = writer.open(tupleAttribute.protocol)
    writer.u8(protocolAttribute.number, common.protocol)
    if (common.port !== null) {
      flags |= filterFlag.destinationPort
      writer.u16be(protocolAttribute.destinationPort, common.port)
    }
    writer.close(protocol)
    writer.close(tuple)
    const filter = writer.open(flowAttribute.filter)
    writer.u32le(filterAttribute.originalFlags, flags)
    writer.u32le(filterAttribute.replyFlags, 0)
    writer.close(filter)
  }
}

/** Deletes exactly this flow: by its tuple, and by its id so that a new one with the same tuple stays. */
export function writeDeletion(
  writer: MessageWriter,
  selection: FlowSelection,
  flow: Flow,
  flags: number,
  sequence: number,
): void {
  writer.beginNetfilter((NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_DELETE, flags, sequence, familyNumber(selection))
  const tuple = writer.open(flowAttribute.original)
  writer.append(flow.tuple)
  writer.close(tuple)
  if (flow.zone !== '') writer.raw(flowAttribute.zone, flow.zone)
  if (flow.id !== '') writer.raw(flowAttribute.id, flow.id)
  writer.end()
}

function readFlow(message: Message, fault: Fault): Flow | null {
  const attributes = new Attributes(message.bytes, Math.min(message.start + NFGENMSG, message.end), message.end, fault)
  let original: Tuple | null = null
  let reply: Tuple | null = null
  let tuple = ''
  let id = ''
  let zone = ''
  let status = 0
  while (attributes.next()) {
    switch (attributes.type) {
      case flowAttribute.original:
        tuple = attributes.raw()
        original = readTuple(attributes.nested())
        break
      case flowAttribute.reply:
        reply = readTuple(attributes.nested())
        break
      case flowAttribute.status:
        status = attributes.u32be()
        break
      case flowAttribute.id:
        id = attributes.raw()
        break
      case flowAttribute.zone:
        zone = attributes.raw()
        break
    }
  }
  if (original === null || reply === null) return null
  return {
    protocol: original.protocol,
    destination: original.destination,
    destinationPort: original.destinationPort,
    answerer: reply.source,
    answererPort: reply.sourcePort,
    answered: (status & statusBit.seenReply) !== 0,
    tuple,
    id,
    zone,
  }
}

export function readTuple(attributes: Attributes): Tuple {
  const tuple: Tuple = { source: '', sourcePort: 0, destination: '', destinationPort: 0, protocol: 0 }
  while (attributes.next()) {
    if (attributes.type === tupleAttribute.ip) readAddresses(attributes.nested(), tuple)
    else if (attributes.type === tupleAttribute.protocol) readProtocol(attributes.nested(), tuple)
  }
  return tuple
}

function readAddresses(attributes: Attributes, tuple: Tuple): void {
  while (attributes.next()) {
    switch (attributes.type) {
      case ipAttribute.v4Source:
      case ipAttribute.v6Source:
        tuple.source = attributes.raw()
        break
      case ipAttribute.v4Destination:
      case ipAttribute.v6Destination:
        tuple.destination = attributes.raw()
        break
    }
  }
}

function readProtocol(attributes: Attributes, tuple: Tuple): void {
  while (attributes.next()) {
    switch (attributes.type) {
      case protocolAttribute.number:
        tuple.protocol = attributes.u8()
        break
      case protocolAttribute.sourcePort:
        tuple.sourcePort = attributes.u16be()
        break
      case protocolAttribute.destinationPort:
        tuple.destinationPort = attributes.u16be()
        break
    }
  }
}
