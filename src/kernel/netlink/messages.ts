import { errnoName } from '../errno.ts'
import { Attributes, type Fault } from './reader.ts'
import { HEADER, NLM_F_ACK_TLVS, NLM_F_CAPPED, NLMSG_ERROR, NLMSGERR_ATTR_MSG, NLMSGERR_ATTR_OFFS } from './wire.ts'

/** One message of a received datagram; `bytes` is the datagram, valid until the next `receive`. */
export interface Message {
  readonly type: number
  readonly flags: number
  readonly sequence: number
  readonly portId: number
  readonly bytes: Buffer
  /** the payload behind the netlink header */
  readonly start: number
  readonly end: number
}

/** Calls back for each message of a datagram, in order. What does not add up ends the walk and is kept in `fault`. */
export function eachMessage(datagram: Buffer, fault: Fault, visit: (message: Message) => void): void {
  let at = 0
  while (at < datagram.length) {
    if (at + HEADER > datagram.length) return fault.add(`cut: ${datagram.length - at} stray bytes at ${at}`)
    const length = datagram.readUInt32LE(at)
    if (length < HEADER || at + length > datagram.length)
      return fault.add(`cut: message of ${length} bytes at ${at}, ${datagram.length - at} there`)
    visit({
      type: datagram.readUInt16LE(at + 4),
      flags: datagram.readUInt16LE(at + 6),
      sequence: datagram.readUInt32LE(at + 8),
      portId: datagram.readUInt32LE(at + 12),
      bytes: datagram,
      start: at + HEADER,
      end: at + length,
    })
    at += (length + 3) & ~3
  }
}

/** The kernel's answer to one request. errno '' = done. */
export interface Acknowledgement {
  readonly sequence: number
  readonly errno: string
  /** extended ack text, '' none */
  readonly text: string
  /** offset in the request of the attribute that was at fault, 0 = not said */
  readonly offset: number
}

/** Decodes NLMSG_ERROR (struct nlmsgerr: −errno, then the request's header, then extended ack attributes). */
export function acknowledgement(message: Message, fault: Fault): Acknowledgement {
  const { bytes, start, end, flags } = message
  if (message.type !== NLMSG_ERROR || end - start < 4 + HEADER) {
    fault.add(`cut: error message of ${end - start} bytes`)
    return { sequence: message.sequence, errno: 'EBADMSG', text: '', offset: 0 }
  }
  const error = -bytes.readInt32LE(start)
  let text = ''
  let offset = 0
  if (flags & NLM_F_ACK_TLVS) {
    const request = flags & NLM_F_CAPPED || error === 0 ? HEADER : bytes.readUInt32LE(start + 4)
    const attributes = new Attributes(bytes, start + 4 + ((request + 3) & ~3), end, fault)
    while (attributes.next()) {
      if (attributes.type === NLMSGERR_ATTR_MSG) text = attributes.string()
      if (attributes.type === NLMSGERR_ATTR_OFFS) offset = attributes.u32le()
    }
  }
  return { sequence: message.sequence, errno: error === 0 ? '' : errnoName(error), text, offset }
}
