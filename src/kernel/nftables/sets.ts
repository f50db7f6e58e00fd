import type { Attributes } from '../netlink/reader.ts'
import type { MessageWriter } from '../netlink/writer.ts'
import { concatenationNumber, concatenationParts, datatypes, lengthOf, paddedLength } from './datatypes.ts'
import { readExpression } from './expression-reader.ts'
import type { NftSet, NftType } from './types.ts'
import { setCommentOf, setUserdata } from './userdata.ts'
import { expressionAttribute, LIST_ELEMENT, setAttribute, setDescription, setFlag, VERDICT_TYPE } from './wire.ts'

/** `id` is the set's within its batch; nothing else refers to it. */
export function writeSet(writer: MessageWriter, table: string, set: NftSet, id: number): void {
  writer.string(setAttribute.table, table)
  writer.string(setAttribute.name, set.name)
  writer.u32be(setAttribute.flags, flagsOf(set))
  writer.u32be(setAttribute.keyType, concatenationNumber(set.key))
  writer.u32be(setAttribute.keyLength, lengthOf(set.key))
  if (set.data !== null) {
    writer.u32be(setAttribute.dataType, set.data === 'verdict' ? VERDICT_TYPE : concatenationNumber(set.data))
    writer.u32be(setAttribute.dataLength, set.data === 'verdict' ? 0 : lengthOf(set.data))
  }
  writer.u32be(setAttribute.id, id)
  writeDescription(writer, set)
  if (set.timeoutMs > 0) writer.u64be(setAttribute.timeout, set.timeoutMs)
  writer.raw(setAttribute.userdata, setUserdata(set))
  if (set.counter) writeCounterExpression(writer)
}

function flagsOf(set: NftSet): number {
  let flags = 0
  if (set.data !== null) flags |= setFlag.map
  if (set.dynamic) flags |= setFlag.eval
  if (set.timeoutMs > 0) flags |= setFlag.timeout
  if (set.interval) flags |= setFlag.interval
  if (isConcatenatedInterval(set)) flags |= setFlag.concatenation
  return flags
}

/** Intervals over a concatenation: every element then has a first and a last key (nft_set_pipapo). */
export const isConcatenatedInterval = (set: NftSet): boolean => set.interval && set.key.length > 1

function writeDescription(writer: MessageWriter, set: NftSet): void {
  const concatenated = isConcatenatedInterval(set)
  if (set.size === 0 && !concatenated) return
  const at = writer.open(setAttribute.description)
  if (set.size > 0) writer.u32be(setDescription.size, set.size)
  if (concatenated) writeParts(writer, set.key)
  writer.close(at)
}

function writeParts(writer: MessageWriter, parts: readonly NftType[]): void {
  const at = writer.open(setDescription.concatenation)
  for (const part of parts) {
    const field = writer.open(LIST_ELEMENT)
    writer.u32be(LIST_ELEMENT, datatypes[part].length)
    writer.close(field)
  }
  writer.close(at)
}

/** The kernel gives every element a copy, so elements need not bring one. */
function writeCounterExpression(writer: MessageWriter): void {
  const at = writer.open(setAttribute.expression)
  writer.string(expressionAttribute.name, 'counter')
  writer.close(writer.open(expressionAttribute.data))
  writer.close(at)
}

/** Null for another table's set, an anonymous one, or one of types that we do not use. */
export function readSet(attributes: Attributes, table: string): NftSet | null {
  let name = ''
  let flags = 0
  let key = 0
  let data = 0
  let size = 0
  let timeoutMs = 0
  let comment = ''
  let counter = false
  while (attributes.next()) {
    switch (attributes.type) {
      case setAttribute.table:
        if (attributes.string() !== table) return null
        break
      case setAttribute.name:
        name = attributes.string()
        break
      case setAttribute.flags:
        flags = attributes.u32be()
        break
      case setAttribute.keyType:
        key = attributes.u32be()
        break
      case setAttribute.dataType:
        data = attributes.u32be()
        break
      case setAttribute.description:
        size = readSize(attributes.nested())
        break
      case setAttribute.timeout:
        timeoutMs = attributes.u64be()
        break
      case setAttribute.userdata:
        comment = setCommentOf(attributes.raw())
        break
      case setAttribute.expression:
        counter = readExpression(attributes.nested()).name === 'counter'
        break
    }
  }
  const keyParts = concatenationParts(key)
  const dataParts = (flags & setFlag.map) === 0 ? null : data === VERDICT_TYPE ? 'verdict' : concatenationParts(data)
  const foreign = (flags & (setFlag.object | setFlag.anonymous)) !== 0
  if (keyParts === null || foreign || ((flags & setFlag.map) !== 0 && dataParts === null)) return null
  return {
    name,
    key: keyParts,
    data: dataParts,
    interval: (flags & setFlag.interval) !== 0,
    dynamic: (flags & setFlag.eval) !== 0,
    timeoutMs,
    size,
    counter,
    comment,
  }
}

function readSize(attributes: Attributes): number {
  let size = 0
  while (attributes.next()) if (attributes.type === setDescription.size) size = attributes.u32be()
  return size
}

/** A key's parts, for people: `10.96.0.10 . udp . 53 . 2`. */
export function splitKey(parts: readonly NftType[], key: string): { readonly type: NftType; readonly value: string }[] {
  let at = 0
  return parts.map((type) => {
    const value = key.slice(at, at + datatypes[type].length)
    at += paddedLength(type)
    return { type, value }
  })
}
