import { NFNL_MSG_BATCH_BEGIN, NFNL_MSG_BATCH_END, NFNL_SUBSYS_NFTABLES } from '../netlink/wire.ts'
import { NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_ECHO, NLM_F_EXCL, NLM_F_REQUEST } from '../netlink/wire.ts'
import type { MessageWriter } from '../netlink/writer.ts'
import { lengthOf } from './datatypes.ts'
import { writeElement } from './elements.ts'
import { familyNumbers, writeChain, writeCounter, writeRule, writeTable } from './objects.ts'
import { writeSet } from './sets.ts'
import type { NftOperation } from './types.ts'
import {
  chainAttribute,
  elementListAttribute,
  NFT_MSG_DELCHAIN,
  NFT_MSG_DELOBJ,
  NFT_MSG_DELRULE,
  NFT_MSG_DELSET,
  NFT_MSG_DELSETELEM,
  NFT_MSG_DELTABLE,
  NFT_MSG_NEWCHAIN,
  NFT_MSG_NEWOBJ,
  NFT_MSG_NEWRULE,
  NFT_MSG_NEWSET,
  NFT_MSG_NEWSETELEM,
  NFT_MSG_NEWTABLE,
  NFT_OBJECT_COUNTER,
  objectAttribute,
  ruleAttribute,
  setAttribute,
  tableAttribute,
} from './wire.ts'

/** A list of elements is an attribute, so at most 64 KiB; the longest element (a verdict with a chain's name) is below 1 KiB. */
const ELEMENTS_MAX = 0xffff - 1024
/** Elements whose deletion is echoed with their counts, at most, in one batch: the echoes must fit the receive buffer. */
const ECHO_MAX = 20_000

type Elements = Extract<NftOperation, { readonly op: 'add-elements' | 'delete-elements' }>

/** A batch as it is sent, and what its messages are, to put errors into words. */
export interface Batch {
  readonly bytes: Buffer
  /** of NFNL_MSG_BATCH_BEGIN; message i has firstSequence + 1 + i */
  readonly firstSequence: number
  readonly lastSequence: number
  readonly messages: BatchMessages
  /** replies with NLM_F_ECHO are expected */
  readonly echo: boolean
}

/** A message of the batch: looked up only when the kernel refuses it. */
export interface BatchMessage {
  readonly operation: NftOperation
  /** index of its first element, where the operation has elements */
  readonly element: number
  /** where in the batch it begins */
  readonly at: number
}

/** Tens of thousands at a first sync, so columns instead of objects. */
class BatchMessages {
  readonly #operations: NftOperation[] = []
  readonly #elements: number[] = []
  readonly #starts: number[] = []

  get length(): number {
    return this.#starts.length
  }

  add(operation: NftOperation, element: number, at: number): void {
    this.#operations.push(operation)
    this.#elements.push(element)
    this.#starts.push(at)
  }

  get(index: number): BatchMessage | undefined {
    const operation = this.#operations[index]
    if (operation === undefined) return undefined
    return { operation, element: this.#elements[index] ?? 0, at: this.#starts[index] ?? 0 }
  }
}

/**
 * All operations as one nfnetlink batch, in order. An acknowledgement is asked of the last message only: errors come by themselves.
 * @throws RangeError (with the operation in `cause`) for what netlink cannot say, such as a name that is not ASCII
 */
export function encodeBatch(operations: readonly NftOperation[], writer: MessageWriter, firstSequence: number): Batch {
  return new BatchEncoder(writer, firstSequence).encode(operations)
}

/** Bytes that a batch will take, roughly, so that the buffer is allocated once. */
export function estimateBatch(operations: readonly NftOperation[]): number {
  let bytes = 256
  for (const operation of operations) {
    if ('elements' in operation) bytes += 160 + operation.elements.length * estimateElement(operation)
    else bytes += operation.op === 'add-rule' ? 640 : 256
  }
  return bytes
}

/** Attribute headers and what they hold: a key, and when added its data (a verdict: a chain of a usual name's length). */
function estimateElement({ op, set }: Elements): number {
  const key = 12 + lengthOf(set.key)
  const data = op === 'delete-elements' || set.data === null ? 0 : set.data === 'verdict' ? 96 : 8 + lengthOf(set.data)
  return (set.interval ? 2 : 1) * (key + 12) + data
}

class BatchEncoder {
  readonly #writer: MessageWriter
  readonly #firstSequence: number
  readonly #messages = new BatchMessages()
  #echoes = 0
  #last = 0

  constructor(writer: MessageWriter, firstSequence: number) {
    this.#writer = writer
    this.#firstSequence = firstSequence
  }

  encode(operations: readonly NftOperation[]): Batch {
    const writer = this.#writer
    writer.reset()
    this.#frame(NFNL_MSG_BATCH_BEGIN, this.#firstSequence)
    for (const operation of operations) {
      try {
        this.#operation(operation)
      } catch (error) {
        if (error instanceof RangeError) error.cause = operation
        throw error
      }
    }
    writer.addFlags(this.#last, NLM_F_ACK)
    const lastSequence = this.#firstSequence + 1 + this.#messages.length
    this.#frame(NFNL_MSG_BATCH_END, lastSequence)
    return {
      bytes: writer.written(),
      firstSequence: this.#firstSequence,
      lastSequence,
      messages: this.#messages,
      echo: this.#echoes > 0,
    }
  }

  #operation(operation: NftOperation): void {
    const writer = this.#writer
    const { table } = operation
    switch (operation.op) {
      case 'add-table':
        this.#begin(operation, NFT_MSG_NEWTABLE, NLM_F_CREATE)
        writeTable(writer, table, operation.comment ?? '')
        return writer.end()
      case 'delete-table':
        this.#begin(operation, NFT_MSG_DELTABLE)
        writer.string(tableAttribute.name, table)
        return writer.end()
      case 'add-chain':
        this.#begin(operation, NFT_MSG_NEWCHAIN, NLM_F_CREATE | (operation.exclusive ? NLM_F_EXCL : 0))
        writeChain(writer, table, operation.chain)
        return writer.end()
      case 'delete-chain':
        this.#begin(operation, NFT_MSG_DELCHAIN)
        writer.string(chainAttribute.table, table)
        writer.string(chainAttribute.name, operation.chain.name)
        return writer.end()
      case 'flush-chain':
        this.#begin(operation, NFT_MSG_DELRULE)
        writer.string(ruleAttribute.table, table)
        writer.string(ruleAttribute.chain, operation.chain)
        return writer.end()
      case 'add-rule':
        this.#begin(operation, NFT_MSG_NEWRULE, NLM_F_CREATE | (operation.first ? 0 : NLM_F_APPEND))
        writeRule(writer, operation.family, table, operation.chain, operation.rule)
        return writer.end()
      case 'delete-rule':
        this.#begin(operation, NFT_MSG_DELRULE)
        writer.string(ruleAttribute.table, table)
        writer.string(ruleAttribute.chain, operation.chain)
        writer.u64be(ruleAttribute.handle, operation.handle)
        return writer.end()
      case 'add-counter':
        this.#begin(operation, NFT_MSG_NEWOBJ, NLM_F_CREATE)
        writeCounter(writer, table, operation.counter)
        return writer.end()
      case 'delete-counter':
        this.#begin(operation, NFT_MSG_DELOBJ)
        writer.string(objectAttribute.table, table)
        writer.string(objectAttribute.name, operation.counter.name)
        writer.u32be(objectAttribute.type, NFT_OBJECT_COUNTER)
        return writer.end()
      case 'add-set':
        this.#begin(operation, NFT_MSG_NEWSET, NLM_F_CREATE)
        writeSet(writer, table, operation.set, this.#messages.length)
        return writer.end()
      case 'delete-set':
        this.#begin(operation, NFT_MSG_DELSET)
        writer.string(setAttribute.table, table)
        writer.string(setAttribute.name, operation.set.name)
        return writer.end()
      case 'add-elements':
      case 'delete-elements':
        return this.#elements(operation)
    }
  }

  /** As many messages as the elements need. */
  #elements(operation: Elements): void {
    const { elements, set, table } = operation
    const writer = this.#writer
    const add = operation.op === 'add-elements'
    const flags = add ? NLM_F_CREATE : this.#echoFlag(operation)
    let next = 0
    while (next < elements.length) {
      this.#begin(operation, add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, flags, next)
      writer.string(elementListAttribute.table, table)
      writer.string(elementListAttribute.set, set.name)
      const list = writer.open(elementListAttribute.elements)
      const full = list + ELEMENTS_MAX
      for (; next < elements.length && writer.length < full; next++) {
        const element = elements[next]
        if (element !== undefined) writeElement(writer, set, element, add)
      }
      writer.close(list)
      writer.end()
    }
  }

  #echoFlag({ set, elements }: Elements): number {
    if (!set.counter || this.#echoes + elements.length > ECHO_MAX) return 0
    this.#echoes += elements.length
    return NLM_F_ECHO
  }

  #begin(operation: NftOperation, type: number, flags = 0, element = 0): void {
    const sequence = this.#firstSequence + 1 + this.#messages.length
    const number = (NFNL_SUBSYS_NFTABLES << 8) | type
    const at = this.#writer.beginNetfilter(number, NLM_F_REQUEST | flags, sequence, familyNumbers[operation.family])
    this.#messages.add(operation, element, at)
    this.#last = at
  }

  #frame(type: number, sequence: number): void {
    this.#writer.beginNetfilter(type, NLM_F_REQUEST, sequence, 0, NFNL_SUBSYS_NFTABLES)
    this.#writer.end()
  }
}
