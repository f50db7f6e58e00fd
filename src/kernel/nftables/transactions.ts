import { KernelError } from '../errors.ts'
import { type Acknowledgement, acknowledgement, eachMessage, type Message } from '../netlink/messages.ts'
import { Fault } from '../netlink/reader.ts'
import type { Transport } from '../netlink/transport.ts'
import { Turns } from '../netlink/turns.ts'
import { NFNL_SUBSYS_NFTABLES, NLMSG_ERROR } from '../netlink/wire.ts'
import { MessageWriter } from '../netlink/writer.ts'
import { type Batch, encodeBatch, estimateBatch } from './batch.ts'
import { type DumpedElement, readElements } from './elements.ts'
import { batchFailure, encodingFailure } from './failure.ts'
import { attributesOf, familyOf } from './objects.ts'
import type { NftOperation, NftTransactionResult } from './types.ts'
import { elementListAttribute, NFT_MSG_DELSETELEM } from './wire.ts'

const OPERATION = 'nftables transaction'
/** Larger batches have a buffer of their own, given back at once. */
const KEEP_BUFFER = 1 << 20
const SEQUENCE_MAX = 0x7fffffff

const DELETION = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_DELSETELEM

type Deleted = NftTransactionResult['deleted'][number]

export interface RunOptions {
  readonly signal?: AbortSignal | undefined
  /** nothing is sent before this has succeeded, and nothing at all when it fails */
  readonly after?: Promise<unknown>
}

interface Encoded {
  readonly batch: Batch
  readonly encodeMs: number
}

/** Batches over one socket, one after another. */
export class Transactions {
  readonly #transport: Transport
  readonly #turns = new Turns()
  readonly #writer = new MessageWriter()
  #sequence = 1

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** A large batch is encoded at once, while the kernel may still be at work on the one before. */
  async run(operations: readonly NftOperation[], options: RunOptions = {}): Promise<NftTransactionResult> {
    options.signal?.throwIfAborted()
    const size = estimateBatch(operations)
    if (size <= KEEP_BUFFER) return this.#take(() => this.#encode(operations, this.#writer), options)
    const writer = new MessageWriter(size)
    try {
      const encoded = this.#encode(operations, writer)
      return await this.#take(() => encoded, options)
    } finally {
      writer.release()
    }
  }

  #take(encoded: () => Encoded, { after, signal }: RunOptions): Promise<NftTransactionResult> {
    return this.#turns.take(async () => {
      if (after) await after
      return this.#send(encoded(), signal)
    })
  }

  async #send({ batch, encodeMs }: Encoded, signal?: AbortSignal): Promise<NftTransactionResult> {
    signal?.throwIfAborted()
    if (batch.messages.length === 0) return { deleted: [], sendMs: 0, encodeMs: 0 }
    const started = performance.now()
    this.#discardOld()
    await this.#transport.send(batch.bytes, OPERATION)
    const deleted = this.#replies(batch)
    return { deleted, sendMs: performance.now() - started, encodeMs }
  }

  #encode(operations: readonly NftOperation[], writer: MessageWriter): Encoded {
    const started = performance.now()
    if (this.#sequence > SEQUENCE_MAX) this.#sequence = 1
    try {
      const batch = encodeBatch(operations, writer, this.#sequence)
      this.#sequence = batch.lastSequence + 1
      return { batch, encodeMs: performance.now() - started }
    } catch (error) {
      throw error instanceof RangeError ? encodingFailure(error) : error
    }
  }

  /** The kernel has done all of it by now. Nothing refused and the last message acknowledged: it is in force. */
  #replies(batch: Batch): Deleted[] {
    const replies = new Replies(batch)
    for (;;) {
      const datagram = this.#receive()
      if (datagram === null) break
      if (datagram !== 'lost') replies.take(datagram)
    }
    if (replies.refused !== null) throw batchFailure(batch, replies.refused)
    if (replies.acknowledged) return replies.deleted
    const detail = replies.fault.text === '' ? 'not acknowledged' : `answer not understood: ${replies.fault.text}`
    throw new KernelError({ operation: OPERATION, errno: '', detail: `${detail}; whether it is in force is not known` })
  }

  #discardOld(): void {
    while (this.#receive() !== null);
  }

  #receive(): Buffer | null | 'lost' {
    try {
      return this.#transport.receive(OPERATION)
    } catch (error) {
      if (error instanceof KernelError && error.errno === 'ENOBUFS') return 'lost'
      throw error
    }
  }
}

/** What comes back from one batch: refusals, echoes of deletions, the acknowledgement. */
class Replies {
  readonly fault = new Fault()
  readonly deleted: Deleted[] = []
  acknowledged = false
  refused: Acknowledgement | null = null
  readonly #batch: Batch

  constructor(batch: Batch) {
    this.#batch = batch
  }

  take(datagram: Buffer): void {
    eachMessage(datagram, this.fault, (message) => {
      if (message.type === NLMSG_ERROR) this.#answer(acknowledgement(message, this.fault))
      else if (message.type === DELETION && this.#batch.echo) this.#deletion(message)
    })
  }

  #answer(answer: Acknowledgement): void {
    if (answer.sequence < this.#batch.firstSequence || answer.sequence > this.#batch.lastSequence) return
    if (answer.errno === '') this.acknowledged = true
    else this.refused ??= answer
  }

  /** An echo has no sequence (the kernel writes 0), so it is known by the names it carries. */
  #deletion(message: Message): void {
    const family = familyOf(message)
    const attributes = attributesOf(message, this.fault)
    const elements: DumpedElement[] = []
    let table = ''
    let set = ''
    while (attributes.next()) {
      if (attributes.type === elementListAttribute.table) table = attributes.string()
      if (attributes.type === elementListAttribute.set) set = attributes.string()
      if (attributes.type === elementListAttribute.elements) readElements(attributes.nested(), elements)
    }
    if (family === null) return
    for (const element of elements) if ('key' in element) this.deleted.push({ family, table, set, element })
  }
}
