import { KernelError } from '../errors.ts'
import { eachMessage, type Message } from './messages.ts'
import { Fault } from './reader.ts'

/** Where events come from: a socket that has joined a group, or a test. */
export interface EventTransport extends Disposable {
  join(group: number): void
  leave(group: number): void
  /** null: nothing more for now. Throws KernelError, ENOBUFS where the socket was full */
  receive(operation: string): Buffer | null
  whenReadable(run: () => void): void
}

export interface EventReader {
  message(message: Message, fault: Fault): void
  /** something may have been missed */
  lose(what: string): void
}

/** Datagrams (at most 4 KiB each) read before the event loop gets a turn; libuv's poll calls again while more wait. */
const DATAGRAMS_PER_TURN = 256

/** Takes what has come. Throws nothing of the kernel's: what it could not give is lost, by its name. */
export const readEvents = (transport: EventTransport, operation: string, reader: EventReader): void => {
  const fault = new Fault()
  for (let count = 0; count < DATAGRAMS_PER_TURN; count++) {
    try {
      const datagram = transport.receive(operation)
      if (datagram === null) break
      eachMessage(datagram, fault, (message) => reader.message(message, fault))
    } catch (error) {
      if (!(error instanceof KernelError)) throw error
      reader.lose(error.errno === 'ENOBUFS' ? 'events came faster than they were read' : error.message)
      if (error.errno !== 'ENOBUFS') break
    }
  }
  if (fault.text !== '') reader.lose(`event not understood: ${fault.text}`)
}
