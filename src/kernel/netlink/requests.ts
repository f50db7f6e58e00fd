import { setImmediate, setTimeout } from 'node:timers/promises'
import { KernelError } from '../errors.ts'
import { errnoName } from '../errno.ts'
import { acknowledgement, eachMessage, type Message } from './messages.ts'
import { Fault } from './reader.ts'
import type { Transport } from './transport.ts'
import { Turns } from './turns.ts'
import { NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST, NLMSG_DONE, NLMSG_ERROR, NLMSG_OVERRUN } from './wire.ts'
import { MessageWriter } from './writer.ts'

/** How often a dump that others' changes interrupted is begun again before it is given up with EINTR. */
const DUMP_TRIES = 20
/** So many of them let the event loop go on meanwhile; the others hurry, lest our own changes interrupt them for ever. */
const PATIENT_TRIES = 3
/** Datagrams (32 KiB each) decoded before the event loop gets a turn: a few milliseconds. */
const DATAGRAMS_PER_TURN = 8

/** A datagram of commands, at most: sent in a fraction of a millisecond. */
const COMMANDS_BYTES = 32 << 10

export interface Request<T> {
  /** for errors, e.g. `nftables list rules` */
  readonly operation: string
  /** for errors, e.g. `ip evenkeel` */
  readonly object: string
  /** writes the whole message with the flags and the sequence given */
  write(writer: MessageWriter, flags: number, sequence: number): void
  /** what one message of the answer says; other messages than the expected are passed over */
  decode(message: Message, fault: Fault, into: T[]): void
  /** which state of the tables a message of a dump tells of: if it changes on the way, the dump is begun again */
  generation?(message: Message): number
  /** whether a whole answer can be true; if not, it is asked again */
  plausible?(found: readonly T[]): boolean
}

/** Questions to the kernel over one transport. Every answer is bounded: it ends, or it is a KernelError. */
export class NetlinkRequests {
  readonly #transport: Transport
  readonly #turns = new Turns()
  readonly #writer = new MessageWriter()
  #sequence = 0

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** All objects of a kind. Consistent: a dump that a change interrupted (NLM_F_DUMP_INTR) is thrown away and begun again. */
  dump<T>(request: Request<T>, signal?: AbortSignal): Promise<T[]> {
    return this.#turns.take(async () => {
      for (let tried = 1; ; tried++) {
        signal?.throwIfAborted()
        const answer = await this.#once(request, NLM_F_REQUEST | NLM_F_DUMP, tried <= PATIENT_TRIES, signal)
        if (answer !== 'interrupted') return answer
        if (tried < DUMP_TRIES) {
          await setTimeout(tried)
          continue
        }
        const detail = `changed during each of ${tried} dumps`
        throw new KernelError({ operation: request.operation, object: request.object, errno: 'EINTR', detail })
      }
    })
  }

  /** One object: the only message of the answer. */
  async ask<T>(request: Request<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted()
    const answer = await this.#turns.take(() => this.#once(request, NLM_F_REQUEST, false, signal))
    if (answer !== 'interrupted' && answer[0] !== undefined) return answer[0]
    throw failure(request, '', 'the answer holds nothing of what was asked')
  }

  /**
   * One message for each item, many in a datagram; the kernel works them off one by one and goes on after a failure.
   * @returns how many were refused, by errno; the others are done
   */
  commands<T>(
    operation: string,
    items: readonly T[],
    write: (writer: MessageWriter, item: T, flags: number, sequence: number) => void,
  ): Promise<ReadonlyMap<string, number>> {
    return this.#turns.take(async () => {
      const refused = new Map<string, number>()
      let next = 0
      while (next < items.length) {
        this.#discardOld(operation)
        this.#writer.reset()
        const first = this.#sequence + 1
        for (; next < items.length && this.#writer.length < COMMANDS_BYTES; next++)
          write(this.#writer, items[next] as T, NLM_F_REQUEST, this.#nextSequence())
        await this.#transport.send(this.#writer.written(), operation)
        this.#refusals(operation, first, refused)
        await setImmediate()
      }
      return refused
    })
  }

  /** Commands are not acknowledged, only refused. */
  #refusals(operation: string, first: number, refused: Map<string, number>): void {
    const fault = new Fault()
    for (;;) {
      const datagram = this.#receive(operation)
      if (datagram === null) break
      if (datagram === 'lost') continue
      eachMessage(datagram, fault, (message) => {
        if (message.type !== NLMSG_ERROR || message.sequence < first) return
        const { errno } = acknowledgement(message, fault)
        if (errno !== '') refused.set(errno, (refused.get(errno) ?? 0) + 1)
      })
    }
    if (fault.text !== '')
      throw new KernelError({ operation, errno: '', detail: `answer not understood: ${fault.text}` })
  }

  async #once<T>(
    request: Request<T>,
    flags: number,
    patient: boolean,
    signal?: AbortSignal,
  ): Promise<T[] | 'interrupted'> {
    const sequence = this.#nextSequence()
    this.#discardOld(request.operation)
    this.#writer.reset()
    request.write(this.#writer, flags, sequence)
    await this.#transport.send(this.#writer.written(), request.operation)

    const answer = new Answer(request, sequence, (flags & NLM_F_DUMP) !== 0)
    for (let count = 1; !answer.done; count++) {
      const datagram = this.#receive(request.operation)
      if (datagram === 'lost') return 'interrupted'
      if (datagram === null) throw failure(request, '', 'the answer ends early')
      answer.take(datagram)
      if (answer.done || !patient || count % DATAGRAMS_PER_TURN !== 0) continue
      await setImmediate()
      signal?.throwIfAborted()
    }
    const whole = !answer.interrupted && (request.plausible?.(answer.found) ?? true)
    return whole ? answer.found : 'interrupted'
  }

  /** What an answer left behind that was given up midway would be read as ours. */
  #discardOld(operation: string): void {
    while (this.#receive(operation) !== null);
  }

  #receive(operation: string): Buffer | null | 'lost' {
    try {
      return this.#transport.receive(operation)
    } catch (error) {
      if (error instanceof KernelError && error.errno === 'ENOBUFS') return 'lost'
      throw error
    }
  }

  #nextSequence(): number {
    this.#sequence = (this.#sequence + 1) >>> 0 || 1
    return this.#sequence
  }
}

/** Gathers the answer to one request, datagram by datagram. */
class Answer<T> {
  readonly found: T[] = []
  done = false
  interrupted = false
  readonly #request: Request<T>
  readonly #sequence: number
  readonly #dump: boolean
  #generation: number | null = null

  constructor(request: Request<T>, sequence: number, dump: boolean) {
    this.#request = request
    this.#sequence = sequence
    this.#dump = dump
  }

  take(datagram: Buffer): void {
    const fault = new Fault()
    eachMessage(datagram, fault, (message) => {
      if (message.sequence === this.#sequence && !this.done) this.#message(message, fault)
    })
    if (fault.text !== '') throw failure(this.#request, '', `answer not understood: ${fault.text}`)
  }

  #message(message: Message, fault: Fault): void {
    if (message.flags & NLM_F_DUMP_INTR) this.interrupted = true
    switch (message.type) {
      case NLMSG_DONE:
        return this.#finish(message)
      case NLMSG_ERROR: {
        const { errno, text } = acknowledgement(message, fault)
        if (errno === 'EINTR') this.interrupted = true
        else if (errno !== '') throw failure(this.#request, errno, text)
        this.done = true
        return
      }
      case NLMSG_OVERRUN:
        this.interrupted = true
        this.done = true
        return
    }
    const generation = this.#request.generation?.(message) ?? null
    this.#generation ??= generation
    if (this.#generation !== generation) this.interrupted = true
    this.#request.decode(message, fault, this.found)
    if (!this.#dump) this.done = true
  }

  /** A dump that failed midway says so in its last message. */
  #finish(message: Message): void {
    this.done = true
    const error = message.end - message.start >= 4 ? -message.bytes.readInt32LE(message.start) : 0
    if (error > 0 && errnoName(error) !== 'EINTR') throw failure(this.#request, errnoName(error), 'while dumping')
    if (error > 0) this.interrupted = true
  }
}

function failure<T>({ operation, object }: Request<T>, errno: string, text: string): KernelError {
  const detail = text === '' && errno === 'EPERM' ? 'needs CAP_NET_ADMIN' : text
  return new KernelError({ operation, object, errno, detail })
}
