import { KernelError } from '../errors.ts'
import type { Acknowledgement } from '../netlink/messages.ts'
import { Attributes, Fault } from '../netlink/reader.ts'
import { HEADER, NFGENMSG } from '../netlink/wire.ts'
import type { Batch, BatchMessage } from './batch.ts'
import { describeElement, describeOperation } from './describe.ts'
import type { NftElement, NftOperation } from './types.ts'
import { elementAttribute, elementFlag, elementListAttribute } from './wire.ts'

/** The kernel refused this operation of a batch, and with it the batch. */
export class RefusedOperation extends KernelError {
  readonly refused: NftOperation

  constructor(refused: NftOperation, failure: ConstructorParameters<typeof KernelError>[0]) {
    super(failure)
    this.refused = refused
  }
}

/** The kernel's refusal of a batch in words: which operation, which element of it, why. */
export function batchFailure(batch: Batch, acknowledgement: Acknowledgement): KernelError {
  const index = acknowledgement.sequence - batch.firstSequence - 1
  const message = batch.messages.get(index)
  const { errno } = acknowledgement
  if (message === undefined) {
    const detail = acknowledgement.text || commitDetail(errno)
    return new KernelError({ operation: 'nftables commit', errno, detail })
  }
  const { operation } = message
  const { verb, object } = describeOperation(operation)
  const culprit = 'elements' in operation ? culpritOf(batch, message, acknowledgement.offset) : undefined
  const named = culprit !== undefined && 'set' in operation ? ` ${describeElement(operation.set, culprit)}` : ''
  const detail = acknowledgement.text || missing(batch, message, acknowledgement) || explain(errno, operation, culprit)
  return new RefusedOperation(operation, { operation: `nftables ${verb}`, object: clip(object) + named, errno, detail })
}

/** Names, tables and so on that are too long or not ASCII never reach the kernel. */
export function encodingFailure(error: RangeError): KernelError {
  const operation = error.cause as NftOperation | undefined
  const { verb, object } = operation === undefined ? { verb: 'batch', object: '' } : describeOperation(operation)
  return new KernelError(
    { operation: `nftables ${verb}`, object, errno: 'EINVAL', detail: error.message },
    { cause: error },
  )
}

const commitDetail = (errno: string): string =>
  errno === 'EPERM' ? 'needs CAP_NET_ADMIN' : 'every operation was accepted, but not all of them together'

/** Which element the kernel points at (NLMSGERR_ATTR_OFFS is an offset in our own message); undefined: at none. */
function culpritOf(batch: Batch, message: BatchMessage, offset: number): NftElement | undefined {
  const { operation } = message
  const target = message.at + offset
  const list = listOf(batch, message)
  if (list === null || offset === 0 || !('elements' in operation)) return undefined
  let count = 0
  for (; list.next() && list.start - 4 <= target; count++)
    // An interval is two items: its end is no element of its own.
    if (isIntervalEnd(list.nested())) count--
  return count === 0 ? undefined : operation.elements[message.element + count - 1]
}

function isIntervalEnd(item: Attributes): boolean {
  while (item.next()) if (item.type === elementAttribute.flags) return (item.u32be() & elementFlag.intervalEnd) !== 0
  return false
}

function listOf(batch: Batch, message: BatchMessage): Attributes | null {
  const attributes = attributesOf(batch, message)
  while (attributes.next()) if (attributes.type === elementListAttribute.elements) return attributes.nested()
  return null
}

function attributesOf(batch: Batch, { at }: BatchMessage): Attributes {
  const end = at + batch.bytes.readUInt32LE(at)
  return new Attributes(batch.bytes, at + HEADER + NFGENMSG, end, new Fault())
}

/** ENOENT with an offset: the attribute there is the name of what does not exist. */
function missing(batch: Batch, message: BatchMessage, { errno, offset }: Acknowledgement): string {
  if (errno !== 'ENOENT' || offset === 0) return ''
  const attributes = attributesOf(batch, message)
  while (attributes.next()) {
    if (attributes.start - 4 !== message.at + offset) continue
    // NFTA_…_TABLE is the first attribute of every kind of object, its own name or its chain's the second.
    if (attributes.type === 1) return 'no such table'
    if ('elements' in message.operation) return attributes.type === elementListAttribute.set ? 'no such set' : ''
    return message.operation.op.endsWith('rule') || message.operation.op === 'flush-chain' ? 'no such chain' : ''
  }
  return ''
}

function explain(errno: string, operation: NftOperation, culprit: NftElement | undefined): string {
  switch (errno) {
    case 'ENOENT':
      if (operation.op === 'delete-elements' && culprit !== undefined) return 'no such element'
      if (culprit?.verdict && 'chain' in culprit.verdict) return `no such chain ${culprit.verdict.chain}`
      // Kernels of 2022 do not point at the name of the set.
      if ('elements' in operation) return 'no such table or set'
      return operation.op === 'add-rule' ? 'names a chain, set or counter that does not exist' : 'does not exist'
    case 'EPERM':
      return 'needs CAP_NET_ADMIN'
    case 'EEXIST':
      return 'elements' in operation ? 'exists with other data' : 'exists with another definition'
    case 'EBUSY':
      return 'elements' in operation ? 'exists with other data' : 'still in use'
    case 'ENODATA':
      return 'reads a register that nothing was loaded into'
    case 'EOPNOTSUPP':
      return 'this kernel or this kind of chain cannot do it'
    case 'ENFILE':
      return 'the set is full'
    case 'EMLINK':
      return 'too many jumps'
    case 'ELOOP':
      return 'a loop of jumps'
    default:
      return ''
  }
}

/** Names are as long as whoever chose them pleased. */
const clip = (text: string): string => (text.length > 300 ? `${text.slice(0, 300)}…` : text)
