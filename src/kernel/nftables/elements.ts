import type { Attributes } from '../netlink/reader.ts'
import type { MessageWriter } from '../netlink/writer.ts'
import { readPackets } from './objects.ts'
import { isConcatenatedInterval } from './sets.ts'
import type { Bytes, NftElement, NftSet, NftVerdict } from './types.ts'
import { readVerdict, writeVerdict } from './verdicts.ts'
import { dataAttribute, elementAttribute, elementFlag, expressionAttribute, LIST_ELEMENT } from './wire.ts'

/** Writes NFTA_LIST_ELEM: key and data. `withData` false is for a deletion, which the key alone decides. */
export function writeElement(writer: MessageWriter, set: NftSet, element: NftElement, withData: boolean): void {
  const item = writer.open(LIST_ELEMENT)
  writeKey(writer, elementAttribute.key, element.key)
  if (isConcatenatedInterval(set)) writeKey(writer, elementAttribute.keyEnd, element.keyEnd ?? element.key)
  if (withData) writeData(writer, element)
  writer.close(item)
  if (set.interval && set.key.length === 1) writeIntervalEnd(writer, element.keyEnd ?? element.key)
}

function writeData(writer: MessageWriter, { data, verdict }: NftElement): void {
  if (data === undefined && verdict === undefined) return
  const at = writer.open(elementAttribute.data)
  if (data !== undefined) writer.raw(dataAttribute.value, data)
  else if (verdict !== undefined) writeVerdict(writer, verdict)
  writer.close(at)
}

/** Intervals of single keys are half-open pairs; one that reaches the last key of all has no end. */
function writeIntervalEnd(writer: MessageWriter, last: Bytes): void {
  const end = successor(last)
  if (end === null) return
  const item = writer.open(LIST_ELEMENT)
  writer.u32be(elementAttribute.flags, elementFlag.intervalEnd)
  writeKey(writer, elementAttribute.key, end)
  writer.close(item)
}

function writeKey(writer: MessageWriter, attribute: number, key: Bytes): void {
  const at = writer.open(attribute)
  writer.raw(dataAttribute.value, key)
  writer.close(at)
}

/** What a dump lists: whole elements, and for intervals of single keys their ends apart. */
export type DumpedElement = NftElement | IntervalEnd
interface IntervalEnd {
  readonly intervalEnd: Bytes
}

/** Reads NFTA_SET_ELEM_LIST_ELEMENTS. */
export function readElements(list: Attributes, into: DumpedElement[]): void {
  while (list.next()) into.push(readElement(list.nested()))
}

function readElement(attributes: Attributes): DumpedElement {
  let key = ''
  let keyEnd: Bytes | undefined
  let data: Bytes | undefined
  let verdict: NftVerdict | undefined
  let packets: number | undefined
  while (attributes.next()) {
    switch (attributes.type) {
      case elementAttribute.key:
        key = readValue(attributes.nested())
        break
      case elementAttribute.keyEnd:
        keyEnd = readValue(attributes.nested())
        break
      case elementAttribute.data: {
        const inside = attributes.nested()
        while (inside.next()) {
          if (inside.type === dataAttribute.value) data = inside.raw()
          else if (inside.type === dataAttribute.verdict) verdict = readVerdict(inside.nested()) ?? undefined
        }
        break
      }
      case elementAttribute.flags:
        if ((attributes.u32be() & elementFlag.intervalEnd) !== 0) return { intervalEnd: keyOf(attributes, key) }
        break
      case elementAttribute.expression:
        packets = readElementCounter(attributes.nested())
        break
    }
  }
  // The two commonest shapes by the hundred thousand; spreading costs.
  if (keyEnd === undefined && verdict === undefined) {
    if (data === undefined && packets === undefined) return { key }
    if (data !== undefined && packets !== undefined) return { key, data, packets }
  }
  return {
    key,
    ...(keyEnd === undefined ? {} : { keyEnd }),
    ...(data === undefined ? {} : { data }),
    ...(verdict === undefined ? {} : { verdict }),
    ...(packets === undefined ? {} : { packets }),
  }
}

/** The key of an interval's end may come before or after its flags. */
function keyOf(attributes: Attributes, key: Bytes): Bytes {
  while (attributes.next()) if (attributes.type === elementAttribute.key) return readValue(attributes.nested())
  return key
}

function readValue(attributes: Attributes): Bytes {
  while (attributes.next()) if (attributes.type === dataAttribute.value) return attributes.raw()
  return ''
}

function readElementCounter(attributes: Attributes): number {
  while (attributes.next()) if (attributes.type === expressionAttribute.data) return readPackets(attributes.nested())
  return 0
}

/** The elements of a set from all that its dump said, intervals put together again. */
export function assembleElements(
  set: NftSet | { readonly interval: boolean; readonly concatenated: boolean },
  dumped: readonly DumpedElement[],
): readonly NftElement[] {
  const concatenated = 'key' in set ? isConcatenatedInterval(set) : set.concatenated
  if (!set.interval || concatenated) return dumped.filter((element) => 'key' in element)
  const sorted = [...dumped].sort(compareBounds)
  const elements: NftElement[] = []
  let open: NftElement | null = null
  for (const bound of sorted) {
    // An end without a beginning ends nothing: nft writes one at 0 before the first interval.
    if (open !== null) elements.push({ ...open, keyEnd: predecessor(startOf(bound)) })
    open = 'key' in bound ? bound : null
  }
  if (open !== null) elements.push({ ...open, keyEnd: '\xff'.repeat(open.key.length) })
  return elements
}

const startOf = (bound: DumpedElement): Bytes => ('key' in bound ? bound.key : bound.intervalEnd)

/** Ends before beginnings: [a, b) and [b, c) touch at b. */
function compareBounds(a: DumpedElement, b: DumpedElement): number {
  const left = startOf(a)
  const right = startOf(b)
  return left < right ? -1 : left > right ? 1 : Number('key' in a) - Number('key' in b)
}

/** The next key, null after the last. Keys of intervals are big-endian. */
export function successor(key: Bytes): Bytes | null {
  let at = key.length - 1
  while (at >= 0 && key.charCodeAt(at) === 0xff) at--
  if (at < 0) return null
  return key.slice(0, at) + String.fromCharCode(key.charCodeAt(at) + 1) + '\0'.repeat(key.length - at - 1)
}

export function predecessor(key: Bytes): Bytes {
  let at = key.length - 1
  while (at >= 0 && key.charCodeAt(at) === 0) at--
  if (at < 0) return key
  return key.slice(0, at) + String.fromCharCode(key.charCodeAt(at) - 1) + '\xff'.repeat(key.length - at - 1)
}
