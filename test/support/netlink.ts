import { errnoName } from '../../src/kernel/errno.ts'
import { KernelError } from '../../src/kernel/errors.ts'
import type { Transport } from '../../src/kernel/netlink/transport.ts'

/** A kernel that is one function: what it answers to a datagram, as datagrams; a number is an errno that `recv` fails with. */
export type Answers = (request: Buffer) => readonly (Buffer | number)[]

export const OWN_PORT = 4711

/** A netlink socket whose other side is `answers`. */
export function fakeTransport(answers: Answers): Transport & { readonly sent: readonly Buffer[] } {
  const sent: Buffer[] = []
  const queue: (Buffer | number)[] = []
  return {
    sent,
    portId: OWN_PORT,
    send(datagram) {
      const request = Buffer.from(datagram)
      sent.push(request)
      queue.push(...answers(request))
    },
    receive(operation) {
      const next = queue.shift()
      if (typeof next === 'number') throw new KernelError({ operation, errno: errnoName(next) })
      return next ?? null
    },
    [Symbol.dispose]() {},
  }
}

/** One netlink message. */
export function message(type: number, flags: number, sequence: number, payload: Buffer, portId = OWN_PORT): Buffer {
  const header = Buffer.alloc(16)
  header.writeUInt32LE(16 + payload.length, 0)
  header.writeUInt16LE(type, 4)
  header.writeUInt16LE(flags, 6)
  header.writeUInt32LE(sequence, 8)
  header.writeUInt32LE(portId, 12)
  return Buffer.concat([header, payload, Buffer.alloc(-payload.length & 3)])
}

export const sequenceOf = (request: Buffer): number => request.readUInt32LE(8)

const NLMSG_ERROR = 2
const NLMSG_DONE = 3
const CAPPED_WITH_TLVS = 0x300

/** NLMSG_ERROR for the message of `sequence`; errno 0 acknowledges. `text` and `offset` as extended ack. */
export function answer(sequence: number, errno: number, text = '', offset = 0): Buffer {
  const body = Buffer.alloc(20)
  body.writeInt32LE(-errno, 0)
  body.writeUInt32LE(sequence, 12)
  const attributes = [
    ...(text === '' ? [] : [attribute(1, Buffer.from(`${text}\0`))]),
    ...(offset === 0 ? [] : [attribute(2, le32(offset))]),
  ]
  return message(NLMSG_ERROR, CAPPED_WITH_TLVS, sequence, Buffer.concat([body, ...attributes]))
}

export const done = (sequence: number, error = 0): Buffer => message(NLMSG_DONE, 2, sequence, le32(-error))

export function attribute(type: number, value: Buffer): Buffer {
  const header = Buffer.alloc(4)
  header.writeUInt16LE(4 + value.length, 0)
  header.writeUInt16LE(type, 2)
  return Buffer.concat([header, value, Buffer.alloc(-value.length & 3)])
}

function le32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}

/** Every message of a datagram. */
export function split(datagram: Buffer): Buffer[] {
  const messages: Buffer[] = []
  for (let at = 0; at < datagram.length; ) {
    const length = datagram.readUInt32LE(at)
    messages.push(datagram.subarray(at, at + length))
    at += (length + 3) & ~3
  }
  return messages
}

/** Lines of 16 bytes with their offset, so that a failing golden shows where bytes differ. */
export const hexLines = (bytes: Uint8Array): string[] =>
  Array.from({ length: Math.ceil(bytes.length / 16) }, (_, line) => {
    const part = Buffer.from(bytes.subarray(line * 16, line * 16 + 16)).toString('hex')
    return `${(line * 16).toString(16).padStart(4, '0')}  ${part.replace(/(..)(?=.)/g, '$1 ')}`
  })
