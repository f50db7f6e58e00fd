import { objectLimit, Pieces } from './pieces.ts'

const quote = 0x22
const comma = 0x2c
const openBracket = 0x5b
const backslash = 0x5c
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

/** Bytes of what stands around the items: kind, metadata. */
const envelopeLimit = 1 << 20
const itemsBegin = /(?<!\\)"items"\s*:\s*\[$/

/**
 * Cuts the JSON of a Kubernetes list (`{"kind":…,"metadata":{…},"items":[…]}`) into its items as the bytes come, so that no list is
 * ever in memory as a whole. It only finds where items end: whether they are JSON is found by whoever parses them.
 */
export class ItemSplitter {
  readonly #onItem: (text: string) => void
  readonly #envelope = new Pieces('what stands around the items', envelopeLimit)
  readonly #item = new Pieces('an item', objectLimit)
  #depth = 0
  #inString = false
  #escaped = false
  #inItems = false

  constructor(onItem: (text: string) => void) {
    this.#onItem = onItem
  }

  /** Throws for what is too large, and what `onItem` throws. `chunk` must not change afterwards. */
  push(chunk: Buffer): void {
    let start = 0
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false
        else if (byte === backslash) this.#escaped = true
        else if (byte === quote) this.#inString = false
      } else if (byte === quote) {
        this.#inString = true
      } else if (byte === openBrace || byte === openBracket) {
        if (++this.#depth !== 2 || byte === openBrace) continue
        this.#envelope.add(chunk.subarray(start, at + 1))
        this.#inItems = itemsBegin.test(this.#envelope.tail(64))
        start = at + 1
      } else if (byte === closeBrace || byte === closeBracket) {
        if (--this.#depth !== 1 || !this.#inItems) continue
        this.#endItem(chunk.subarray(start, at))
        this.#inItems = false
        start = at
      } else if (byte === comma && this.#inItems && this.#depth === 2) {
        this.#endItem(chunk.subarray(start, at))
        start = at + 1
      }
    }
    const rest = chunk.subarray(start)
    if (this.#inItems) this.#item.add(rest)
    else this.#envelope.add(rest)
  }

  /** The list without its items, once all of it has come. Throws a SyntaxError where it is not whole, or not JSON. */
  end(): unknown {
    if (this.#depth > 0 || this.#inString) throw new SyntaxError('the list breaks off')
    return JSON.parse(this.#envelope.take())
  }

  #endItem(last: Buffer): void {
    this.#item.add(last)
    const text = this.#item.take()
    if (text.trim() !== '') this.#onItem(text)
  }
}
